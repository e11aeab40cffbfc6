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
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Requests of all kinds, in a process of its own whose heap has its full size from the start: what grows is native. */
@ExtendWith(ContractLedger.class)
@Timeout(1800)
public abstract class NativeMemoryContract {
    /** How many; more with the system property {@code requests}. */
    private static final int REQUESTS = Integer.getInteger("requests", 8 * ManyRequests.PERIOD);

    /**
     * What the process may grow by in the second half of its requests, as code is still compiled then. Measured are 1 to 12
     * MiB; a leak of 128 KiB for each of the 240 would be 30 MiB.
     */
    private static final double GROWTH_MIB = 25;

    private static final Pattern LINE =
            Pattern.compile("\\d+ requests: (\\d+) direct buffers, ([0-9.]+) MiB; resident ([0-9.]+) MiB");

    private record Line(long buffers, double directMib, double residentMib) {}

    @Test
    void manyRequestsNeedNoMoreNativeMemoryThanFew() throws IOException, InterruptedException {
        List<Line> lines = new ArrayList<>();
        ProcessBuilder builder = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xms128m",
                        "-Xmx128m",
                        "-XX:+AlwaysPreTouch",
                        "-cp",
                        System.getProperty("java.class.path"),
                        ManyRequests.class.getName(),
                        Integer.toString(REQUESTS),
                        TestedEngine.of(getClass()).name(),
                        "4")
                .redirectError(Redirect.DISCARD);
        // Or else threads of OpenMP that wait would keep their cores busy.
        builder.environment().put("OMP_WAIT_POLICY", "PASSIVE");
        Process process = builder.start();
        try (BufferedReader output = process.inputReader(StandardCharsets.UTF_8)) {
            for (String line = output.readLine(); line != null; line = output.readLine()) {
                Matcher matcher = LINE.matcher(line);
                if (matcher.matches()) {
                    lines.add(new Line(
                            Long.parseLong(matcher.group(1)),
                            Double.parseDouble(matcher.group(2)),
                            Double.parseDouble(matcher.group(3))));
                }
            }
            assertThat(process.waitFor()).isZero();
        } finally {
            process.destroy();
        }

        assertThat(lines).hasSize(4);
        Line first = lines.get(1);
        Line last = lines.get(3);
        assertThat(first.directMib).as("the measurement measures something").isPositive();
        assertThat(last.directMib).as("%s", lines).isLessThanOrEqualTo(first.directMib);
        assertThat(last.buffers).as("%s", lines).isLessThanOrEqualTo(first.buffers);
        assertThat(last.residentMib).as("%s", lines).isLessThanOrEqualTo(first.residentMib + GROWTH_MIB);
    }
}
