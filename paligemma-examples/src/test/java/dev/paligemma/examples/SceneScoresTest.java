package dev.paligemma.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.paligemma.detection.Detection;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SceneScoresTest {
    private final SceneScores scores = new SceneScores();

    @Test
    void countsTextsToTheLetter() {
        scores.add(scene("caption", "a red circle"), "a red circle");
        scores.add(scene("caption", "a red circle"), "a red circle ");
        scores.add(scene("answer", "2"), "2");
        scores.add(scene("ocr", "tree"), "free");

        assertThat(scores.captions()).isEqualTo(0.5);
        assertThat(scores.answers()).isEqualTo(1);
        assertThat(scores.texts()).isZero();
    }

    @Test
    void overlapIsIntersectionOverUnion() {
        // 100 x 100 against 100 x 50 inside it: half of the union is shared.
        scores.add(
                scene("detect", "<loc0100><loc0200><loc0200><loc0300> red circle"),
                "<loc0100><loc0200><loc0200><loc0250> red circle");

        assertThat(scores.meanIou()).isCloseTo(0.5, within(1e-12));
    }

    @Test
    void meanIsTakenOverBoxesNotOverQuestions() {
        String two = "<loc0000><loc0000><loc0100><loc0100> circle ; <loc0500><loc0500><loc0600><loc0600> word";

        scores.add(scene("detect", two), "<loc0000><loc0000><loc0100><loc0100> circle");
        scores.add(scene("detect", "<loc0000><loc0000><loc0100><loc0100> circle"), two);

        assertThat(scores.meanIou()).isCloseTo(2.0 / 3, within(1e-12));
    }

    @Test
    void boxWithAnotherNameOrWithoutAreaScoresNothing() {
        String expected = "<loc0000><loc0000><loc0100><loc0100> circle";

        scores.add(scene("detect", expected), "<loc0000><loc0000><loc0100><loc0100> square");
        scores.add(scene("detect", expected), "<loc0100><loc0100><loc0000><loc0000> circle");
        scores.add(scene("detect", expected), "<loc0200><loc0200><loc0300><loc0300> circle");
        scores.add(scene("detect", expected), "a circle");

        assertThat(scores.meanIou()).isZero();
    }

    @Test
    void findsBoxesInAnAnswer() {
        assertThat(SceneScores.boxes("<loc0001><loc0002><loc0003><loc0004> red circle ; "
                        + "<loc0005><loc0006><loc0007><loc0008> word"))
                .map(part -> ((Detection) part).label())
                .containsExactly("red circle", "word");
        assertThat(SceneScores.boxes("<loc0001><loc0002><loc0003> red circle")).isEmpty();
        assertThat(SceneScores.boxes("")).isEmpty();
    }

    @Test
    void boxWithSwappedCornersTakesItsPlace() {
        String right = "<loc0100><loc0100><loc0200><loc0200> circle";
        String swapped = "<loc0200><loc0100><loc0100><loc0200> circle";

        scores.add(scene("detect", right + " ; " + right), swapped + " ; " + right);

        assertThat(scores.meanIou()).isEqualTo(0.5);
    }

    @Test
    void tableShowsEveryMeasureAndAdmitsWhatWasNotAsked() {
        scores.add(scene("caption", "a"), "a");
        scores.add(scene("caption", "a"), "b");
        scores.add(scene("caption", "a"), "a");
        scores.add(scene("detect-absent", ""), "");

        assertThat(scores.markdown()).isEqualTo("""
                        | measure | value | cases |
                        | --- | ---: | ---: |
                        | captions exactly right | 66.7 % | 3 |
                        | questions answered exactly right | - | 0 |
                        | text read exactly right | - | 0 |
                        | boxes, mean intersection over union | - | 0 |
                        | boxes with intersection over union above 0.5 | - | 0 |
                        | nothing found where there is nothing | 100.0 % | 1 |
                        """);
    }

    @Test
    void rejectsUnknownKind() {
        assertThatThrownBy(() -> scores.add(scene("riddle", "a"), "a"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("riddle");
    }

    @Test
    void readsScenesAndSkipsFieldsItDoesNotKnow(@TempDir Path folder) throws IOException {
        Files.writeString(folder.resolve("scenes.jsonl"), """
                {"file": "a.png", "kind": "detect", "boxes": [{"box": [1, 2.5, 3, 4]}], "prompt": "detect é", "expected": ""}
                {"file": "b.png", "size": 224, "kind": "ocr", "prompt": "ocr", "expected": "tree"}
                """);

        assertThat(Scene.readAll(folder))
                .containsExactly(
                        new Scene("a.png", "detect", "detect é", ""), new Scene("b.png", "ocr", "ocr", "tree"));
    }

    @Test
    void saysWhichLineLacksAField(@TempDir Path folder) throws IOException {
        Files.writeString(folder.resolve("scenes.jsonl"), """
                {"file": "b.png", "kind": "ocr", "prompt": "ocr", "expected": "tree"}
                {"file": "b.png", "kind": "ocr", "expected": "tree"}
                """);

        assertThatThrownBy(() -> Scene.readAll(folder))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("line 2");
    }

    private static Scene scene(String kind, String expected) {
        return new Scene("picture.png", kind, "prompt", expected);
    }
}
