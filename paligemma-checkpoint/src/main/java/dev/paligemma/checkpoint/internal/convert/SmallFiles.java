package dev.paligemma.checkpoint.internal.convert;

import dev.paligemma.checkpoint.Checkpoint;
import dev.paligemma.checkpoint.config.PaliGemmaConfig;
import dev.paligemma.checkpoint.convert.ConversionException;
import dev.paligemma.checkpoint.internal.safetensors.OutputHead;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The files of a checkpoint beside its weights that this library reads; a converted checkpoint has copies. */
final class SmallFiles {
    private static final String CONFIG = "config.json";
    private static final String PREPROCESSOR = "preprocessor_config.json";
    private static final String PROCESSOR = "processor_config.json";
    private static final String TOKENIZER = "tokenizer.json";

    private static final List<String> NAMES = List.of(
            CONFIG, "generation_config.json", TOKENIZER, "tokenizer.model", PREPROCESSOR, PROCESSOR, "vae-oid.npz");

    /** What is read beside a tokenizer.model, and only then. */
    private static final List<String> ADDED_TOKENS =
            List.of("added_tokens.json", "tokenizer_config.json", "special_tokens_map.json");

    /** Four times the largest tokenizer of this family. */
    private static final long MAX_BYTES = 256L << 20;

    private SmallFiles() {}

    /** A file's name and contents. */
    record SmallFile(String name, byte[] bytes) {}

    /** Those that are there, none absurdly large. */
    static List<Path> of(Path folder) throws IOException {
        List<Path> files = new ArrayList<>();
        List<String> names = new ArrayList<>(NAMES);
        if (!Files.isRegularFile(folder.resolve(TOKENIZER))) {
            names.addAll(ADDED_TOKENS);
        }
        for (String name : names) {
            Path file = folder.resolve(name);
            if (Files.isRegularFile(file)) {
                long size = Files.size(file);
                if (size > MAX_BYTES) {
                    throw new ConversionException(file + " has " + size + " bytes, expected at most " + MAX_BYTES);
                }
                files.add(file);
            }
        }
        return files;
    }

    /**
     * Those that a converted checkpoint has. A checkpoint of big_vision needs no configuration files, a converted one
     * does, so they are written for it.
     */
    static List<SmallFile> contents(Checkpoint source) throws IOException {
        List<SmallFile> files = new ArrayList<>();
        for (Path file : of(source.folder())) {
            String name = file.getFileName().toString();
            String changed = name.equals(CONFIG) ? changedConfig(source, file) : null;
            files.add(new SmallFile(
                    name, changed == null ? Files.readAllBytes(file) : changed.getBytes(StandardCharsets.UTF_8)));
        }
        if (source.isBigVision()) {
            Set<String> names = files.stream().map(SmallFile::name).collect(Collectors.toSet());
            files.addAll(missing(names, source.config()));
        }
        return files;
    }

    /** The size of each of those that a converted checkpoint has, without reading them. */
    static List<Long> sizes(Checkpoint source) throws IOException {
        List<Long> sizes = new ArrayList<>();
        Set<String> names = new HashSet<>();
        for (Path file : of(source.folder())) {
            String name = file.getFileName().toString();
            String changed = name.equals(CONFIG) ? changedConfig(source, file) : null;
            sizes.add(changed == null ? Files.size(file) : changed.getBytes(StandardCharsets.UTF_8).length);
            names.add(name);
        }
        if (source.isBigVision()) {
            missing(names, source.config()).forEach(file -> sizes.add((long) file.bytes().length));
        }
        return sizes;
    }

    /** What is stored decides about the head; no one can tell from converted weights alone what that was. */
    private static @Nullable String changedConfig(Checkpoint source, Path config) {
        return OutputHead.configSaying(source.config().text().tieWordEmbeddings(), config);
    }

    private static List<SmallFile> missing(Set<String> names, PaliGemmaConfig config) {
        List<SmallFile> files = new ArrayList<>();
        if (!names.contains(CONFIG)) {
            files.add(new SmallFile(CONFIG, config.toJson().getBytes(StandardCharsets.UTF_8)));
        }
        if (!names.contains(PREPROCESSOR) && !names.contains(PROCESSOR)) {
            // Everything else has the default of transformers, which is what the published models have.
            String settings = String.format(
                    Locale.ROOT,
                    """
                    {
                      "image_processor_type": "SiglipImageProcessor",
                      "image_seq_length": %d,
                      "size": {"height": %d, "width": %d}
                    }
                    """,
                    config.vision().patches(),
                    config.vision().imageSize(),
                    config.vision().imageSize());
            files.add(new SmallFile(PREPROCESSOR, settings.getBytes(StandardCharsets.UTF_8)));
        }
        return files;
    }
}
