package dev.paligemma.hub;

/**
 * How far a download has come. Immutable.
 *
 * @param model what is downloaded
 * @param file the file that the last bytes belong to
 * @param fileBytesDone how much of that file is on disk
 * @param fileBytesTotal the size of that file; -1 if the hub does not tell
 * @param bytesDone how much of all files to be downloaded is on disk, what earlier attempts left included; becomes less if
 *     a damaged part is thrown away
 * @param bytesTotal the size of all files to be downloaded, as far as it is known
 * @param bytesPerSecond the mean rate of this call, 0 at its start
 * @param finished whether everything is on disk and verified
 */
public record DownloadProgress(
        HubModel model,
        String file,
        long fileBytesDone,
        long fileBytesTotal,
        long bytesDone,
        long bytesTotal,
        double bytesPerSecond,
        boolean finished) {}
