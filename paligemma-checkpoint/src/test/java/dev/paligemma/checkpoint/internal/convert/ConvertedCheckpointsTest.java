package dev.paligemma.checkpoint.internal.convert;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.fail;

import dev.paligemma.checkpoint.Checkpoint;
import dev.paligemma.checkpoint.TestNetwork;
import dev.paligemma.checkpoint.config.CheckpointException;
import dev.paligemma.checkpoint.convert.ConversionException;
import dev.paligemma.checkpoint.convert.ConversionListener;
import dev.paligemma.checkpoint.internal.converted.ConvertedManifest;
import dev.paligemma.engine.Precision;
import dev.paligemma.engine.weights.DType;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class ConvertedCheckpointsTest {
    @TempDir
    Path folder;

    private Path sourceFolder;
    private Path cache;
    private ConvertedCheckpoints checkpoints;
    private final AtomicInteger conversions = new AtomicInteger();

    @BeforeEach
    void makeSource() throws IOException {
        sourceFolder = Sources.write(folder.resolve("source"));
        setAtRest(sourceFolder);
        cache = folder.resolve("cache");
        checkpoints = new ConvertedCheckpoints(cache);
    }

    /** Files of just now are not remembered, for they might change again within the resolution of their times. */
    private static void setAtRest(Path source) throws IOException {
        for (Path file : filesIn(source)) {
            Files.setLastModifiedTime(file, FileTime.from(Instant.parse("2024-05-01T10:00:00Z")));
        }
    }

    private Path obtain(Path from, Precision precision) {
        try (Checkpoint source = TestNetwork.open(from)) {
            return checkpoints.obtain(source, Sources.plan(precision, source), progress -> {
                if (progress.bytesDone() == 0) {
                    conversions.incrementAndGet();
                }
            });
        }
    }

    @Test
    void convertsOnce() throws IOException {
        Path first = obtain(sourceFolder, Precision.INT8);
        assertThat(first.getParent()).isEqualTo(cache.resolve("converted"));
        assertThat(first.getFileName().toString()).matches("[0-9a-f]{32}-int8-v1");

        assertThat(obtain(sourceFolder, Precision.INT8)).isEqualTo(first);
        assertThat(conversions).hasValue(1);
        assertThat(obtain(sourceFolder, Precision.INT4)).isNotEqualTo(first);
        assertThat(conversions).hasValue(2);
        assertGood(first);
    }

    @Test
    void goesByContentNotByPlace() throws IOException {
        Path first = obtain(sourceFolder, Precision.INT8);
        Path copy = Sources.write(folder.resolve("copy"));
        assertThat(obtain(copy, Precision.INT8)).isEqualTo(first);
        assertThat(conversions).hasValue(1);

        Sources.write(copy, DType.BF16, 1, true, 2);
        setAtRest(copy);
        assertThat(obtain(copy, Precision.INT8)).isNotEqualTo(first);
        Files.writeString(sourceFolder.resolve("tokenizer.json"), "{\"made\": \"up otherwise\"}");
        assertThat(obtain(sourceFolder, Precision.INT8)).isNotEqualTo(first);
        assertThat(conversions).hasValue(3);
    }

    @Test
    void remembersTheHashAndDoesWithoutWhenItIsLostOrSpoiled() throws IOException {
        Path first = obtain(sourceFolder, Precision.INT8);
        Path memo = memo();
        String text = Files.readString(memo);
        for (String spoiled : List.of("", "x", text.replace("memo 1", "memo 2"), text.replaceFirst("[0-9a-f]$", "x"))) {
            Files.writeString(memo, spoiled);
            assertThat(obtain(sourceFolder, Precision.INT8)).isEqualTo(first);
            assertThat(memo).hasContent(text);
        }
        Files.delete(memo);
        assertThat(obtain(sourceFolder, Precision.INT8)).isEqualTo(first);
        assertThat(memo).hasContent(text);
        assertThat(conversions).hasValue(1);
    }

    private Path memo() throws IOException {
        List<Path> memos = filesIn(cache.resolve("converted")).stream()
                .filter(file -> file.toString().endsWith(".memo"))
                .toList();
        assertThat(memos).hasSize(1);
        return memos.get(0);
    }

    @Test
    void filesOfJustNowAreNotRemembered() throws IOException {
        Path config = sourceFolder.resolve("config.json");
        Files.setLastModifiedTime(config, FileTime.from(Instant.now()));
        obtain(sourceFolder, Precision.INT8);
        assertThat(filesIn(cache.resolve("converted")))
                .noneMatch(file -> file.toString().endsWith(".memo"));
    }

    // Damage

    @Test
    void noticesADamagedByteAnywhere() throws IOException {
        Path entry = obtain(sourceFolder, Precision.INT4);
        Random random = new Random(3);
        for (Path file : filesIn(entry)) {
            byte[] good = Files.readAllBytes(file);
            TreeSet<Integer> positions = new TreeSet<>(List.of(0, 1, 7, 8, good.length / 2, good.length - 1));
            for (int i = 0; i < 60; i++) {
                positions.add(random.nextInt(good.length));
            }
            for (int position : positions) {
                if (position < good.length) {
                    byte[] bad = good.clone();
                    bad[position] ^= (byte) (1 << random.nextInt(8));
                    Files.write(file, bad);
                    assertRefused(entry, file + " at " + position);
                }
            }
            Files.write(file, Arrays.copyOf(good, good.length - 1));
            assertRefused(entry, file + " truncated");
            Files.write(file, Arrays.copyOf(good, good.length + 1));
            assertRefused(entry, file + " with a byte more");
            Files.write(file, good);
        }
        assertGood(entry);
    }

    private static void assertRefused(Path entry, String what) {
        assertThatExceptionOfType(CheckpointException.class).as(what).isThrownBy(() -> {
            try (Checkpoint checkpoint = TestNetwork.open(entry)) {
                checkpoint.verify();
            }
        });
    }

    @Test
    void refusesAFolderWithoutOneOfItsFiles() throws IOException {
        Path entry = obtain(sourceFolder, Precision.INT8);
        for (Path file : filesIn(entry)) {
            Path aside = folder.resolve("aside");
            Files.move(file, aside);
            assertRefused(entry, "without " + file.getFileName());
            Files.move(aside, file);
        }
    }

    @Test
    void convertsAgainWhatIsDamaged() throws IOException {
        Path entry = obtain(sourceFolder, Precision.INT8);
        byte[] good = Files.readAllBytes(entry.resolve("model.safetensors"));
        int damages = 1;
        for (String name : List.of("model.safetensors", "paligemma.json", "config.json")) {
            byte[] bytes = Files.readAllBytes(entry.resolve(name));
            bytes[bytes.length / 2] ^= 1;
            Files.write(entry.resolve(name), bytes);

            assertThat(obtain(sourceFolder, Precision.INT8)).isEqualTo(entry);
            assertThat(conversions).hasValue(++damages);
            assertThat(entry.resolve("model.safetensors")).hasBinaryContent(good);
            assertGood(entry);
        }
        assertThat(namesIn(cache.resolve("converted"))).noneMatch(name -> name.contains(".converting-"));
    }

    @Test
    void doesNotTakeAnEntryOfAnotherCheckpoint() throws IOException {
        Path entry = obtain(sourceFolder, Precision.INT8);
        Path other = obtain(Sources.write(folder.resolve("other"), DType.BF16, 1, true, 9), Precision.INT8);
        for (Path file : filesIn(other)) {
            Files.copy(file, entry.resolve(file.getFileName()), java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        }
        assertThat(obtain(sourceFolder, Precision.INT8)).isEqualTo(entry);
        assertThat(conversions).hasValue(3);
        assertGood(entry);
    }

    // Faults of the folder

    @Test
    void saysHowToChooseAnotherFolder() throws IOException {
        cache = Files.createFile(folder.resolve("file"));
        checkpoints = new ConvertedCheckpoints(cache);
        assertThatExceptionOfType(ConversionException.class)
                .isThrownBy(() -> obtain(sourceFolder, Precision.INT8))
                .withMessageContaining("cannot write to the cache folder " + cache)
                .withMessageContaining("cacheDirectory(...)")
                .withMessageContaining("PALIGEMMA_CACHE");
    }

    @Test
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "needs POSIX permissions")
    void aReadyEntryNeedsNoWriting() throws IOException {
        Path entry = obtain(sourceFolder, Precision.INT8);
        List<Path> folders = List.of(cache, cache.resolve("converted"), entry);
        try {
            for (Path each : folders) {
                Files.setPosixFilePermissions(each, PosixFilePermissions.fromString("r-xr-xr-x"));
            }
            Assumptions.assumeFalse(Files.isWritable(cache), "this user may write everywhere");
            Files.setLastModifiedTime(sourceFolder.resolve("config.json"), FileTime.from(Instant.now()));
            assertThat(obtain(sourceFolder, Precision.INT8)).isEqualTo(entry);
            assertThatExceptionOfType(ConversionException.class)
                    .isThrownBy(() -> obtain(sourceFolder, Precision.INT4))
                    .withMessageContaining("cacheDirectory(...)");
        } finally {
            for (Path each : folders) {
                Files.setPosixFilePermissions(each, PosixFilePermissions.fromString("rwxr-xr-x"));
            }
        }
    }

    @Test
    void aConvertedCheckpointIsReturnedAsItIs() throws IOException {
        Path entry = obtain(sourceFolder, Precision.INT8);
        try (Checkpoint converted = TestNetwork.open(entry);
                Checkpoint source = TestNetwork.open(sourceFolder)) {
            assertThat(checkpoints.obtain(converted, Sources.plan(Precision.INT8, source), ConversionListener.NONE))
                    .isEqualTo(entry);
            assertThatExceptionOfType(CheckpointException.class)
                    .isThrownBy(() -> checkpoints.obtain(
                            converted, Sources.plan(Precision.INT4, source), ConversionListener.NONE))
                    .withMessageContaining("holds weights for int8, expected int4");
        }
    }

    @Test
    void removesWhatKilledProcessesLeftAndOnlyThat() throws IOException {
        Path converted = Files.createDirectories(cache.resolve("converted"));
        Path dead = Files.createDirectory(converted.resolve(".x-int8-v1.converting-1"));
        Files.createFile(dead.resolve("lock"));
        Files.writeString(dead.resolve("model.safetensors"), "half");
        Path live = Files.createDirectory(converted.resolve(".x-int8-v1.converting-2"));
        Path young = Files.createDirectory(converted.resolve(".x-int8-v1.converting-3"));
        try (FileChannel channel =
                        FileChannel.open(live.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                FileLock lock = channel.lock()) {
            assertThat(lock.isValid()).isTrue();
            obtain(sourceFolder, Precision.INT8);
        }
        assertThat(dead).doesNotExist();
        assertThat(live).exists();
        assertThat(young).exists();
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    @Timeout(60)
    void whatIsNoFileInThePlaceOfALockIsRefusedNotWaitedFor() throws Exception {
        Path lock = Files.createDirectories(cache.resolve("converted")).resolve(".lock");
        Path outside = Files.createFile(folder.resolve("outside"));
        List<String[]> others = List.of(
                new String[] {"mkfifo", lock.toString()},
                new String[] {"mkdir", lock.toString()},
                new String[] {"ln", "-s", "/dev/zero", lock.toString()},
                new String[] {"ln", "-s", outside.toString(), lock.toString()});
        for (String[] command : others) {
            assertThat(new ProcessBuilder(command).start().waitFor()).isZero();
            assertThatExceptionOfType(ConversionException.class)
                    .isThrownBy(() -> obtain(sourceFolder, Precision.INT8))
                    .withMessageContaining(lock + ", is not a regular file")
                    .withMessageContaining("cacheDirectory(...)");
            Files.delete(lock);
        }
        assertThat(outside).isEmptyFile();
        assertGood(obtain(sourceFolder, Precision.INT8));
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    @Timeout(60)
    void aPipeInAnAbandonedFolderIsNotOpened() throws Exception {
        Path abandoned = Files.createDirectories(cache.resolve("converted/.x-int8-v1.converting-1"));
        assertThat(new ProcessBuilder("mkfifo", abandoned.resolve("lock").toString())
                        .start()
                        .waitFor())
                .isZero();
        Files.setLastModifiedTime(abandoned, FileTime.from(Instant.parse("2024-05-01T10:00:00Z")));
        assertGood(obtain(sourceFolder, Precision.INT8));
        assertThat(abandoned).doesNotExist();
    }

    // Several at once

    @Test
    void aLongWaitIsToldOnce() {
        WaitNotice notice = new WaitNotice(folder, Long.MAX_VALUE);
        long patience = WaitNotice.PATIENCE.toNanos();
        assertThat(notice.after(Long.MAX_VALUE)).isNull();
        assertThat(notice.after(Long.MAX_VALUE + patience - 1)).isNull();
        assertThat(notice.after(Long.MAX_VALUE + patience))
                .isEqualTo("waiting for another process that converts a checkpoint into " + folder);
        assertThat(notice.after(Long.MAX_VALUE + 2 * patience)).isNull();
    }

    @Test
    void threadsShareOneConversion() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            List<Future<Path>> results = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                results.add(threads.submit(() -> obtain(sourceFolder, Precision.INT8)));
            }
            for (Future<Path> result : results) {
                assertGood(result.get());
            }
            assertThat(conversions).hasValue(1);
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void processesShareOneConversion() throws Exception {
        Process one = start(5);
        Process two = start(5);
        List<String> lines = new ArrayList<>();
        for (Process process : List.of(one, two)) {
            try (BufferedReader output = process.inputReader(StandardCharsets.UTF_8)) {
                output.lines().forEach(lines::add);
            }
            assertThat(process.waitFor()).isZero();
        }
        assertThat(lines).hasSize(3).containsOnlyOnce(ConvertingProcess.STARTED);
        Path entry = obtain(sourceFolder, Precision.INT4);
        assertThat(lines.stream().filter(entry.toString()::equals)).hasSize(2);
        assertThat(conversions).hasValue(0);
    }

    /**
     * Two processes that convert the same model, or one, are killed while they do. {@code -Dconvert.kill.rounds=100} kills
     * more of them, and {@code -Dconvert.kill.seed} chooses other moments.
     */
    @Test
    @Timeout(value = 3, unit = TimeUnit.HOURS)
    void survivesBeingKilledAtAnyMoment() throws Exception {
        int rounds = Integer.getInteger("convert.kill.rounds", 6);
        Random random = new Random(Long.getLong("convert.kill.seed", System.nanoTime()));
        int killed = 0;
        int complete = 0;
        for (int round = 0; round < rounds; round++) {
            // What one round leaves the next one finds, unless there is nothing left to do.
            if (round == 0 || complete > 0) {
                cache = folder.resolve("cache-" + round);
                checkpoints = new ConvertedCheckpoints(cache);
                complete = 0;
            }
            Process process = start(10);
            Process second = random.nextInt(3) == 0 ? start(10) : null;
            try (BufferedReader output = process.inputReader(StandardCharsets.UTF_8)) {
                if (second == null) {
                    assertThat(output.readLine()).isEqualTo(ConvertingProcess.STARTED);
                }
                boolean ended = process.waitFor(random.nextInt(400), TimeUnit.MILLISECONDS);
                killed += ended ? 0 : 1;
                process.destroyForcibly().waitFor();
                if (second != null) {
                    // It takes over what the killed one held, if it gets the time for that.
                    second.waitFor(random.nextInt(400), TimeUnit.MILLISECONDS);
                    second.destroyForcibly().waitFor();
                }
            }
            complete = assertNothingWrong();
            if (random.nextInt(3) != 0) {
                assertGood(obtain(sourceFolder, Precision.INT4));
                // But for the folder of a process killed before it had locked it, which may be a live one's, too.
                assertThat(namesIn(cache.resolve("converted")))
                        .noneMatch(name -> name.contains(".converting-")
                                && Files.exists(
                                        cache.resolve("converted").resolve(name).resolve("lock")));
                complete = 1;
            }
        }
        assertThat(killed).as("rounds in which the process was killed").isPositive();
        assertGood(obtain(sourceFolder, Precision.INT4));
    }

    /** Whatever has the name of an entry is one; returns how many there are. */
    private int assertNothingWrong() throws IOException {
        int complete = 0;
        if (Files.isDirectory(cache.resolve("converted"))) {
            for (String name : namesIn(cache.resolve("converted"))) {
                if (name.endsWith("-v" + ConvertedManifest.FORMAT_VERSION)) {
                    assertGood(cache.resolve("converted").resolve(name));
                    complete++;
                }
            }
        }
        return complete;
    }

    private Process start(int delayMillis) throws IOException {
        return new ProcessBuilder(command(delayMillis))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    private List<String> command(int delayMillis) {
        return List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xshare:auto",
                "-XX:TieredStopAtLevel=1",
                // Its file would count against a limit on the size of files.
                "-XX:-UsePerfData",
                "-cp",
                System.getProperty("java.class.path"),
                ConvertingProcess.class.getName(),
                sourceFolder.toString(),
                cache.toString(),
                Integer.toString(delayMillis));
    }

    /** Stands for a disk that fills up: writing fails in the middle of the largest file. */
    @Test
    @EnabledOnOs(OS.LINUX)
    void aWriteThatFailsInTheMiddleLeavesNothing() throws Exception {
        Path good = obtain(sourceFolder, Precision.INT8);
        long kibibytes = Files.size(good.resolve("model.safetensors")) / 2 / 1024;
        cache = folder.resolve("limited");
        List<String> command =
                new ArrayList<>(List.of("bash", "-c", "ulimit -f " + kibibytes + " && exec \"$0\" \"$@\""));
        command.addAll(command(0));

        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output;
        try (BufferedReader reader = process.inputReader(StandardCharsets.UTF_8)) {
            output = reader.lines().collect(Collectors.joining("\n"));
        }

        assertThat(process.waitFor()).as(output).isNotZero();
        assertThat(output)
                .contains(ConversionException.class.getName() + ": cannot write the converted checkpoint")
                .containsPattern("cannot write the converted checkpoint \\S+: File too large\\R");
        assertThat(filesIn(cache.resolve("converted")))
                .noneMatch(file -> file.toString().endsWith(".safetensors"));
        checkpoints = new ConvertedCheckpoints(cache);
        assertGood(obtain(sourceFolder, Precision.INT8));
    }

    @Test
    void anInterruptWhileWaitingIsReported() throws Exception {
        Files.createDirectories(cache.resolve("converted"));
        Process other = start(300);
        try (BufferedReader output = other.inputReader(StandardCharsets.UTF_8)) {
            assertThat(output.readLine()).isEqualTo(ConvertingProcess.STARTED);
            Thread caller = Thread.currentThread();
            Thread interrupter = new Thread(() -> {
                try {
                    Thread.sleep(300);
                    caller.interrupt();
                } catch (InterruptedException e) {
                    fail("nobody interrupts the interrupter", e);
                }
            });
            interrupter.start();
            assertThatExceptionOfType(ConversionException.class)
                    .isThrownBy(() -> obtain(sourceFolder, Precision.INT8))
                    .withMessageContaining("interrupted");
            assertThat(Thread.interrupted()).isTrue();
            interrupter.join();
        } finally {
            other.destroyForcibly().waitFor();
        }
    }

    private void assertGood(Path entry) throws IOException {
        try (Checkpoint source = TestNetwork.open(sourceFolder);
                Checkpoint converted = TestNetwork.open(entry)) {
            converted.verify();
            Sources.plan(converted.precision(), source).requireStoredIn(converted);
        }
        assertThat(namesIn(entry))
                .containsExactlyInAnyOrder(
                        "config.json",
                        "model.safetensors",
                        "paligemma.json",
                        "preprocessor_config.json",
                        "tokenizer.json",
                        "tokenizer.model");
    }

    private static List<Path> filesIn(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(Files::isRegularFile).sorted().toList();
        }
    }

    private static List<String> namesIn(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).toList();
        }
    }
}
