package dev.paligemma.training.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.paligemma.training.run.FineTuningException;
import dev.paligemma.vision.RgbImage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.stream.LongStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExamplesTest {
    private static final RgbImage PICTURE = RgbImage.of(2, 1, new byte[] {1, 2, 3, 4, 5, 6});

    @TempDir
    private Path folder;

    @BeforeEach
    void drawPictures() throws IOException {
        for (String name : List.of("1.png", "2.png")) {
            ImageIO.write(PICTURE.toBufferedImage(), "png", folder.resolve(name).toFile());
        }
    }

    private Path lines(String... lines) throws IOException {
        return Files.writeString(folder.resolve("annotations.jsonl"), String.join("\n", lines));
    }

    private static String line(String image, String prefix, String suffix) {
        return "{\"image\": \"" + image + "\", \"prefix\": \"" + prefix + "\", \"suffix\": \"" + suffix + "\"}";
    }

    @Test
    void aLineIsAnExample() throws IOException {
        Path file = lines(
                line("1.png", "caption en", "a red star"),
                "{\"image\": [\"1.png\", \"" + folder.resolve("2.png")
                        + "\"], \"prefix\": \"\", \"suffix\": \"\", \"id\": 7}");
        Examples examples = Examples.jsonl(file);
        assertThat(examples.size()).isEqualTo(2);
        Example first = examples.get(0);
        assertThat(first.prefix()).isEqualTo("caption en");
        assertThat(first.suffix()).isEqualTo("a red star");
        assertThat(first.origin()).isEqualTo(file + ", line 1");
        assertThat(first.pictures()).singleElement().satisfies(picture -> {
            assertThat(picture.name()).isEqualTo("1.png");
            assertThat(picture.read()).isEqualTo(PICTURE);
        });
        assertThat(examples.get(1).pictures()).hasSize(2);
        assertThat(examples.skipped()).isZero();
        assertThat(examples.get(1, 3, 4)).isEqualTo(examples.get(1));
        examples.validate();
    }

    @Test
    void marksAndEndsOfEditorsAreTolerated() throws IOException {
        String text = "\uFEFF" + line("1.png", "a", "b") + "\r\n\r\n  \r\n" + line("2.png", "c", "d") + "\r\n\n";
        Path file = Files.writeString(folder.resolve("a.jsonl"), text);
        Examples examples = Examples.jsonl(file);
        assertThat(examples.size()).isEqualTo(2);
        assertThat(examples.get(1).origin()).endsWith("line 4");
        assertThat(examples.get(1).suffix()).isEqualTo("d");
    }

    @Test
    void wrongLinesSayWhereAndWhatIsExpected() throws IOException {
        refused("{\"image\": \"1.png\", \"prefix\": \"a\"}", "line 2 has no \"suffix\", only \"image\", \"prefix\"");
        refused("{\"file_name\": \"1.png\", \"text\": \"a\"}", "has no \"image\", only \"file_name\", \"text\"");
        refused("{\"image\": \"1.png\", \"prefix\": \"a\", \"suffix\": 5}", "suffix must be a text in quotes, got 5");
        refused("{\"image\": \"1.png\", \"prefix\": [\"a\"], \"suffix\": \"b\"}", "prefix must be a text in quotes");
        refused("{\"image\": \"1.png\", \"prefix\": null, \"suffix\": \"b\"}", "has no \"prefix\"");
        refused("{\"image\": [], \"prefix\": \"a\", \"suffix\": \"b\"}", "image must be the name of a picture");
        refused("{\"image\": [3], \"prefix\": \"a\", \"suffix\": \"b\"}", "image must be the name of a picture");
        refused("{\"image\": \"1.png\", \"image\": \"2.png\", \"prefix\": \"a\", \"suffix\": \"b\"}", "Duplicate");
        refused(line("missing.png", "a", "b"), "missing.png does not exist");
        refused(line("missing.png", "a", "b"), "names of pictures are looked up in " + folder);
        refused(line("a\\u0000.png", "a", "b"), "is no name of a picture");
        refused("{\"image\": \"1.png\", ", "line 2 is not valid JSON at column");
        refused("[1]", "does not hold a JSON object");
        refused("{\"image\": \"1.png\"} {}", "has text after the JSON object");
    }

    private void refused(String line, String message) throws IOException {
        Path file = lines(line("1.png", "a", "b"), line, line("2.png", "c", "d"));
        assertThatThrownBy(() -> Examples.jsonl(file))
                .isInstanceOf(FineTuningException.class)
                .hasMessageContaining(file + ", line 2")
                .hasMessageContaining(message);
        Examples left = Examples.jsonl(file, ReadOptions.defaults().withSkipBad(true));
        assertThat(left.size()).isEqualTo(2);
        assertThat(left.skipped()).isEqualTo(1);
        assertThat(left.problems()).singleElement().asString().contains(message);
    }

    @Test
    void filesOfOtherKindsAreExplained() throws IOException {
        assertThatThrownBy(() -> Examples.jsonl(folder.resolve("none.jsonl")))
                .isInstanceOf(FineTuningException.class)
                .hasMessageContaining("does not exist");
        Path empty = Files.writeString(folder.resolve("empty.jsonl"), "\n \n");
        assertThatThrownBy(() -> Examples.jsonl(empty))
                .isInstanceOf(FineTuningException.class)
                .hasMessageContaining(empty + " holds no example");
        Path wide = Files.write(folder.resolve("wide.jsonl"), "{}".getBytes(StandardCharsets.UTF_16));
        assertThatThrownBy(() -> Examples.jsonl(wide))
                .isInstanceOf(FineTuningException.class)
                .hasMessageContaining("save it as UTF-8");
        Path latin = Files.write(
                folder.resolve("latin.jsonl"), line("1.png", "a", "\u00e4").getBytes(StandardCharsets.ISO_8859_1));
        assertThatThrownBy(() -> Examples.jsonl(latin))
                .isInstanceOf(FineTuningException.class)
                .hasMessageContaining("malformed UTF-8");
        Path array = Files.writeString(folder.resolve("array.jsonl"), "[\n" + line("1.png", "a", "b") + "\n]");
        assertThatThrownBy(() -> Examples.jsonl(array))
                .isInstanceOf(FineTuningException.class)
                .hasMessageContaining("one such object a line");
        Path bad = Files.writeString(folder.resolve("bad.jsonl"), "{}\n{}");
        assertThatThrownBy(() -> Examples.jsonl(bad, ReadOptions.defaults().withSkipBad(true)))
                .isInstanceOf(FineTuningException.class)
                .hasMessageContaining("holds no example; 2 were left out, the first because");
    }

    @Test
    void aLineWithoutEndIsRefusedBeforeItIsKept() throws IOException {
        Path file = lines(line("1.png", "a", "x".repeat(JsonLines.MAX_LINE_BYTES)));
        assertThatThrownBy(() -> Examples.jsonl(file))
                .isInstanceOf(FineTuningException.class)
                .hasMessageContaining("line 1 is longer than");
    }

    @Test
    void picturesMayLieInAFolderOfTheirOwn() throws IOException {
        Path other = Files.createDirectories(folder.resolve("labels"));
        Path file = Files.writeString(other.resolve("x.jsonl"), line("1.png", "a", "b"));
        assertThatThrownBy(() -> Examples.jsonl(file)).isInstanceOf(FineTuningException.class);
        Examples examples = Examples.jsonl(file, ReadOptions.defaults().withPictures(folder));
        assertThat(examples.get(0).pictures().get(0).file()).contains(folder.resolve("1.png"));
    }

    @Test
    void splitsAreFoundWhereDifferentToolsPutThem() throws IOException {
        ReadOptions options = ReadOptions.defaults();
        Path file = lines(line("1.png", "a", "b"));
        assertThat(Examples.folder(folder, "train", options).source()).isEqualTo(file.toString());
        assertThat(Examples.folderIfPresent(folder, "valid", options)).isEmpty();
        Path roboflow = Files.writeString(folder.resolve("_annotations.valid.jsonl"), line("2.png", "a", "b"));
        assertThat(Examples.folder(folder, "valid", options).source()).isEqualTo(roboflow.toString());
        Path train = Files.createDirectories(folder.resolve("train"));
        Files.copy(folder.resolve("1.png"), train.resolve("1.png"));
        Path best = Files.writeString(train.resolve("annotations.jsonl"), line("1.png", "a", "b"));
        assertThat(Examples.folder(folder, "train", options).source()).isEqualTo(best.toString());
        assertThatThrownBy(() -> Examples.folder(folder, "test", options))
                .isInstanceOf(FineTuningException.class)
                .hasMessageContaining(
                        folder.resolve("test").resolve("annotations.jsonl").toString());
        Files.writeString(Files.createDirectories(folder.resolve("test")).resolve("_annotations.coco.json"), "{}");
        assertThatThrownBy(() -> Examples.folder(folder, "test", options))
                .isInstanceOf(FineTuningException.class)
                .hasMessageContaining("read it as COCO");
        assertThatThrownBy(() -> Examples.folder(folder.resolve("nowhere"), "train", options))
                .isInstanceOf(FineTuningException.class)
                .hasMessageContaining("nowhere does not exist");
    }

    @Test
    void theFingerprintChangesWithWhatIsTrained() throws IOException {
        Path file = lines(line("1.png", "a", "b"), line("2.png", "c", "d"));
        String before = Examples.jsonl(file).fingerprint();
        assertThat(before)
                .matches("[0-9a-f]{64}")
                .isEqualTo(Examples.jsonl(file).fingerprint());
        lines(line("1.png", "a", "b"), "", "{\"more\": 1, \"image\": \"2.png\", \"prefix\": \"c\", \"suffix\": \"d\"}");
        assertThat(Examples.jsonl(file).fingerprint()).isEqualTo(before);
        assertThat(Examples.jsonl(file).withObjectOrder(ObjectOrder.SHUFFLED).fingerprint())
                .isNotEqualTo(before);
        lines(line("1.png", "a", "b"), line("2.png", "c", "e"));
        assertThat(Examples.jsonl(file).fingerprint()).isNotEqualTo(before);
        lines(line("1.png", "a", "b"), line("2.png", "c", "d"));
        Files.write(folder.resolve("2.png"), new byte[1], StandardOpenOption.APPEND);
        assertThat(Examples.jsonl(file).fingerprint()).isNotEqualTo(before);
        RgbImage other = RgbImage.of(2, 1, new byte[6]);
        assertThat(Examples.of(List.of(Example.of(other, "a", "b"))).fingerprint())
                .isNotEqualTo(
                        Examples.of(List.of(Example.of(PICTURE, "a", "b"))).fingerprint());
    }

    @Test
    void picturesThatVanishOrAreDamagedAreNamed() throws IOException {
        Path file = lines(line("1.png", "a", "b"), line("2.png", "c", "d"));
        Examples examples = Examples.jsonl(file);
        Files.delete(folder.resolve("2.png"));
        assertThatThrownBy(examples::validate)
                .isInstanceOf(FineTuningException.class)
                .hasMessageContaining("line 2")
                .hasMessageContaining("2.png does not exist");
        Files.writeString(folder.resolve("1.png"), "no picture");
        Picture damaged = examples.get(0).pictures().get(0);
        assertThatThrownBy(damaged::read)
                .isInstanceOf(FineTuningException.class)
                .hasMessageContaining("1.png");
        Files.write(folder.resolve("1.png"), new byte[0]);
        assertThatThrownBy(examples::validate)
                .isInstanceOf(FineTuningException.class)
                .hasMessageContaining("is an empty file");
    }

    @Test
    void examplesInMemoryAndOfAnIterator() {
        List<Example> list = List.of(Example.of(PICTURE, "a", "b"), Example.of(PICTURE, "c", "d"));
        assertThat(Examples.of(list.iterator()).get(1)).isEqualTo(list.get(1));
        assertThat(Examples.of(list).first(1).size()).isEqualTo(1);
        assertThatThrownBy(() -> Examples.of(List.of())).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Example(List.of(), "a", "b", "x")).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void objectsStandInTheOrderThatWasAskedFor() {
        String a = "<loc0100><loc0900><loc0200><loc1000> a";
        String b = "<loc0100><loc0010><loc0200><loc0100> b";
        String c = "<loc0010><loc0500><loc0020><loc0600> c";
        Examples given = Examples.of(List.of(
                Example.of(PICTURE, "detect", a + " ; " + b + " ; " + c), Example.of(PICTURE, "caption", "x ; y")));
        assertThat(given.withObjectOrder(ObjectOrder.GIVEN)).isSameAs(given);
        Examples placed = given.withObjectOrder(ObjectOrder.POSITION);
        assertThat(placed.get(0, 1, 0).suffix()).isEqualTo(c + " ; " + b + " ; " + a);
        assertThat(placed.get(0).suffix()).startsWith(a);
        assertThat(placed.get(1, 1, 0).suffix()).isEqualTo("x ; y");
        Examples shuffled = given.withObjectOrder(ObjectOrder.SHUFFLED);
        assertThat(shuffled.changesPictures()).isFalse();
        List<String> seen = LongStream.range(0, 30)
                .mapToObj(epoch -> shuffled.get(0, 5, epoch).suffix())
                .toList();
        assertThat(seen.stream().distinct()).hasSizeGreaterThan(3);
        assertThat(shuffled.get(0, 5, 7)).isEqualTo(shuffled.get(0, 5, 7));
        assertThat(seen).allSatisfy(text -> assertThat(text.split(" ; ")).containsExactlyInAnyOrder(a, b, c));
    }
}
