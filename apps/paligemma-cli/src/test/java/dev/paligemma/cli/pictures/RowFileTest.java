package dev.paligemma.cli.pictures;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RowFileTest {
    private static final Map<String, String> RUN = Map.of("prompt", "caption en", "model", "tiny");

    @TempDir
    Path folder;

    private Path file;

    @BeforeEach
    void name() {
        file = folder.resolve("rows.jsonl");
    }

    @Test
    void aNewFileHasNoRows() throws IOException {
        try (RowFile rows = RowFile.open(file, RUN)) {
            assertThat(rows.rows()).isZero();
            assertThat(remaining(rows, "a", "b")).containsExactly("a", "b");
            rows.append(row("a") + row("b"));
        }

        assertThat(file).hasContent(row("a") + row("b"));
    }

    @Test
    void whatIsDoneIsSkippedAndTheRestFollows() throws IOException {
        Files.writeString(file, row("a") + row("b"));

        try (RowFile rows = RowFile.open(file, RUN)) {
            assertThat(remaining(rows, "a", "b", "c")).containsExactly("c");
            assertThat(rows.skipped()).isEqualTo(2);
            rows.append(row("c"));
        }

        assertThat(file).hasContent(row("a") + row("b") + row("c"));
    }

    @Test
    void picturesThatCameInBetweenAreNotSkipped() throws IOException {
        Files.writeString(file, row("b") + row("a") + row("a"));

        try (RowFile rows = RowFile.open(file, RUN)) {
            assertThat(remaining(rows, "0", "a", "a", "a", "b", "c")).containsExactly("0", "a", "c");
        }
    }

    @Test
    void newRowsAreNotTakenForOldOnes() throws IOException {
        Files.writeString(file, row("a"));

        try (RowFile rows = RowFile.open(file, RUN)) {
            assertThat(remaining(rows, "a", "b")).containsExactly("b");
            rows.append(row("b"));
            assertThat(remaining(rows, "b")).containsExactly("b");
        }
    }

    @Test
    void errorsAreRows() throws IOException {
        Files.writeString(
                file,
                row("a")
                        + "{\"image\":\"b\",\"error\":\"damaged\",\"prompt\":\"caption en\",\"run\":{\"model\":\"tiny\"}}\r\n");

        try (RowFile rows = RowFile.open(file, RUN)) {
            assertThat(rows.rows()).isEqualTo(2);
            assertThat(rows.failed()).isEqualTo(1);
            assertThat(remaining(rows, "a", "b", "c")).containsExactly("c");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{",
                "{\"image\":\"b\",\"text\":\"a c",
                "{\"image\":\"b\",\"text\":\"a c\"}",
                "{\"image\":\"b\",\"te\n",
                "\0\0\0\0\0\0\0\0\0\0\0\0",
                "{\"image\":\"b\0\0\0\n"
            })
    void aLastRowThatWasNotWrittenToItsEndIsCutOff(String torn) throws IOException {
        Files.writeString(file, row("a") + torn);

        try (RowFile rows = RowFile.open(file, RUN)) {
            assertThat(remaining(rows, "a", "b")).containsExactly("b");
            rows.append(row("b"));
        }

        assertThat(file).hasContent(row("a") + row("b"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a picture",
                "a.jpg\ta cat\n",
                "{\"text\":\"one object\"}\n",
                "{\"text\": \"without a line break\"}",
                "{\n  \"image\": 1\n}\n",
                "[]\n[]\n"
            })
    void aFileOfAnotherKindStaysAsItIs(String content) throws IOException {
        Files.writeString(file, content);

        assertThatThrownBy(() -> RowFile.open(file, RUN))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("line 1 of " + file)
                .hasMessageContaining("expected a file that --jsonl or --resume wrote");
        assertThat(file).hasContent(content);
    }

    @Test
    void aRowThatIsDamagedInBetweenIsNamed() throws IOException {
        Files.writeString(file, row("a") + "{\"image\":\"b\"" + "\n" + row("c"));

        assertThatThrownBy(() -> RowFile.open(file, RUN))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("line 2 of " + file);
    }

    @Test
    void rowsOfAnotherRunAreRefused() throws IOException {
        Files.writeString(file, row("a"));

        assertThatThrownBy(() -> RowFile.open(file, Map.of("prompt", "ocr", "model", "tiny")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("line 1 of " + file)
                .hasMessageContaining("prompt is 'caption en' there and 'ocr' here");
        assertThatThrownBy(() -> RowFile.open(file, Map.of("prompt", "caption en", "model", "large")))
                .hasMessageContaining("model is 'tiny' there and 'large' here");
        assertThatThrownBy(() -> RowFile.open(file, Map.of("prompt", "caption en", "model", "tiny", "adapter", "x")))
                .hasMessageContaining("adapter is not given there and 'x' here");
        assertThat(file).hasContent(row("a"));
    }

    @Test
    void rowsThatHadMoreThanThisRunAreRefused() throws IOException {
        Files.writeString(
                file, "{\"image\":\"a\",\"prompt\":\"caption en\",\"run\":{\"model\":\"tiny\",\"adapter\":\"x\"}}\n");

        assertThatThrownBy(() -> RowFile.open(file, RUN))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("adapter is 'x' there and not given here");
    }

    @Test
    void oneProcessWritesAtATime() throws IOException {
        try (RowFile rows = RowFile.open(file, RUN)) {
            assertThat(rows.rows()).isZero();
            assertThatThrownBy(() -> RowFile.open(file, RUN))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("is writing " + file);
        }
        try (RowFile again = RowFile.open(file, RUN)) {
            assertThat(again.rows()).isZero();
        }
    }

    @Test
    void aPlaceThatIsNoneIsNamed() {
        assertThatThrownBy(() -> RowFile.open(folder, RUN)).hasMessageContaining("is a folder");
        assertThatThrownBy(() -> RowFile.open(folder.resolve("no/rows.jsonl"), RUN))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("there is no folder");
    }

    private static String row(String image) {
        return "{\"image\":\"" + image
                + "\",\"prompt\":\"caption en\",\"text\":\"a cat\",\"run\":{\"model\":\"tiny\"}}\n";
    }

    private static List<String> remaining(RowFile rows, String... names) {
        List<String> remaining = new ArrayList<>();
        rows.remaining(List.of(names).iterator()).forEachRemaining(remaining::add);
        return remaining;
    }
}
