package dev.paligemma;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paligemma.engine.contract.ContractLedger;
import dev.paligemma.engine.contract.TestedEngine;
import java.io.BufferedReader;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Some hundred requests; {@link ManyRequests} is the same for as many as one likes. */
@ExtendWith(ContractLedger.class)
@Timeout(300)
public abstract class NativeMemoryContract {
    /**
     * What a process may grow by between its 150th and its 600th request, most of it compiled Java code and metadata. A
     * leak of 100 KiB each would be 44 MiB.
     */
    private static final double GROWTH_MIB = 24;

    @Test
    void manyRequestsNeedNoMoreDirectMemoryThanFew() throws IOException, InterruptedException {
        try (ManyRequests requests = new ManyRequests(TestedEngine.of(getClass()), "pg2-gqa")) {
            requests.run(2 * ManyRequests.PERIOD);
            ManyRequests.Memory before = ManyRequests.Memory.afterCollection();
            requests.run(3 * ManyRequests.PERIOD);
            ManyRequests.Memory after = ManyRequests.Memory.afterCollection();

            assertThat(before.directBytes())
                    .as("the measurement measures something")
                    .isPositive();
            assertThat(after.directBytes()).isLessThanOrEqualTo(before.directBytes());
            assertThat(after.directBuffers()).isLessThanOrEqualTo(before.directBuffers());
        }
    }

    /** Native memory that Java does not know of. In a process of its own, whose heap has its full size from the start. */
    @Test
    void aProcessStopsGrowing() throws IOException, InterruptedException {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xms128m",
                        "-Xmx128m",
                        "-XX:+AlwaysPreTouch",
                        "-cp",
                        System.getProperty("java.class.path"),
                        ManyRequests.class.getName(),
                        "600",
                        TestedEngine.of(getClass()).name(),
                        "4")
                .redirectError(Redirect.DISCARD)
                .start();
        List<Double> resident = new ArrayList<>();
        try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                resident.add(Double.parseDouble(line.replaceAll(".*resident ([0-9.]+) MiB", "$1")));
            }
        } finally {
            process.destroy();
        }

        assertThat(process.waitFor()).isZero();
        assertThat(resident).hasSize(4);
        assertThat(resident.get(3)).as("resident MiB: %s", resident).isLessThan(resident.get(0) + GROWTH_MIB);
    }
}
