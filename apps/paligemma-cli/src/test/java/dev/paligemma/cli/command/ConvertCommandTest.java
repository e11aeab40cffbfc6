package dev.paligemma.cli.command;

import static dev.paligemma.cli.Outcome.assertRefused;
import static dev.paligemma.cli.Outcome.parsed;
import static dev.paligemma.cli.Outcome.run;
import static org.assertj.core.api.Assertions.assertThat;

import dev.paligemma.cli.Outcome;
import dev.paligemma.tiny.TinyModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConvertCommandTest {
    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"int8", "int4"})
    void makesAFolderThatIsAModel(String precision) throws IOException {
        Path target = folder.resolve("made/model");

        Outcome outcome = run("convert", "--precision", precision, "--out", target.toString());

        assertThat(outcome.exitCode()).as(outcome.err()).isZero();
        assertThat(outcome.out()).isEqualTo(target + System.lineSeparator());
        assertThat(outcome.err().lines())
                .allMatch(line -> line.matches("paligemma: converting .* to " + precision + ": \\d+ %"))
                .last()
                .asString()
                .endsWith(" 100 %");
        Map<String, Object> original = parsed("info");
        Map<String, Object> converted = parsed("info", "--model", target.toString());
        assertThat(original).containsEntry("precision", "float32");
        assertThat(converted).containsEntry("precision", precision).containsEntry("checkpoint", target.toString());
        assertThat(converted.get("parameters")).isEqualTo(original.get("parameters"));
        assertThat((Long) converted.get("weightBytes")).isLessThan((Long) original.get("weightBytes"));
        assertThat(run("tokenize", "caption en", "--model", target.toString()))
                .isEqualTo(run("tokenize", "caption en"));
    }

    static Stream<List<String>> badUsage() {
        return Stream.of(
                List.of("--precision", "int8"),
                List.of("--out", "made"),
                List.of("--precision", "float32", "--out", "made"),
                List.of("--precision", "bfloat16", "--out", "made"),
                List.of("--precision", "int3", "--out", "made"),
                List.of("--precision", "int8", "--out", "made", "--model", "no-such-folder"),
                List.of("--precision", "int8", "--out", "a\0b"));
    }

    @ParameterizedTest
    @MethodSource
    void badUsage(List<String> args) throws IOException {
        Path made = folder.resolve("made");
        Stream<String> placed = args.stream().map(arg -> arg.equals("made") ? made.toString() : arg);

        assertRefused(run(Stream.concat(Stream.of("convert"), placed).toArray(String[]::new)));
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void doesNotTouchAFolderWithSomethingInIt() throws IOException {
        Files.writeString(folder.resolve("mine.txt"), "mine");

        Outcome refused = run("convert", "--precision", "int8", "--out", folder.toString());

        assertRefused(refused);
        assertThat(refused.err()).contains(folder.toString());
        assertThat(folder).isDirectoryContaining("glob:**mine.txt").isDirectoryNotContaining("glob:**.json");
    }

    @Test
    void refusesWhatIsConvertedAlready() {
        String made = folder.resolve("made").toString();
        assertThat(run("convert", "--precision", "int8", "--out", made).exitCode())
                .isZero();

        Outcome refused = run(
                "convert",
                "--precision",
                "int4",
                "--model",
                made,
                "--out",
                folder.resolve("again").toString());

        assertRefused(refused);
        assertThat(refused.err()).contains("int8");
    }

    @Test
    void saysWhereItCouldNotWrite() throws IOException {
        Path file = Files.writeString(folder.resolve("file"), "not a folder");

        Outcome failed = run(
                "convert", "--precision", "int8", "--out", file.resolve("made").toString());

        assertThat(failed.exitCode()).as(failed.err()).isEqualTo(1);
        assertThat(failed.out()).isEmpty();
        assertThat(failed.err()).startsWith("paligemma: ").hasLineCount(1).contains(file.toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"int8", "int4"})
    void convertedModelAnswersWithoutItsOriginalOrACache(String precision) {
        String made = folder.resolve("made").toString();
        assertThat(run("convert", "--precision", precision, "--out", made).exitCode())
                .isZero();
        Path cache = folder.resolve("cache");
        String picture = TinyModel.picture().toString();

        Outcome stored = run("caption", "--model", made, "--image", picture, "--cache-dir", cache.toString());
        Outcome asked = run("caption", "--model", made, "--image", picture, "--precision", precision);

        assertThat(stored).isEqualTo(new Outcome(0, TinyModel.CAPTION + System.lineSeparator(), ""));
        assertThat(asked).isEqualTo(stored);
        assertThat(cache).doesNotExist();
    }

    @ParameterizedTest
    @ValueSource(strings = {"int8", "int4"})
    void firstUseOfAPrecisionConvertsAndLaterUsesDoNot(String precision) {
        String cache = folder.resolve("cache").toString();

        Outcome first = run("caption", "--precision", precision, "--cache-dir", cache);
        Outcome second = run("caption", "--precision", precision, "--cache-dir", cache);

        assertThat(first.exitCode()).as(first.err()).isZero();
        assertThat(first.out()).isEqualTo(TinyModel.CAPTION + System.lineSeparator());
        assertThat(first.err()).contains("converting", " 0 %", " 100 %");
        assertThat(second).isEqualTo(new Outcome(0, first.out(), ""));
    }

    @Test
    void convertedModelRunsInItsOwnPrecisionOnly() {
        String made = folder.resolve("made").toString();
        assertThat(run("convert", "--precision", "int8", "--out", made).exitCode())
                .isZero();

        for (String other : List.of("float32", "int4")) {
            Outcome refused = run("caption", "--model", made, "--precision", other);
            assertRefused(refused);
            assertThat(refused.err()).contains("int8", other);
        }
    }

    @Test
    void cacheDirIsWhereTheBundledModelGoes() throws IOException {
        Path cache = folder.resolve("cache");

        Map<String, Object> json = parsed("info", "--cache-dir", cache.toString());

        assertThat(json).containsEntry("cacheFolder", cache.toString());
        assertThat(Path.of((String) json.get("checkpoint"))).startsWith(cache).isDirectory();
        assertThat(run("info", "--cache-dir", cache.toString()).out()).contains("cache folder    " + cache);
    }

    @Test
    void saysThatTheCacheFolderCannotBeWritten() throws IOException {
        Path file = Files.writeString(folder.resolve("file"), "not a folder");

        Outcome failed = run("caption", "--cache-dir", file.toString());

        assertThat(failed.exitCode()).isEqualTo(1);
        assertThat(failed.err()).hasLineCount(1).contains(file.toString());

        Outcome conversion = run(
                "caption",
                "--precision",
                "int8",
                "--model",
                TinyModel.folder().toString(),
                "--image",
                TinyModel.picture().toString(),
                "--cache-dir",
                file.toString());

        assertThat(conversion.exitCode()).as(conversion.err()).isEqualTo(1);
        assertThat(conversion.out()).isEmpty();
        assertThat(conversion.err()).hasLineCount(1).contains(file.toString(), "--cache-dir");
    }
}
