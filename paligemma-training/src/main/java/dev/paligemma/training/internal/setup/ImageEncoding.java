package dev.paligemma.training.internal.setup;

import dev.paligemma.checkpoint.Checkpoint;
import dev.paligemma.checkpoint.config.PaliGemmaConfig;
import dev.paligemma.engine.graph.Graph;
import dev.paligemma.engine.graph.Weight;
import dev.paligemma.engine.spi.Program;
import dev.paligemma.engine.training.TrainingEngine;
import dev.paligemma.training.data.Example;
import dev.paligemma.training.data.Examples;
import dev.paligemma.training.data.Picture;
import dev.paligemma.training.internal.batch.Batcher;
import dev.paligemma.training.internal.batch.ImageInput;
import dev.paligemma.training.internal.batch.ImagePixels;
import dev.paligemma.training.internal.batch.ImageRows;
import dev.paligemma.training.internal.batch.RowKeeping;
import dev.paligemma.training.internal.network.ImageEntry;
import dev.paligemma.training.run.FineTuningException;
import dev.paligemma.vision.ImageProcessor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** How pictures get into batches: as rows that a frozen tower makes once of each, or as pixels. Confined to one thread. */
final class ImageEncoding implements AutoCloseable {
    /** Rows beyond this are kept in a file beside checkpoints. */
    private static final long MOST_MEMORY = 1L << 30;

    private static final int SAID_EVERY = 10;

    private final RunSettings settings;
    private final Batcher batcher;
    private final @Nullable ImageRows rows;
    private @Nullable Program vision;

    private ImageEncoding(RunSettings settings, Batcher batcher, @Nullable ImageRows rows, @Nullable Program vision) {
        this.settings = settings;
        this.batcher = batcher;
        this.rows = rows;
        this.vision = vision;
    }

    static ImageEncoding of(
            TrainingEngine engine, Checkpoint base, ImageEntry entry, PaliGemmaConfig config, RunSettings settings) {
        ImageProcessor processor = processor(base, config);
        Graph frozen = entry.frozen();
        if (frozen == null) {
            ImageInput pixels = new ImagePixels(entry.input(), processor);
            return new ImageEncoding(settings, new Batcher(config.text(), pixels), null, null);
        }
        Program vision = engine.compile(frozen, base);
        try {
            RowKeeping keeping = settings.examples().changesPictures()
                    ? RowKeeping.NONE
                    : RowKeeping.inMemoryAndFolder(
                            MOST_MEMORY, settings.output().toAbsolutePath());
            ImageRows rows = new ImageRows(
                    entry.input(),
                    vision,
                    entry.output(),
                    processor,
                    config.vision().patches(),
                    keeping);
            return new ImageEncoding(settings, new Batcher(config.text(), rows), rows, vision);
        } catch (RuntimeException e) {
            vision.close();
            throw e;
        }
    }

    private static ImageProcessor processor(Checkpoint base, PaliGemmaConfig config) {
        Path preprocessor = base.folder().resolve("preprocessor_config.json");
        Path processor = base.folder().resolve("processor_config.json");
        if (Files.exists(preprocessor) || (!Files.exists(processor) && !base.isBigVision())) {
            return ImageProcessor.read(preprocessor);
        }
        return Files.exists(processor)
                ? ImageProcessor.read(processor)
                : ImageProcessor.forResolution(config.vision().imageSize());
    }

    /** What the tower and the rows of all pictures take at most. */
    static long bytes(ImageEntry entry, Examples examples, Optional<Examples> validation, PaliGemmaConfig config) {
        Graph frozen = entry.frozen();
        if (frozen == null) {
            return 0;
        }
        long tower = frozen.weights().stream().mapToLong(Weight::elementCount).sum() * Float.BYTES;
        long each = (long) config.vision().patches() * entry.width() * Float.BYTES;
        long rows = Math.min(
                MOST_MEMORY,
                each * (examples.size() + validation.map(Examples::size).orElse(0)));
        // The tower is gone when the decoder comes, unless pictures are others each time.
        return examples.changesPictures() ? Math.addExact(tower, rows) : rows;
    }

    /** Makes the rows of all pictures; afterwards the tower is not needed, unless there was no room for them. */
    void encode(Examples examples, Optional<Examples> validation) {
        ImageRows kept = rows;
        Program tower = vision;
        if (kept == null || tower == null || examples.changesPictures()) {
            return;
        }
        List<Example> all = new ArrayList<>();
        addAll(examples, all);
        validation.ifPresent(heldOut -> addAll(heldOut, all));
        Set<Picture> pictures = new HashSet<>();
        for (int i = 0; i < all.size(); i++) {
            if (settings.stop().isRequested() || Thread.currentThread().isInterrupted()) {
                throw new FineTuningException("the run was stopped while it encoded pictures, before its first update;"
                        + " nothing was learned yet");
            }
            Example example = all.get(i);
            if (pictures.addAll(example.pictures())) {
                kept.of(List.of(example));
            }
            if ((i + 1) % SAID_EVERY == 0 || i + 1 == all.size()) {
                settings.listener().onPreparation("encoding pictures", i + 1, all.size());
            }
        }
        if (kept.kept() >= pictures.size()) {
            tower.close();
            vision = null;
        }
    }

    private static void addAll(Examples examples, List<Example> all) {
        for (int i = 0; i < examples.size(); i++) {
            all.add(examples.get(i));
        }
    }

    /** What makes batches. */
    Batcher batcher() {
        return batcher;
    }

    @Override
    public void close() {
        if (rows != null) {
            rows.close();
        }
        if (vision != null) {
            vision.close();
        }
    }
}
