package dev.paligemma.checkpoint.convert;

/** Hears how a conversion gets on. */
@FunctionalInterface
public interface ConversionListener {
    /** Ignores everything. */
    ConversionListener NONE = progress -> {};

    /**
     * Hears of progress: at the start with 0 bytes, at the end with all bytes, and at most a hundred times in between.
     *
     * <p>Called on several threads, but never on two at once, and with growing numbers. An exception stops the conversion.
     *
     * @param progress how far it has come
     */
    void progress(ConversionProgress progress);
}
