package dev.paligemma.cli.report;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paligemma.checkpoint.convert.ConversionProgress;
import dev.paligemma.cli.report.ProgressDisplay.Place;
import dev.paligemma.engine.Precision;
import dev.paligemma.hub.DownloadProgress;
import dev.paligemma.hub.HubModel;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class ProgressDisplayTest {
    private final StringWriter err = new StringWriter();

    @Test
    void aLogGetsALinePerQuarter() {
        show(Place.LOG, 0, 1, 24, 26, 30, 55, 80, 99, 100);

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
        show(Place.TERMINAL, 0, 1, 1, 100);

        String last = "paligemma: converting model to int8: 100 %";
        assertThat(err.toString())
                .isEqualTo("\rpaligemma: converting model to int8: 0 %\rpaligemma: converting model to int8: 1 %\r"
                        + last + "\r" + " ".repeat(last.length()) + "\r");
    }

    @Test
    void nothingIsShownWithoutAConversion() {
        show(Place.TERMINAL);
        show(Place.LOG);

        assertThat(err.toString()).isEmpty();
    }

    @Test
    void quietShowsNothing() {
        show(Place.NOWHERE, 0, 50, 100);

        assertThat(err.toString()).isEmpty();
    }

    @Test
    void stepsReplaceEachOtherOnATerminal() {
        ProgressDisplay display = new ProgressDisplay(new PrintWriter(err), Place.TERMINAL);

        display.step("loading the model");
        display.step("reading");
        display.clear();
        display.close();

        assertThat(err.toString())
                .isEqualTo("\rpaligemma: loading the model ...\rpaligemma: reading ..." + " ".repeat(10) + "\r"
                        + " ".repeat(22) + "\r");
    }

    @Test
    void aLongLineFitsATerminal() {
        new ProgressDisplay(new PrintWriter(err), Place.TERMINAL).step("loading " + "/folder".repeat(100));

        assertThat(err.toString()).hasSize(80).startsWith("\r...").endsWith("/folder ...");
    }

    @Test
    void aLogHearsOfNoSteps() {
        new ProgressDisplay(new PrintWriter(err), Place.LOG).step("reading");

        assertThat(err.toString()).isEmpty();
    }

    @Test
    void aTerminalGetsABarForADownload() {
        ProgressDisplay display = new ProgressDisplay(new PrintWriter(err), Place.TERMINAL);

        display.progress(downloaded(0, 0, false));
        display.progress(downloaded(3_035_000_000L, 85.3e6, false));
        display.progress(downloaded(6_070_000_000L, 90e6, true));

        assertThat(err.toString().strip().split("\\s*\r"))
                .containsExactly(
                        "paligemma: ...paligemma2-3b-mix-224 [------------] 0 % of 6.07 GB",
                        "paligemma: ...paligemma2-3b-mix-224 [======------] 50 % of 6.07 GB, 85.3 MB/s",
                        "paligemma: ...paligemma2-3b-mix-224 [============] 100 % of 6.07 GB, 90.0 MB/s");
    }

    @Test
    void aLogGetsALinePerQuarterOfADownload() {
        ProgressDisplay display = new ProgressDisplay(new PrintWriter(err), Place.LOG);

        for (long percent = 0; percent < 100; percent++) {
            display.progress(downloaded(percent * 60_700_000L, 1e6, false));
        }
        display.progress(downloaded(6_070_000_000L, 1e6, true));

        assertThat(err.toString().lines())
                .hasSize(5)
                .first()
                .isEqualTo("paligemma: downloading google/paligemma2-3b-mix-224: 0 % of 6.07 GB");
    }

    @Test
    void picturesAreCountedInPlaceOnATerminal() {
        ProgressDisplay display = new ProgressDisplay(new PrintWriter(err), Place.TERMINAL);

        display.pictures(new PictureCount(0, 0, 0, OptionalLong.of(200), 0));
        display.pictures(new PictureCount(120, 20, 1, OptionalLong.of(200), 10));
        display.pictures(new PictureCount(121, 0, 0, OptionalLong.of(10_000), 242));
        display.pictures(new PictureCount(1, 0, 0, OptionalLong.of(100), 60));
        display.pictures(new PictureCount(7, 0, 0, OptionalLong.empty(), 2));
        display.pictures(new PictureCount(200, 199, 0, OptionalLong.of(200), 0.5));

        assertThat(err.toString().strip().split("\\s*\r"))
                .containsExactly(
                        "paligemma: 0 of 200 pictures",
                        "paligemma: 120 of 200 pictures, 10.0/s, 8 s left, 1 failed",
                        "paligemma: 121 of 10000 pictures, 2.0 s each, 5 h 29 min left",
                        "paligemma: 1 of 100 pictures, 60.0 s each, 1 h 39 min left",
                        "paligemma: 7 pictures, 3.5/s",
                        "paligemma: 200 of 200 pictures, 2.0/s");
    }

    @Test
    void aLogGetsALineEveryTenSecondsAndTheLast() {
        ProgressDisplay display = new ProgressDisplay(new PrintWriter(err), Place.LOG);

        for (int done = 0; done <= 50; done++) {
            display.pictures(new PictureCount(done, 0, 0, OptionalLong.of(50), done / 2.0));
        }

        assertThat(err.toString().lines())
                .containsExactly(
                        "paligemma: 20 of 50 pictures, 2.0/s, 15 s left",
                        "paligemma: 40 of 50 pictures, 2.0/s, 5 s left",
                        "paligemma: 50 of 50 pictures, 2.0/s");
        assertThat(display.showsPictures(false)).isFalse();
        assertThat(display.showsPictures(true)).isTrue();
    }

    @Test
    void notesAreForWhoIsNotQuiet() {
        new ProgressDisplay(new PrintWriter(err), Place.NOWHERE).note("by the way");
        assertThat(err.toString()).isEmpty();

        new ProgressDisplay(new PrintWriter(err), Place.LOG).note("by the\nway");
        assertThat(err.toString()).isEqualTo("paligemma: by the\\u000away" + System.lineSeparator());
    }

    private static DownloadProgress downloaded(long bytes, double rate, boolean finished) {
        HubModel model = HubModel.parse("google/paligemma2-3b-mix-224");
        return new DownloadProgress(
                model, "model.safetensors", bytes, 6_070_000_000L, bytes, 6_070_000_000L, rate, finished);
    }

    private void show(Place place, int... percents) {
        try (ProgressDisplay display = new ProgressDisplay(new PrintWriter(err), place)) {
            for (int percent : percents) {
                display.progress(new ConversionProgress(Path.of("model"), Precision.INT8, percent * 7_000L, 700_000L));
            }
        }
    }
}
