package dev.paligemma.training.internal.batch;

import dev.paligemma.base.internal.FailureReason;
import dev.paligemma.engine.graph.ElementType;
import dev.paligemma.engine.graph.Tensor;
import dev.paligemma.engine.spi.HostTensor;
import dev.paligemma.engine.spi.Program;
import dev.paligemma.training.data.Example;
import dev.paligemma.training.data.Picture;
import dev.paligemma.training.run.FineTuningException;
import dev.paligemma.vision.ImageProcessor;
import dev.paligemma.vision.PixelValues;
import dev.paligemma.vision.SiglipEncoder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.Map;

/**
 * The rows that a frozen image tower makes of pictures, computed once for each picture and kept. Confined to one thread.
 *
 * <p>A picture in a file is the same as long as path, size and time of change are; one in memory as long as it is the same
 * object. Rows of changed pictures are not kept.
 */
public final class ImageRows implements ImageInput, AutoCloseable {
    private final String name;
    private final Program vision;
    private final String output;
    private final ImageProcessor processor;
    private final int rowsPerImage;
    private final long width;
    private final int blockBytes;
    private final HostTensor pixels;
    private final RowStore store;
    private long computed;

    /**
     * Rows by a vision program, which stays the caller's.
     *
     * @param name of the graph input that takes the rows
     * @param vision a program from {@link SiglipEncoder#PIXEL_VALUES} to rows of pictures
     * @param output the output of it that is wanted, {@code float32[B * N, D]}
     * @param rowsPerImage N
     * @param keeping where rows are kept
     */
    public ImageRows(
            String name,
            Program vision,
            String output,
            ImageProcessor processor,
            int rowsPerImage,
            RowKeeping keeping) {
        Tensor rows = vision.graph().outputs().get(output);
        if (rows == null || rows.shape().rank() != 2) {
            throw new IllegalArgumentException("graph " + vision.graph().name() + " has no output '" + output
                    + "' of rows; it has " + vision.graph().outputs());
        }
        this.name = name;
        this.vision = vision;
        this.output = output;
        this.processor = processor;
        this.rowsPerImage = rowsPerImage;
        this.width = rows.shape().dim(1).size();
        this.pixels =
                HostTensor.allocate(ElementType.FLOAT32, 1, PixelValues.CHANNELS, processor.size(), processor.size());
        this.blockBytes = Math.toIntExact(Math.multiplyExact(width * Float.BYTES, (long) rowsPerImage));
        this.store = new RowStore(keeping, blockBytes);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public HostTensor of(List<Example> examples) {
        long images = examples.stream()
                .mapToLong(example -> example.pictures().size())
                .sum();
        if (images > Integer.MAX_VALUE / blockBytes) {
            throw new FineTuningException("a batch with " + images + " pictures of " + rowsPerImage
                    + " rows needs more than" + " 2 GiB for them; take a smaller batch, and accumulate more of them");
        }
        HostTensor rows = HostTensor.allocate(ElementType.FLOAT32, images * rowsPerImage, width);
        int image = 0;
        for (Example example : examples) {
            for (Picture picture : example.pictures()) {
                fill(example, picture, rows.rows(image++ * rowsPerImage, rowsPerImage));
            }
        }
        return rows;
    }

    private void fill(Example example, Picture picture, HostTensor rows) {
        try {
            if (picture.isChanged()) {
                compute(picture, rows);
                return;
            }
            Object key = key(picture);
            if (!store.read(key, rows.bytes())) {
                compute(picture, rows);
                store.write(key, rows.bytes());
            }
        } catch (FineTuningException e) {
            throw new FineTuningException(example.origin() + ": " + e.getMessage(), e);
        }
    }

    private void compute(Picture picture, HostTensor rows) {
        processor.process(picture.read()).copyTo(pixels.floats());
        vision.run(Map.of(SiglipEncoder.PIXEL_VALUES, pixels), Map.of(output, rows));
        computed++;
    }

    private static Object key(Picture picture) {
        if (picture.file().isEmpty()) {
            return new SameObject(picture.read());
        }
        Path file = picture.file().orElseThrow();
        try {
            BasicFileAttributes found = Files.readAttributes(file, BasicFileAttributes.class);
            return new SameFile(file, found.size(), found.lastModifiedTime());
        } catch (IOException e) {
            throw new FineTuningException("cannot read picture " + file + ": " + FailureReason.of(e, file), e);
        }
    }

    private record SameFile(Path path, long size, FileTime changed) {}

    /** Equal by identity, for comparing all pixels would take longer than it saves. */
    private static final class SameObject {
        private final Object object;

        SameObject(Object object) {
            this.object = object;
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof SameObject that && object == that.object;
        }

        @Override
        public int hashCode() {
            return System.identityHashCode(object);
        }
    }

    /** How many pictures went through the tower, those twice that were not kept. */
    public long computed() {
        return computed;
    }

    /** How many pictures' rows are kept. */
    public int kept() {
        return store.size();
    }

    /** Forgets all rows and removes the file. */
    @Override
    public void close() {
        store.close();
    }
}
