package dev.paligemma.cli.demo;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paligemma.cli.JsonText;
import dev.paligemma.cli.report.ProgressDisplay;
import dev.paligemma.tiny.TinyModel;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

class StarDemoTest {
    @TempDir
    Path folder;

    /** The whole demonstration takes a minute or more; what it shows is checked before a release. */
    @Test
    void tellsBeforeAndAfter() throws IOException {
        CommandLine command = new CommandLine(CommandSpec.create()
                .addOption(OptionSpec.builder(ProgressDisplay.QUIET)
                        .type(boolean.class)
                        .build()));
        command.setErr(new PrintWriter(Writer.nullWriter()));
        Map<String, Object> told;
        try (ProgressDisplay progress = ProgressDisplay.of(command.getCommandSpec())) {
            StarDemo demo = new StarDemo(TinyModel.folder(), folder.resolve("out"), progress, 1);
            told = JsonText.parse(demo.run(tuning -> tuning.threads(1)).json());
        }

        assertThat(told.get("before").toString()).contains("captionsRight=0, captions=20, meanIou=");
        assertThat(told.get("after").toString()).contains("captionsRight=", "captions=20, meanIou=");
        assertThat(told).containsKeys("seconds", "adapter");
    }

    @Test
    void drawsTheSamePicturesFromTheSameSeed() {
        StarPicture first = StarPicture.draw(new Random(3));
        StarPicture again = StarPicture.draw(new Random(3));

        assertThat(again.image()).isEqualTo(first.image());
        assertThat(again.caption()).isEqualTo(first.caption()).matches("an? \\w+ star");
        assertThat(again.location()).isEqualTo(first.location()).matches("(<loc\\d{4}>){4} star");
        assertThat(first.box().area()).isGreaterThan(0.03);
    }
}
