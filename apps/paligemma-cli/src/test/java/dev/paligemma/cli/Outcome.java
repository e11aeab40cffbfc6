package dev.paligemma.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paligemma.tiny.TinyModel;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** What a command left behind. */
public record Outcome(int exitCode, String out, String err) {
    public static Outcome run(String... args) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        int exitCode = Main.run(args, new PrintWriter(out), new PrintWriter(err));
        return new Outcome(exitCode, out.toString(), err.toString());
    }

    /** What a command prints with {@code --json}; it must succeed. */
    public static Map<String, Object> parsed(String... args) throws IOException {
        List<String> withJson = new ArrayList<>(List.of(args));
        withJson.add("--json");
        Outcome outcome = run(withJson.toArray(new String[0]));
        assertThat(outcome.exitCode()).as(outcome.err()).isZero();
        assertThat(outcome.err()).isEmpty();
        return JsonText.parse(outcome.out());
    }

    public static void assertRefused(Outcome outcome) {
        assertThat(outcome.out()).isEmpty();
        assertThat(outcome.err()).startsWith("paligemma: ").hasLineCount(1).endsWith(System.lineSeparator());
        assertThat(outcome.exitCode()).as(outcome.err()).isEqualTo(2);
    }

    public static Path copyOfBundledModel(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(TinyModel.folder())) {
            for (Path file : files.toList()) {
                Files.copy(file, folder.resolve(file.getFileName()));
            }
        }
        return folder;
    }
}
