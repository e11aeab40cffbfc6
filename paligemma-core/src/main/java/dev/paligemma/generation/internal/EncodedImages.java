package dev.paligemma.generation.internal;

import dev.paligemma.engine.spi.HostTensor;
import dev.paligemma.generation.ImageEmbeddings;
import dev.paligemma.network.internal.ActiveAdapter;
import dev.paligemma.network.internal.VisionLanguageModel;
import java.util.List;

/**
 * Images that a model has encoded. Immutable and thread-safe.
 *
 * @param owner the model
 * @param adapter the one it was encoded with
 * @param rows {@code float32[images * N, D]}
 * @param sizes of the images before they were resized
 */
record EncodedImages(VisionLanguageModel owner, ActiveAdapter adapter, HostTensor rows, List<Size> sizes)
        implements ImageEmbeddings {
    /** One image's size in pixels. */
    record Size(int width, int height) {}

    @Override
    public int count() {
        return sizes.size();
    }

    @Override
    public int imageWidth(int image) {
        return sizes.get(image).width();
    }

    @Override
    public int imageHeight(int image) {
        return sizes.get(image).height();
    }

    @Override
    public float[] toArray() {
        float[] values = new float[rows.floats().limit()];
        rows.floats().get(values);
        return values;
    }

    /**
     * The rows of images for the model that made them, and an adapter with which it would make the same; else an {@link
     * IllegalArgumentException}.
     */
    static HostTensor rows(ImageEmbeddings images, VisionLanguageModel model, ActiveAdapter wanted) {
        if (!(images instanceof EncodedImages encoded) || encoded.owner != model) {
            throw new IllegalArgumentException(
                    "the images were encoded by another pipeline; each has its own embeddings");
        }
        if (!encoded.adapter.seesLike(wanted)) {
            throw new IllegalArgumentException("the images were encoded " + with(encoded.adapter)
                    + ", the request is to be answered " + with(wanted)
                    + ", and one of the two changes the image encoder");
        }
        return encoded.rows;
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
