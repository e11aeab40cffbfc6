package dev.paligemma.cli.command;

import static dev.paligemma.cli.Outcome.assertRefused;
import static dev.paligemma.cli.Outcome.parsed;
import static dev.paligemma.cli.Outcome.run;
import static org.assertj.core.api.Assertions.assertThat;

import dev.paligemma.cli.JsonText;
import dev.paligemma.cli.Outcome;
import dev.paligemma.tiny.TinyModel;
import dev.paligemma.vision.RgbImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** An answer about each of many pictures, with the bundled model. */
class ManyPicturesTest {
    private static final Path SCENES = Path.of("../../paligemma-examples/src/test/resources/heldout");
    private static final List<String> NAMES = List.of("scene-100.png", "scene-101.png", "scene-102.png");
    private static final String DAMAGED = "scene-101-damaged.png";

    @TempDir
    Path folder;

    private Path pictures;

    @BeforeEach
    void copy() throws IOException {
        pictures = Files.createDirectory(folder.resolve("pictures"));
        for (String name : NAMES) {
            Files.copy(SCENES.resolve(name), pictures.resolve(name));
        }
    }

    @Test
    void eachPictureHasALine() throws IOException {
        Outcome outcome = quiet("caption", picture(0), picture(2), picture(1));

        assertThat(outcome.exitCode()).as(outcome.err()).isZero();
        assertThat(outcome.err()).isEmpty();
        assertThat(outcome.out().lines())
                .containsExactly(
                        picture(0) + "\t" + caption(0), picture(2) + "\t" + caption(2), picture(1) + "\t" + caption(1));
        assertThat(quiet("caption", "--images", picture(0), picture(2), picture(1))
                        .out())
                .isEqualTo(outcome.out());
        assertThat(quiet("caption", picture(0), picture(2), picture(1), "--batch", "1")
                        .out())
                .isEqualTo(outcome.out());
    }

    @Test
    void onePictureIsAnsweredAsWithItsOption() throws IOException {
        assertThat(quiet("caption", picture(0)).out()).isEqualTo(caption(0) + System.lineSeparator());
    }

    @Test
    void rowsHaveTheFieldsOfOneAnswer() throws IOException {
        List<Map<String, Object>> rows = rows(quiet("caption", pictures.toString(), "--jsonl"));

        assertThat(rows).extracting(row -> row.get("image")).containsExactly(picture(0), picture(1), picture(2));
        for (int i = 0; i < rows.size(); i++) {
            Map<String, Object> alone = parsed("caption", "--image", picture(i), "--quiet");
            assertThat(rows.get(i).keySet()).containsAll(alone.keySet());
            for (String same : List.of("prompt", "text", "tokenIds", "promptTokenIds", "imageTokens", "finishReason")) {
                assertThat(rows.get(i)).containsEntry(same, Objects.requireNonNull(alone.get(same)));
            }
        }
        assertThat(rows(quiet("caption", pictures.toString(), "--json")))
                .extracting(row -> row.get("text"))
                .containsExactlyElementsOf(
                        rows.stream().map(row -> row.get("text")).toList());
    }

    @Test
    void aDamagedPictureIsARowAmongTheOthers() throws IOException {
        Files.writeString(pictures.resolve(DAMAGED), "no picture");

        Outcome outcome = quiet("caption", pictures.toString(), pictures + "/missing.jpg", "--jsonl");

        assertThat(outcome.exitCode()).isEqualTo(1);
        assertThat(outcome.err()).isEqualTo("paligemma: 2 of 5 pictures failed" + System.lineSeparator());
        List<Map<String, Object>> rows = rows(outcome);
        assertThat(rows).hasSize(5);
        assertThat(rows.get(1))
                .containsEntry("image", pictures.resolve(DAMAGED).toString())
                .containsEntry("prompt", "caption en")
                .doesNotContainKey("text");
        assertThat((String) rows.get(1).get("error")).contains(DAMAGED);
        assertThat((String) rows.get(4).get("error")).contains("missing.jpg", "does not exist");
        assertThat(rows.get(3)).containsKey("text").doesNotContainKey("error");

        Outcome plain = quiet("caption", pictures.toString());
        assertThat(plain.exitCode()).isEqualTo(1);
        assertThat(plain.out().lines()).hasSize(3);
        assertThat(plain.err().lines())
                .hasSize(2)
                .first()
                .asString()
                .startsWith("paligemma: " + pictures.resolve(DAMAGED) + ": ");
    }

    @Test
    void aListNamesPictures() throws IOException {
        Path list = Files.writeString(folder.resolve("list.txt"), picture(1) + "\r\n\n" + picture(0) + "\n");

        String answers = quiet("ocr", "--images-from", list.toString()).out();

        assertThat(answers.lines()).hasSize(2).first().asString().startsWith(picture(1) + "\t");
        InputStream before = System.in;
        try {
            System.setIn(new ByteArrayInputStream(Files.readString(list).getBytes(StandardCharsets.UTF_8)));
            assertThat(quiet("ocr", "--images-from", "-").out()).isEqualTo(answers);
        } finally {
            System.setIn(before);
        }
    }

    @Test
    void foldersOfAFolderAreForWhoWantsThem() throws IOException {
        Path inside = Files.createDirectories(pictures.resolve("more/and more"));
        Files.copy(SCENES.resolve(NAMES.get(0)), inside.resolve("x.png"));

        assertThat(quiet("ocr", pictures.toString()).out().lines()).hasSize(3);
        assertThat(quiet("ocr", pictures.toString(), "--recursive").out().lines())
                .hasSize(4);
        Outcome none = quiet("ocr", pictures.resolve("more").toString());
        assertRefused(none);
        assertThat(none.err()).contains("no picture in", "--recursive");
    }

    @Test
    void anInterruptedRunIsGoneOnWith() throws IOException {
        Path file = folder.resolve("rows.jsonl");
        assertThat(quiet("caption", "--resume", file.toString(), pictures.toString()))
                .isEqualTo(new Outcome(0, "", ""));
        List<String> whole = Files.readAllLines(file);
        assertThat(whole).hasSize(3);
        Files.writeString(file, whole.get(0) + "\n" + whole.get(1).substring(0, 40));

        Outcome again = run("caption", "--resume", file.toString(), pictures.toString());

        assertThat(again.exitCode()).as(again.err()).isZero();
        assertThat(again.err()).startsWith("paligemma: going on after 1 row of " + file);
        List<Map<String, Object>> rows = rows(Files.readString(file));
        assertThat(rows).extracting(row -> row.get("image")).containsExactly(picture(0), picture(1), picture(2));
        assertThat(Files.readAllLines(file).get(0)).isEqualTo(whole.get(0));

        String complete = Files.readString(file);
        assertThat(quiet("caption", "--resume", file.toString(), pictures.toString())
                        .exitCode())
                .isZero();
        assertThat(file).hasContent(complete);
    }

    @Test
    void rowsOfStandardOutputCanBeGoneOnWith() throws IOException {
        Outcome first = quiet("caption", picture(0), "--jsonl");
        Path file = Files.writeString(folder.resolve("rows.jsonl"), first.out());

        assertThat(quiet("caption", pictures.toString(), "--resume", file.toString(), "--batch", "2", "--threads", "1")
                        .exitCode())
                .isZero();

        assertThat(rows(Files.readString(file))).hasSize(3);
        assertThat(Files.readString(file)).startsWith(first.out());
    }

    static Stream<List<String>> otherRuns() {
        return Stream.of(
                List.of("ocr"),
                List.of("caption", "--language", "es"),
                List.of("caption", "--max-new-tokens", "3"),
                List.of("caption", "--precision", "int8"),
                List.of("generate", "--prompt", "caption en"));
    }

    @ParameterizedTest
    @MethodSource
    void otherRuns(List<String> other) throws IOException {
        Path file = Files.writeString(
                folder.resolve("rows.jsonl"),
                quiet("caption", picture(0), "--jsonl").out());
        String before = Files.readString(file);
        List<String> args = new ArrayList<>(other);
        args.addAll(List.of("--resume", file.toString(), picture(0), picture(1)));

        Outcome refused = quiet(args.toArray(new String[0]));

        assertRefused(refused);
        assertThat(refused.err()).contains("line 1 of " + file + " is of another run: ", " there and ");
        assertThat(file).hasContent(before);
    }

    @Test
    void boxesOfManyPicturesAreDrawnIntoAFolder() throws IOException {
        Path drawings = folder.resolve("drawings");

        List<Map<String, Object>> rows = rows(quiet(
                "detect",
                "square",
                "circle",
                picture(0),
                picture(1),
                "--jsonl",
                "--out",
                drawings.toString(),
                "--any-label"));

        assertThat(rows).hasSize(2).allSatisfy(row -> {
            assertThat(row).containsKeys("detections", "unasked").containsEntry("prompt", "detect square ; circle");
            Path drawing = Path.of((String) Objects.requireNonNull(row.get("drawing")));
            assertThat(drawing).startsWith(drawings);
            assertThat(RgbImage.read(drawing).width())
                    .isEqualTo(RgbImage.read(Path.of((String) row.get("image"))).width());
        });
        String tables = quiet("detect", "square", picture(0), picture(1)).out();
        assertThat(tables.lines()).contains(picture(0) + ":", picture(1) + ":");
        assertThat(quiet("detect", "square", picture(0), picture(1), "--raw")
                        .out()
                        .lines())
                .hasSize(2)
                .allMatch(line -> line.contains("\t"));
    }

    @Test
    void everyTaskTakesMany() throws IOException {
        String first = picture(0);
        String second = picture(1);
        assertThat(rows(quiet("answer", "what word is written?", first, second, "--jsonl")))
                .hasSize(2)
                .allMatch(row -> "answer en what word is written?".equals(row.get("prompt")));
        assertThat(rows(quiet("answer", first, second, "--question", "what?", "--jsonl")))
                .hasSize(2);
        assertThat(rows(quiet("generate", "--prompt", "ocr", first, second, "--jsonl", "--beams", "2")))
                .hasSize(2)
                .allMatch(row -> row.containsKey("answers"));
        assertThat(rows(quiet("segment", "square", "--images", first, second, "--jsonl")))
                .hasSize(2)
                .allMatch(row -> row.containsKey("segments"));
        assertThat(rows(quiet("score", "ocr", "bird", "cow", first, second, "--jsonl")))
                .extracting(row -> row.get("text"))
                .containsExactly("cow", "bird");
        assertThat(quiet("caption", first, second, "--choices", "yes,no", "--timeout", "600")
                        .out()
                        .lines())
                .allMatch(line -> line.endsWith("\tyes") || line.endsWith("\tno"))
                .hasSize(2);
    }

    static Stream<List<String>> badUsage() {
        String picture = TinyModel.picture().toString();
        return Stream.of(
                List.of("caption", "--image", picture, picture),
                List.of("caption", "--image", picture, "--image", picture, "--jsonl"),
                List.of("caption", "--image", picture, "--images-from", "list.txt"),
                List.of("caption", "--images-from", "no-such-list.txt"),
                List.of("caption", "https://example.com/cat.jpg"),
                List.of("caption", "a\0b"),
                List.of("caption", picture, "--batch", "0"),
                List.of("caption", picture, ""),
                List.of("caption", "-", "--images-from", "-"),
                List.of("caption", picture, picture, "--resume", "no-such-folder/rows.jsonl"),
                List.of("caption", "no*such*picture.jpg"),
                List.of("answer", picture),
                List.of("answer", picture, "--question", "what?", "--image", picture),
                List.of("detect", picture),
                List.of("detect", "cat", picture, picture, "--raw", "--jsonl"),
                List.of("detect", "cat", picture, picture, "--out", picture));
    }

    @ParameterizedTest
    @MethodSource
    void badUsage(List<String> args) {
        assertRefused(run(args.toArray(new String[0])));
    }

    @Test
    void theBundledModelSaysOnceWhatItIs() {
        Outcome own = run("caption", picture(0), picture(1));
        assertThat(own.err())
                .hasLineCount(1)
                .startsWith("paligemma: the bundled tiny model knows drawn shapes and short words only")
                .contains("--model google/paligemma2-3b-mix-224");
        assertThat(run("caption", picture(0)).err()).isEqualTo(own.err());
        assertThat(run("ocr", "--image", picture(0)).err()).isEqualTo(own.err());
        assertThat(run("caption", picture(0), "-q").err()).isEmpty();
        assertThat(run("caption", picture(0), "--model", TinyModel.folder().toString())
                        .err())
                .isEmpty();
    }

    @Test
    void progressIsShownToWhoAsksForIt() {
        Outcome outcome = run("caption", pictures.toString(), "--progress", "--jsonl", "--batch", "1");

        assertThat(outcome.err().lines())
                .last()
                .asString()
                .matches("paligemma: 3 of 3 pictures, \\d+\\.\\d(/s| s each)");
    }

    private String picture(int index) {
        return pictures.resolve(NAMES.get(index)).toString();
    }

    private String caption(int index) throws IOException {
        return (String) Objects.requireNonNull(
                parsed("caption", "--image", picture(index), "--quiet").get("text"));
    }

    private static Outcome quiet(String... args) {
        return run(Stream.concat(Stream.of("--quiet"), Stream.of(args)).toArray(String[]::new));
    }

    private static List<Map<String, Object>> rows(Outcome outcome) throws IOException {
        return rows(outcome.out());
    }

    private static List<Map<String, Object>> rows(String text) throws IOException {
        List<Map<String, Object>> rows = new ArrayList<>();
        for (String line : text.lines().toList()) {
            rows.add(JsonText.parse(line));
        }
        return rows;
    }
}
