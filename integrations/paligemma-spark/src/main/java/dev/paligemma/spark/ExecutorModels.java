package dev.paligemma.spark;

import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.catalog.MemoryEstimate;
import dev.paligemma.engine.Device;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The pipelines of this JVM, which is an executor, or the driver in local mode. Tasks borrow them; one that nobody borrows
 * stays for the next task and makes room for another model. Thread-safe.
 */
final class ExecutorModels {
    private static final Logger LOG = LoggerFactory.getLogger(ExecutorModels.class);
    /** From here on a model is a large one, beside which none is loaded. */
    private static final long LARGE_BYTES = 1L << 30;

    private static final List<Loaded> LOADED = new ArrayList<>();

    static {
        Runtime.getRuntime().addShutdownHook(new Thread(ExecutorModels::closeAll, "paligemma-close"));
    }

    private ExecutorModels() {}

    /** A pipeline in use, until it is given back. */
    static final class Lease implements AutoCloseable {
        private final Loaded loaded;
        private final AtomicBoolean given = new AtomicBoolean();

        private Lease(Loaded loaded) {
            this.loaded = loaded;
        }

        PaliGemmaPipeline pipeline() {
            return loaded.pipeline;
        }

        @Override
        public void close() {
            if (given.compareAndSet(false, true)) {
                giveBack(loaded);
            }
        }
    }

    private static final class Loaded {
        final ModelKey key;
        final Device device;
        final boolean large;
        final PaliGemmaPipeline pipeline;
        int users;

        Loaded(ModelKey key, Device device, boolean large, PaliGemmaPipeline pipeline) {
            this.key = key;
            this.device = device;
            this.large = large;
            this.pipeline = pipeline;
        }
    }

    /**
     * Borrows a pipeline, after loading it if this JVM does not have it. Others wait meanwhile: they want the same one, or
     * memory that is not known before.
     *
     * @param cores of this executor; 0 if it is not known
     */
    static synchronized Lease borrow(ModelKey key, Device device, int cores) {
        for (Loaded each : LOADED) {
            if (each.key.equals(key) && each.device.equals(device)) {
                each.users++;
                return new Lease(each);
            }
        }
        boolean large = key.memory().map(MemoryEstimate::totalBytes).orElse(Long.MAX_VALUE) >= LARGE_BYTES;
        makeRoom(key, device, large);
        long start = System.nanoTime();
        Loaded loaded = new Loaded(key, device, large, load(key, device, cores));
        LOG.info("loaded {} on {} in {} ms", key.model(), device, (System.nanoTime() - start) / 1_000_000);
        LOADED.add(loaded);
        loaded.users++;
        return new Lease(loaded);
    }

    /** How many pipelines this JVM has. */
    static synchronized int count() {
        return LOADED.size();
    }

    /** How many tasks of this JVM have a pipeline. */
    static synchronized int users() {
        return LOADED.stream().mapToInt(each -> each.users).sum();
    }

    private static synchronized void giveBack(Loaded loaded) {
        loaded.users--;
    }

    private static void makeRoom(ModelKey key, Device device, boolean large) {
        for (Iterator<Loaded> all = LOADED.iterator(); all.hasNext(); ) {
            Loaded each = all.next();
            if (!each.device.equals(device) || !(large || each.large)) {
                continue;
            }
            if (each.users > 0) {
                throw new PaliGemmaSparkException("this executor answers with " + each.key.model() + " in "
                        + each.key.precision() + " on " + device + " and does not load " + key.model() + " in "
                        + key.precision() + " beside it: write the answers of one model before asking the next, or give"
                        + " each stage executors of its own");
            }
            all.remove();
            each.pipeline.close();
        }
    }

    private static PaliGemmaPipeline load(ModelKey key, Device device, int cores) {
        try {
            return key.load(device, cores);
        } catch (RuntimeException | OutOfMemoryError | LinkageError e) {
            throw new PaliGemmaSparkException(
                    "this executor cannot load " + key.model() + " on " + device + ": " + e.getMessage()
                            + key.memory().map(ExecutorModels::advice).orElse(""),
                    e);
        }
    }

    static String advice(MemoryEstimate estimate) {
        return String.format(
                Locale.ROOT,
                "; %s needs about %.2f GB (%.2f weights, %.2f cache of one answer, %.2f working memory), which lie outside"
                        + " the Java heap: spark.executor.memoryOverhead must have room for them, at least %dm",
                estimate.precision(),
                estimate.totalBytes() / 1e9,
                estimate.weightBytes() / 1e9,
                estimate.cacheBytes() / 1e9,
                estimate.workingBytes() / 1e9,
                (estimate.totalBytes() >> 20) + 1);
    }

    private static synchronized void closeAll() {
        LOADED.forEach(each -> each.pipeline.close());
        LOADED.clear();
    }
}
