package dev.paligemma.hub;

/** Hears how a download gets on. */
@FunctionalInterface
public interface DownloadListener {
    /** Ignores everything. */
    DownloadListener NONE = progress -> {};

    /**
     * Hears of progress: when the sizes are known, some times a second while bytes arrive, and at the end. Not called if the
     * cache has everything.
     *
     * <p>Called on several threads, but never on two at once. An exception ends the download.
     *
     * @param progress how far it has come
     */
    void progress(DownloadProgress progress);
}
