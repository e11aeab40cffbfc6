package dev.paligemma.generation;

/**
 * Images as the language model sees them, {@code float32[images * N, D]}: what {@link dev.paligemma.PaliGemmaPipeline#encode} gives, to
 * ask several prompts about the same images without encoding them again.
 *
 * <p>Exact: the encoder does not see the prompt, so answers are those of requests with the images themselves. What the
 * language model makes of the images depends on the prompt and is not kept.
 *
 * <p>Immutable and thread-safe. Belongs to the pipeline that made it; and to the adapter it was made with, if that one changes
 * the image encoder. Holds {@code images * N * D * 4} bytes outside the Java heap, freed with the object.
 */
public interface ImageEmbeddings {
    /** How many images there are, at least 1. */
    int count();

    /**
     * The width in pixels of an image as it was given; an {@link IndexOutOfBoundsException} if there is none of that
     * index.
     */
    int imageWidth(int image);

    /**
     * The height in pixels of an image as it was given; an {@link IndexOutOfBoundsException} if there is none of that
     * index.
     */
    int imageHeight(int image);

    /**
     * Copies the numbers, {@code float32[images * N * D]}, row by row: the {@code N} patches of the first image from
     * top left to bottom right, then those of the next.
     */
    float[] toArray();
}
