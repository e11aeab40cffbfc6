package dev.paligemma.fuzz;

import com.sun.management.ThreadMXBean;
import dev.paligemma.base.PaliGemmaException;
import dev.paligemma.fuzz.Target.Case;
import dev.paligemma.fuzz.Target.Seed;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;

/**
 * Gives damaged files to one target after another and watches what comes of it: success or an exception of the library, in
 * less than a second of processor time and within a limit of allocated memory. Every case has a number from which it can
 * be made again. For one thread.
 */
final class Fuzzer implements AutoCloseable {
    /** What one case may take of the processor. */
    static final long CPU_NANOS = 1_000_000_000;

    /** A slow case is tried again, because collecting garbage and compiling methods take time as well. */
    private static final int TRIES = 3;

    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private final Path scratch;
    /** What is neither a file nor a folder. */
    private final Path special;

    private final Map<Seed, Path> folders = new HashMap<>();

    /** What is being done, for one who watches from another thread. */
    private volatile String current = "nothing";

    private volatile long since = System.nanoTime();

    Fuzzer() throws IOException {
        this(Files.createTempDirectory("fuzz").toRealPath(), Path.of("/dev/zero"));
    }

    /** A fuzzer that puts pipes in the place of files, too: who opens one waits for ever, so somebody must be watching. */
    static Fuzzer withPipes() throws IOException, InterruptedException {
        Path folder = Files.createTempDirectory("fuzz").toRealPath();
        Path pipe = folder.resolve("pipe");
        Process maker = new ProcessBuilder("mkfifo", pipe.toString()).start();
        if (maker.waitFor() != 0) {
            throw new IOException("mkfifo ended with " + maker.exitValue());
        }
        return new Fuzzer(folder, pipe);
    }

    private Fuzzer(Path scratch, Path special) {
        this.scratch = scratch;
        this.special = special;
    }

    /** What one case did. */
    record Outcome(boolean read, String refusal, String finding, long cpuNanos, long allocated, double ofLimit) {}

    /** The number of a case in the run of a seed. */
    static long number(Target target, long seed, long index) {
        long mixed = (seed * 0x9E3779B97F4A7C15L + target.name().hashCode()) * 0xBF58476D1CE4E5B9L + index;
        mixed = (mixed ^ (mixed >>> 30)) * 0x94D049BB133111EBL;
        return mixed ^ (mixed >>> 31);
    }

    /** Runs one case. */
    Outcome run(Target target, long number) throws IOException {
        current = target + " " + number;
        since = System.nanoTime();
        Random random = new Random(number);
        Seed seed = target.corpus().get(random.nextInt(target.corpus().size()));
        Path folder = target.files() ? write(target, seed) : scratch;
        String file = seed.damaged().get(random.nextInt(seed.damaged().size()));
        Path path = folder.resolve(file);
        Case damaged = new Case(folder, file, damage(target, seed, file, path, random));
        try {
            Outcome outcome = watch(target, seed, damaged);
            for (int i = 1; i < TRIES && outcome.cpuNanos() >= CPU_NANOS; i++) {
                outcome = watch(target, seed, damaged);
            }
            return outcome.cpuNanos() < CPU_NANOS || !outcome.finding().isEmpty()
                    ? outcome
                    : new Outcome(
                            false,
                            "",
                            outcome.cpuNanos() / 1_000_000 + " ms of processor time",
                            outcome.cpuNanos(),
                            outcome.allocated(),
                            outcome.ofLimit());
        } finally {
            if (target.files()) {
                delete(path);
                Files.write(path, seed.files().get(file));
            }
        }
    }

    /** Reads a good folder. */
    Outcome readUndamaged(Target target, Seed seed) throws IOException {
        Path folder = target.files() ? write(target, seed) : scratch;
        String file = seed.damaged().get(0);
        return watch(target, seed, new Case(folder, file, seed.files().get(file)));
    }

    private static Outcome watch(Target target, Seed seed, Case damaged) {
        long limit = target.allocationLimit(seed, damaged);
        boolean read = false;
        String refusal = "";
        String finding = "";
        long allocated = THREADS.getCurrentThreadAllocatedBytes();
        long cpu = THREADS.getCurrentThreadCpuTime();
        try {
            target.reader().read(damaged);
            read = true;
        } catch (PaliGemmaException e) {
            refusal = String.valueOf(e.getMessage());
        } catch (Throwable e) {
            // Whatever it is, it is not what callers are told to catch.
            finding = describe(e);
        }
        cpu = THREADS.getCurrentThreadCpuTime() - cpu;
        allocated = THREADS.getCurrentThreadAllocatedBytes() - allocated;
        if (finding.isEmpty() && !read && refusal.isBlank()) {
            finding = "refused without a message";
        }
        if (finding.isEmpty() && allocated > limit) {
            finding = allocated + " bytes allocated, over the limit of " + limit;
        }
        return new Outcome(read, refusal, finding, cpu, allocated, (double) allocated / limit);
    }

    private static String describe(Throwable e) {
        StringBuilder text = new StringBuilder(e.toString());
        Arrays.stream(e.getStackTrace())
                .limit(8)
                .forEach(frame -> text.append("\n    at ").append(frame));
        return e.getCause() == null
                ? text.toString()
                : text.append("\n  cause: ").append(describe(e.getCause())).toString();
    }

    private Path write(Target target, Seed seed) throws IOException {
        Path known = folders.get(seed);
        if (known != null) {
            return known;
        }
        Path folder = Files.createDirectory(scratch.resolve(target.name() + "-" + folders.size()));
        for (Map.Entry<String, byte[]> file : seed.files().entrySet()) {
            Path path = folder.resolve(file.getKey());
            Files.createDirectories(path.getParent());
            Files.write(path, file.getValue());
        }
        folders.put(seed, folder);
        return folder;
    }

    /** Damages a file of the folder, or puts something in its place that is no file. */
    private byte[] damage(Target target, Seed seed, String file, Path path, Random random) throws IOException {
        byte[] good = seed.files().get(file);
        if (target.files() && random.nextInt(50) == 0) {
            Files.delete(path);
            switch (random.nextInt(6)) {
                case 0 -> {}
                case 1 -> Files.createDirectory(path);
                case 2 -> Files.createSymbolicLink(path, path.getFileName());
                case 3 -> Files.createSymbolicLink(path, Path.of("missing"));
                case 4 -> Files.createSymbolicLink(path, random.nextBoolean() ? special : Path.of("/dev/zero"));
                default -> Files.createSymbolicLink(path, path.getParent());
            }
            return new byte[0];
        }
        Seed other = target.corpus().get(random.nextInt(target.corpus().size()));
        byte[] from = other.files()
                .get(other.damaged().get(random.nextInt(other.damaged().size())));
        byte[] bytes = new Mutator(random).mutate(file, good, from);
        if (target.files()) {
            Files.write(path, bytes);
        }
        return bytes;
    }

    /** The case that is running and for how many seconds. */
    String running() {
        return current + ", for " + (System.nanoTime() - since) / 1_000_000_000 + " s";
    }

    /** How long the running case runs already. */
    long runningNanos() {
        return System.nanoTime() - since;
    }

    private static void delete(Path path) throws IOException {
        if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        try (Stream<Path> files = Files.walk(path)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    @Override
    public void close() throws IOException {
        delete(scratch);
    }

    /** All that is given to a target, one line. */
    static final class Tally {
        private final Target target;
        private long cases;
        private long read;
        private long cpuNanos;
        private long mostCpu;
        private long mostAllocated;
        private double mostOfLimit;

        Tally(Target target) {
            this.target = target;
        }

        synchronized void add(Outcome outcome) {
            cases++;
            read += outcome.read() ? 1 : 0;
            cpuNanos += outcome.cpuNanos();
            mostCpu = Math.max(mostCpu, outcome.cpuNanos());
            mostAllocated = Math.max(mostAllocated, outcome.allocated());
            mostOfLimit = Math.max(mostOfLimit, outcome.ofLimit());
        }

        synchronized long cases() {
            return cases;
        }

        synchronized long read() {
            return read;
        }

        @Override
        public synchronized String toString() {
            return String.format(
                    java.util.Locale.ROOT,
                    "%-13s %8d cases, %7d read, %8d refused, mean %6.2f ms, most %4d ms, %5.1f MB allocated (%3.0f%% of"
                            + " the limit)",
                    target,
                    cases,
                    read,
                    cases - read,
                    cpuNanos / 1e6 / Math.max(1, cases),
                    mostCpu / 1_000_000,
                    mostAllocated / 1e6,
                    100 * mostOfLimit);
        }
    }

    /** The targets of those names, or all. */
    static List<Target> chosen(List<Target> targets, String names) {
        return names.isEmpty()
                ? targets
                : targets.stream()
                        .filter(target -> List.of(names.split(",")).contains(target.name()))
                        .toList();
    }
}
