package dev.paligemma.internal;

import dev.paligemma.checkpoint.Checkpoint;
import dev.paligemma.checkpoint.config.CheckpointException;
import dev.paligemma.checkpoint.config.PaliGemmaConfig;
import dev.paligemma.checkpoint.config.VisionConfig;
import dev.paligemma.checkpoint.internal.generation.GenerationSettings;
import dev.paligemma.checkpoint.internal.identity.Identity;
import dev.paligemma.checkpoint.internal.identity.Kind;
import dev.paligemma.checkpoint.internal.identity.Recogniser;
import dev.paligemma.tokenizer.PaliGemmaTokenizer;
import dev.paligemma.vision.ImageProcessor;
import dev.paligemma.vision.mask.MaskCodec;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What lies beside the weights in a checkpoint's folder. Immutable and thread-safe.
 *
 * @param tokenizer of {@code tokenizer.json} or, without that, {@code tokenizer.model}
 * @param imageProcessor of {@code preprocessor_config.json} or {@code processor_config.json}; the usual one for an archive of
 *     big_vision without either
 * @param adapterTokenizers those that adapters bring with them, by the names of the adapters; immutable
 * @param generation of {@code generation_config.json}, if there is one
 * @param maskCodec of the mask decoder's weights; null if there are none
 */
public record ModelFiles(
        PaliGemmaTokenizer tokenizer,
        ImageProcessor imageProcessor,
        Map<String, PaliGemmaTokenizer> adapterTokenizers,
        GenerationSettings generation,
        @Nullable MaskCodec maskCodec) {
    /** The file of the mask decoder's weights in a checkpoint's folder. */
    public static final String MASK_WEIGHTS = "vae-oid.npz";

    private static final int USUAL_SIZE = 224;

    /**
     * Reads the files and checks that they belong to the configuration, else a {@link CheckpointException}; the mask
     * decoder's weights are those given, or without that those in the folder, if there are any. The folders of adapters,
     * by name, may have tokenizers.
     */
    public static ModelFiles read(Checkpoint checkpoint, @Nullable Path maskWeights, Map<String, Path> adapters) {
        Path folder = checkpoint.folder();
        PaliGemmaConfig config = checkpoint.config();
        requireComplete(folder);
        PaliGemmaTokenizer tokenizer = PaliGemmaTokenizer.load(folder);
        requireSameImageToken(folder, config, tokenizer);
        Path settings = processorFile(folder);
        ImageProcessor processor = checkpoint.isBigVision() && !Files.exists(settings)
                ? usualProcessor(config.vision())
                : ImageProcessor.read(settings);
        requireSameResolution(folder, config, processor);
        return new ModelFiles(
                tokenizer,
                processor,
                AdapterTokenizers.read(folder, tokenizer, config, adapters),
                GenerationSettings.readFolder(folder),
                maskCodec(folder, maskWeights));
    }

    /** Training leaves these files to the base model, whose name the error tells. */
    private static void requireComplete(Path folder) {
        Identity identity = Recogniser.of(folder);
        if (identity.kind() == Kind.LACKS_FILES) {
            throw new CheckpointException(identity.line());
        }
    }

    private static @Nullable MaskCodec maskCodec(Path folder, @Nullable Path chosen) {
        Path file = chosen == null ? folder.resolve(MASK_WEIGHTS) : chosen;
        return chosen != null || Files.exists(file) ? MaskCodec.read(file) : null;
    }

    /** Published checkpoints have the first file; transformers 5 saves the second, with the same settings inside. */
    private static Path processorFile(Path folder) {
        Path preprocessor = folder.resolve("preprocessor_config.json");
        Path processor = folder.resolve("processor_config.json");
        return !Files.exists(preprocessor) && Files.exists(processor) ? processor : preprocessor;
    }

    /** That of all published models; big_vision does not write it down beside the weights. */
    private static ImageProcessor usualProcessor(VisionConfig vision) {
        ImageProcessor usual = ImageProcessor.forResolution(USUAL_SIZE);
        return new ImageProcessor(
                vision.imageSize(),
                usual.doResize(),
                usual.doRescale(),
                usual.rescaleFactor(),
                usual.doNormalize(),
                usual.imageMean(),
                usual.imageStd(),
                vision.patches());
    }

    private static void requireSameImageToken(Path folder, PaliGemmaConfig config, PaliGemmaTokenizer tokenizer) {
        Integer configured = config.imageTokenId();
        if (configured != null && configured != tokenizer.imageId()) {
            throw new CheckpointException(folder + ": config.json says that <image> is token " + configured
                    + ", the tokenizer says " + tokenizer.imageId());
        }
    }

    private static void requireSameResolution(Path folder, PaliGemmaConfig config, ImageProcessor processor) {
        int side = config.vision().imageSize();
        if (processor.size() != side) {
            throw new CheckpointException(folder + ": the image processor's settings make images of "
                    + processor.size() + " pixels a side, but the image encoder of config.json expects " + side
                    + "; the released models use 224, 448 or 896");
        }
    }
}
