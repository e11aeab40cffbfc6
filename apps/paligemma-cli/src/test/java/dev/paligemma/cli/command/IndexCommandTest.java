package dev.paligemma.cli.command;

import static dev.paligemma.cli.Outcome.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;

import dev.paligemma.cli.Outcome;
import dev.paligemma.retrieval.PageEncoder;
import dev.paligemma.tiny.TinyModel;
import dev.paligemma.vision.RgbImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.pdfbox.pdmodel.PDDocument;
import org.apache.pdfbox.pdmodel.PDPage;
import org.apache.pdfbox.pdmodel.PDPageContentStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IndexCommandTest {
    private static final Path GOLDEN = Path.of("../../paligemma-retrieval/src/test/resources/golden");
    private static final String MODEL = GOLDEN.resolve("hf-pg1").toString();

    @TempDir
    Path folder;

    private Path documents;
    private String index;

    @BeforeEach
    void writeDocuments() throws IOException {
        documents = Files.createDirectories(folder.resolve("documents/inside"));
        index = folder.resolve("a.pages").toString();
        Files.copy(TinyModel.picture(), documents.resolve("picture.png"));
        try (PDDocument document = new PDDocument()) {
            for (int i = 0; i < 3; i++) {
                PDPage page = new PDPage();
                document.addPage(page);
                try (PDPageContentStream content = new PDPageContentStream(document, page)) {
                    content.setNonStrokingColor(0.3f * i, 0.5f, 0.2f);
                    content.addRect(100, 100 * i, 300, 200);
                    content.fill();
                }
            }
            document.save(documents.resolve("three.pdf").toFile());
        }
    }

    private Outcome index(String... more) {
        return Outcome.run(join(List.of("index", folder.resolve("documents").toString(), "--out", index), more));
    }

    private static String[] join(List<String> first, String... more) {
        List<String> all = new java.util.ArrayList<>(first);
        all.addAll(List.of(more));
        return all.toArray(new String[0]);
    }

    @Test
    void findsPagesOfPdfFilesAndPictures() throws IOException {
        Outcome indexed = index("--model", MODEL);
        assertThat(indexed.exitCode()).as(indexed.err()).isZero();
        assertThat(indexed.out()).contains("4 pages");

        Outcome found = Outcome.run("find", "the red cat", "--index", index, "--limit", "9");
        assertThat(found.exitCode()).as(found.err()).isZero();
        assertThat(found.out().lines()).hasSize(4);
        assertThat(found.out()).contains("three.pdf, page 3").contains("picture.png");
        List<Double> scores = found.out()
                .lines()
                .map(line -> Double.valueOf(line.strip().split(" ", 2)[0]))
                .toList();
        assertThat(scores).isSortedAccordingTo(java.util.Comparator.reverseOrder());

        Map<String, Object> json = Outcome.parsed("find", "the red cat", "--index", index, "--limit", "1");
        assertThat((List<?>) json.get("found")).hasSize(1);
    }

    @Test
    void leavesDamagedFilesOutAndSaysSo() throws IOException {
        Files.writeString(documents.resolve("broken.pdf"), "no pdf");
        Files.writeString(documents.resolve("broken.png"), "no png");
        Outcome indexed = index("--model", MODEL, "--pool", "2", "--layout", "colpali-engine");
        assertThat(indexed.exitCode()).isEqualTo(1);
        assertThat(indexed.err()).contains("left out: ").contains("broken.pdf").contains("broken.png");
        assertThat(indexed.out()).contains("4 pages, 2 left out");
        // The index knows its layout.
        assertThat(Outcome.run("find", "x", "--index", index).exitCode()).isZero();
        Outcome other = Outcome.run("find", "x", "--index", index, "--layout", "transformers");
        assertRefused(other);
        assertThat(other.err()).contains("--layout");
    }

    @Test
    void saysWhichCheckpointItNeeds() {
        Outcome none = index();
        assertRefused(none);
        assertThat(none.err()).contains("vidore/colpali-v1.3-hf").contains("bundled model");
        Outcome writes = index("--model", TinyModel.folder().toString());
        assertRefused(writes);
        assertThat(writes.err()).contains("writes text").contains("vidore/colpali-v1.3-hf");
        assertThat(Path.of(index)).doesNotExist();
    }

    @Test
    void refusesWhatMakesNoSense() throws IOException {
        assertRefused(index("--model", MODEL, "--pool", "0"));
        assertRefused(index("--model", MODEL, "--precision", "int4"));
        assertRefused(index("--model", MODEL, "--layout", "other"));
        assertRefused(
                Outcome.run("find", "x", "--index", folder.resolve("absent").toString()));
        assertRefused(Outcome.run("find", "x", "--index", index, "--limit", "0"));
        Path empty = Files.createDirectory(folder.resolve("empty"));
        assertRefused(Outcome.run("index", empty.toString(), "--model", MODEL, "--out", index));
        Files.writeString(empty.resolve("a.pdf"), "x");
        Outcome unread = Outcome.run("index", empty.toString(), "--model", MODEL, "--out", index);
        assertThat(unread.exitCode()).isEqualTo(2);
        assertThat(unread.err()).contains("no index is written");
        assertThat(Path.of(index)).doesNotExist();
    }

    @Test
    void searchesWithTheModelThatMadeIt() {
        assertThat(index("--model", MODEL).exitCode()).isZero();
        Outcome other = Outcome.run(
                "find",
                "x",
                "--index",
                index,
                "--model",
                GOLDEN.resolve("engine-pg1").toString(),
                "--adapter",
                GOLDEN.resolve("engine-adapter").toString());
        assertRefused(other);
        assertThat(other.err()).contains("another model");
    }

    @Test
    void validatesTheRowsOfAWhitePage() throws IOException {
        byte[] white = new byte[32 * 32 * 3];
        java.util.Arrays.fill(white, (byte) 255);
        float first;
        try (PageEncoder encoder = PageEncoder.load(Path.of(MODEL))) {
            first = encoder.page(RgbImage.of(32, 32, white)).at(0, 0);
        }
        Path recipe = folder.resolve("recipe.json");
        String json = "{\"model\": \"m\", \"pages\": [{\"id\": \"white\", \"source\": \"s\", \"rows\": [[%s]]}]}";

        Files.writeString(recipe, String.format(java.util.Locale.ROOT, json, first + 0.01f));
        Outcome same = Outcome.run("validate", "--model", MODEL, "--recipe", recipe.toString());
        assertThat(same.exitCode()).as(same.err()).isZero();
        assertThat(same.out()).contains("1 as published");

        Files.writeString(recipe, String.format(java.util.Locale.ROOT, json, first + 0.1f));
        Outcome other = Outcome.run("validate", "--model", MODEL, "--recipe", recipe.toString());
        assertThat(other.exitCode()).isEqualTo(3);
        assertThat(other.out()).contains("DIFFERS");
    }
}
