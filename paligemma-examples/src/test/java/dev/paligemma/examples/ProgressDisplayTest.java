package dev.paligemma.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paligemma.engine.Precision;
import dev.paligemma.engine.convert.ConversionProgress;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class ConversionDisplayTest {
    private final StringWriter err = new StringWriter();

    @Test
    void aLogGetsALinePerQuarter() {
        show(false, 0, 1, 24, 26, 30, 55, 80, 99, 100);

        assertThat(err.toString().lines())
                .containsExactly(
                        "paligemma: converting model to int8: 0 %",
                        "paligemma: converting model to int8: 26 %",
                        "paligemma: converting model to int8: 55 %",
                        "paligemma: converting model to int8: 80 %",
                        "paligemma: converting model to int8: 100 %");
    }

    @Test
    void aTerminalGetsOneLineThatGoesAway() {
        show(true, 0, 1, 1, 100);

        String last = "paligemma: converting model to int8: 100 %";
        assertThat(err.toString())
                .isEqualTo("\rpaligemma: converting model to int8: 0 %\rpaligemma: converting model to int8: 1 %\r"
                        + last + "\r" + " ".repeat(last.length()) + "\r");
    }

    @Test
    void nothingIsShownWithoutAConversion() {
        show(true);
        show(false);

        assertThat(err.toString()).isEmpty();
    }

    private void show(boolean terminal, int... percents) {
        try (ConversionDisplay display = new ConversionDisplay(new PrintWriter(err), terminal)) {
            for (int percent : percents) {
                display.progress(new ConversionProgress(Path.of("model"), Precision.INT8, percent * 7_000L, 700_000L));
            }
        }
    }
}
