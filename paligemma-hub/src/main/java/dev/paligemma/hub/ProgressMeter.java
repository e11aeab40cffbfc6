package dev.paligemma.hub;

import java.util.LinkedHashMap;
import java.util.Map;

/** Adds up what the threads of a download write. Thread-safe. */
final class ProgressMeter {
    private static final long NANOS_BETWEEN = 100_000_000L;

    private final HubModel model;
    private final DownloadListener listener;
    private final long bytesTotal;
    private final Map<String, Long> done = new LinkedHashMap<>();
    private final long start = System.nanoTime();
    private long arrived;
    private long last;

    ProgressMeter(HubModel model, DownloadListener listener, long bytesTotal) {
        this.model = model;
        this.listener = listener;
        this.bytesTotal = bytesTotal;
    }

    /** How much of a file was there before anything arrived, or is left after a part was thrown away. */
    synchronized void at(String file, long position, long size) {
        done.put(file, position);
        tell(file, size, false);
    }

    /** A file is complete, also if nobody had to download it. */
    synchronized void arrivedAt(String file, long size) {
        if (size >= 0 && done.getOrDefault(file, 0L) != size) {
            done.put(file, size);
            tell(file, size, false);
        }
    }

    /** Bytes have arrived. */
    synchronized void add(String file, int bytes, long size) {
        arrived += bytes;
        long position = done.merge(file, (long) bytes, Long::sum);
        if (position == size || System.nanoTime() - last > NANOS_BETWEEN) {
            tell(file, size, false);
        }
    }

    /** Everything is on disk. */
    synchronized void finish(String file, long size) {
        tell(file, size, true);
    }

    private void tell(String file, long size, boolean finished) {
        last = System.nanoTime();
        double seconds = (last - start) / 1e9;
        long all = done.values().stream().mapToLong(Long::longValue).sum();
        listener.progress(new DownloadProgress(
                model,
                file,
                done.getOrDefault(file, 0L),
                size,
                all,
                bytesTotal,
                seconds > 0 ? arrived / seconds : 0,
                finished));
    }
}
