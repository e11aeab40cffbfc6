package dev.paligemma.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paligemma.fuzz.Fuzzer.Outcome;
import dev.paligemma.fuzz.Fuzzer.Tally;
import java.io.IOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;

/**
 * Damaged files of every kind are read or refused with an exception of the library, fast and without much memory. A short
 * run: {@code -Dfuzz.cases=N} gives each target more cases and {@code -Dfuzz.seed=N} others; {@link FuzzMain} is for hours.
 */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "some cases are links")
class FuzzTest {
    private static final long SEED = Long.getLong("fuzz.seed", 1);
    private static final int CASES = Integer.getInteger("fuzz.cases", 0);
    private static final int CASES_PER_WEIGHT = 150;
    private static final long DIRECT_BYTES = 8 << 20;

    private static List<Target> targets;

    @BeforeAll
    static void makeTargets() throws IOException {
        targets = Targets.all();
    }

    @TestFactory
    @Timeout(value = 2, unit = TimeUnit.HOURS)
    Stream<DynamicTest> damagedFilesAreReadOrRefused() {
        return targets.stream().map(target -> DynamicTest.dynamicTest(target.name(), () -> fuzz(target)));
    }

    /** Else the damage to a file would not be what it is refused for. */
    @Test
    void goodFilesAreRead() throws IOException {
        try (Fuzzer fuzzer = new Fuzzer()) {
            for (Target target : targets) {
                int refused = 0;
                for (Target.Seed seed : target.corpus()) {
                    Outcome outcome = fuzzer.readUndamaged(target, seed);
                    assertThat(outcome.finding())
                            .as("%s %s", target, seed.name())
                            .isEmpty();
                    refused += outcome.read() ? 0 : 1;
                }
                // The small archives hold arrays of all types, but not those of a mask decoder.
                assertThat(refused).as("%s", target).isEqualTo(target.name().equals("masks") ? 3 : 0);
            }
        }
    }

    private static void fuzz(Target target) throws IOException, InterruptedException {
        try (Fuzzer fuzzer = new Fuzzer()) {
            // Loads classes and opens what stays open.
            fuzzer.run(target, Fuzzer.number(target, SEED, -1));
            long files = openFiles();
            long direct = bufferBytes("direct");
            Tally tally = new Tally(target);
            for (long i = 0; i < (CASES > 0 ? CASES : CASES_PER_WEIGHT * target.weight()); i++) {
                long number = Fuzzer.number(target, SEED, i);
                Outcome outcome = fuzzer.run(target, number);
                assertThat(outcome.finding()).as("%s --case %d", target, number).isEmpty();
                tally.add(outcome);
            }
            // Neither all damage unnoticed nor all files refused at the door.
            assertThat(tally.read()).as("%s", tally).isBetween(1L, tally.cases() - 1);
            assertThat(openFiles()).as("open files").isLessThanOrEqualTo(files);
            assertThat(directBytesInUse(direct + DIRECT_BYTES))
                    .as("direct memory")
                    .isLessThanOrEqualTo(direct + DIRECT_BYTES);
        }
    }

    private static long openFiles() throws IOException {
        Path list = Path.of("/proc/self/fd");
        if (!Files.isDirectory(list)) {
            return 0;
        }
        try (Stream<Path> files = Files.list(list)) {
            return files.count();
        }
    }

    /** Buffers go with the garbage, and somewhat later than it. */
    private static long directBytesInUse(long wanted) throws InterruptedException {
        for (int i = 0; i < 50 && bufferBytes("direct") > wanted; i++) {
            System.gc();
            Thread.sleep(20);
        }
        return bufferBytes("direct");
    }

    private static long bufferBytes(String pool) {
        return ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
                .filter(bean -> bean.getName().equals(pool))
                .mapToLong(BufferPoolMXBean::getMemoryUsed)
                .sum();
    }
}
