package dev.paligemma;

import dev.paligemma.engine.spi.HostTensor;
import java.util.List;

/**
 * Images as the language model sees them, {@code float32[images * N, D]}: what {@link PaliGemmaPipeline#encode} gives, to
 * ask several prompts about the same images without encoding them again.
 *
 * <p>Exact: the encoder does not see the prompt, so answers are those of requests with the images themselves. What the
 * language model makes of the images depends on the prompt and is not kept.
 *
 * <p>Immutable and thread-safe. Belongs to the pipeline that made it; and to the adapter it was made with, if that one changes
 * the image encoder. Holds {@code images * N * D * 4} bytes outside the Java heap, freed with the object.
 */
public final class ImageEmbeddings {
    /** One image's size before it was resized, in pixels. */
    record Size(int width, int height) {}

    private final VisionLanguageModel owner;
    private final ActiveAdapter adapter;
    private final HostTensor rows;
    private final List<Size> sizes;

    ImageEmbeddings(VisionLanguageModel owner, ActiveAdapter adapter, HostTensor rows, List<Size> sizes) {
        this.owner = owner;
        this.adapter = adapter;
        this.rows = rows;
        this.sizes = List.copyOf(sizes);
    }

    /**
     * How many images there are.
     *
     * @return at least 1
     */
    public int count() {
        return sizes.size();
    }

    /**
     * The width of an image as it was given.
     *
     * @param image its index
     * @return in pixels
     * @throws IndexOutOfBoundsException if there is no such image
     */
    public int imageWidth(int image) {
        return sizes.get(image).width();
    }

    /**
     * The height of an image as it was given.
     *
     * @param image its index
     * @return in pixels
     * @throws IndexOutOfBoundsException if there is no such image
     */
    public int imageHeight(int image) {
        return sizes.get(image).height();
    }

    /**
     * Copies the numbers, row by row: the {@code N} patches of the first image from top left to bottom right, then those
     * of the next.
     *
     * @return a new array {@code float32[images * N * D]}
     */
    public float[] toArray() {
        float[] values = new float[rows.floats().limit()];
        rows.floats().get(values);
        return values;
    }

    /** The rows for the model that made them, and an adapter with which it would make the same. */
    HostTensor rowsFor(VisionLanguageModel model, ActiveAdapter wanted) {
        if (model != owner) {
            throw new IllegalArgumentException(
                    "the images were encoded by another pipeline; each has its own embeddings");
        }
        if (!adapter.seesLike(wanted)) {
            throw new IllegalArgumentException(
                    "the images were encoded " + with(adapter) + ", the request is to be answered " + with(wanted)
                            + ", and one of the two changes the image encoder");
        }
        return rows;
    }

    private static String with(ActiveAdapter adapter) {
        return adapter.name() == null ? "without an adapter" : "with adapter '" + adapter.name() + "'";
    }

    /** Returns the number of images. */
    @Override
    public String toString() {
        return "ImageEmbeddings[" + count() + " images, " + rows + "]";
    }
}
