package dev.paligemma.retrieval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.paligemma.base.PaliGemmaException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PageIndexTest {
    private static PageEncoder encoder;
    private static List<PageIndex.Page> pages;

    @TempDir
    Path folder;

    @BeforeAll
    static void encode() {
        encoder = PageEncoder.load(RowsGolden.folder("hf-pg1"));
        List<Rows> rows = encoder.pages(Pages.pages(12));
        pages = IntStream.range(0, rows.size())
                .mapToObj(i -> new PageIndex.Page("dir/\u00e4 \"" + i + "\".pdf", i, rows.get(i)))
                .toList();
    }

    @AfterAll
    static void close() {
        encoder.close();
    }

    private Path written() {
        Path file = folder.resolve("new/a.pages");
        PageIndex.of("owner/name", encoder, pages).write(file);
        return file;
    }

    @Test
    void findsAfterReadingWhatItFoundBefore() throws IOException {
        Path file = written();
        PageIndex read = PageIndex.read(file);
        assertThat(read.model()).isEqualTo("owner/name");
        assertThat(read.size()).isEqualTo(12);
        assertThat(read.layout()).isEqualTo(PromptLayout.TRANSFORMERS);
        List<PageIndex.Found> found = read.find(encoder, "what is this", 3);
        assertThat(found).hasSize(3).isEqualTo(PageIndex.of("x", encoder, pages).find(encoder, "what is this", 3));
        Rows query = encoder.query("what is this");
        for (PageIndex.Found each : found) {
            assertThat(each.source()).isEqualTo(pages.get(each.number()).source());
            assertThat(each.score())
                    .isCloseTo(
                            MaxSim.score(query, pages.get(each.number()).rows()),
                            org.assertj.core.data.Offset.offset(0.2));
        }
        try (Stream<Path> left = Files.list(file.getParent())) {
            assertThat(left).containsExactly(file);
        }
    }

    @Test
    void replacesAFileWholeOrNotAtAll() throws IOException {
        Path file = written();
        byte[] before = Files.readAllBytes(file);
        PageIndex.of("owner/name", encoder, pages).write(file);
        assertThat(Files.readAllBytes(file)).isEqualTo(before);
        Path blocked = Files.createDirectory(folder.resolve("taken"));
        Files.writeString(blocked.resolve("inside"), "");
        assertThatExceptionOfType(PageIndexException.class)
                .isThrownBy(() -> PageIndex.of("m", encoder, pages).write(blocked))
                .withMessageContaining("taken");
        try (Stream<Path> left = Files.list(folder)) {
            assertThat(left.map(Path::getFileName).map(Path::toString)).containsExactlyInAnyOrder("new", "taken");
        }
    }

    @Test
    void refusesAnotherModelAndAnotherLayout() {
        PageIndex index = PageIndex.read(written());
        try (PageEncoder other = PageEncoder.builder()
                .checkpoint(RowsGolden.folder("engine-pg1"))
                .adapter(RowsGolden.folder("engine-adapter"))
                .layout(PromptLayout.TRANSFORMERS)
                .build()) {
            assertThatExceptionOfType(PageIndexException.class)
                    .isThrownBy(() -> index.find(other, "x", 1))
                    .withMessageContaining("another model")
                    .withMessageContaining("owner/name");
        }
        try (PageEncoder other = PageEncoder.builder()
                .checkpoint(RowsGolden.folder("hf-pg1"))
                .layout(PromptLayout.COLPALI_ENGINE)
                .build()) {
            assertThatExceptionOfType(PageIndexException.class)
                    .isThrownBy(() -> index.find(other, "x", 1))
                    .withMessageContaining("layout(...)");
        }
    }

    @Test
    void refusesWhateverIsDamaged() throws IOException {
        byte[] good = Files.readAllBytes(written());
        Path file = folder.resolve("bad.pages");
        Random random = new Random(1);
        for (int i = 0; i < 200; i++) {
            byte[] bad = good.clone();
            int at = i < 60 ? i : random.nextInt(bad.length);
            bad[at] ^= (byte) (1 << random.nextInt(8));
            assertRefused(Files.write(file, bad));
            assertRefused(Files.write(file, Arrays.copyOf(good, random.nextInt(good.length))));
        }
        assertRefused(Files.write(file, Arrays.copyOf(good, good.length + 1)));
        assertRefused(folder);
        assertRefused(folder.resolve("absent"));
        for (int length : new int[] {-1, 0, 1, Integer.MAX_VALUE}) {
            byte[] bad = good.clone();
            ByteBuffer.wrap(bad).order(ByteOrder.LITTLE_ENDIAN).putInt(8, length);
            assertRefused(Files.write(file, bad));
        }
    }

    private static void assertRefused(Path file) {
        assertThatExceptionOfType(PageIndexException.class)
                .isThrownBy(() -> PageIndex.read(file))
                .withMessageContaining(String.valueOf(file.getFileName()));
    }

    @Test
    void refusesDescriptionsThatAskForTooMuch() throws IOException {
        for (String description : List.of(
                "{}",
                "{\"width\": 128, \"probe\": 65536, \"pages\": []}",
                "{\"width\": 4097, \"probe\": 1, \"pages\": []}",
                "{\"width\": 1, \"probe\": 1, \"pages\": [{\"source\": \"a\", \"page\": 0, \"rows\": 65537}]}",
                "{\"width\": 1, \"probe\": 1, \"pages\": [{\"source\": \"a\", \"page\": 0, \"rows\": 65536}]}",
                "{\"width\": 1, \"probe\": 1, \"pages\": 7}",
                "[1]")) {
            byte[] text = description.getBytes(java.nio.charset.StandardCharsets.UTF_8);
            ByteBuffer bytes = ByteBuffer.allocate(12 + text.length + 100).order(ByteOrder.LITTLE_ENDIAN);
            bytes.put("PGPAGES1".getBytes(java.nio.charset.StandardCharsets.US_ASCII))
                    .putInt(text.length)
                    .put(text);
            assertRefused(Files.write(folder.resolve("bad.pages"), bytes.array()));
        }
    }

    @Test
    void refusesPagesWithoutAPlaceAndOfAnotherWidth() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new PageIndex.Page("", 0, pages.get(0).rows()));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new PageIndex.Page("a", -1, pages.get(0).rows()));
        PageIndex.Page narrow = new PageIndex.Page("a", 0, Rows.of(new float[] {1}, 1));
        assertThatIllegalArgumentException().isThrownBy(() -> PageIndex.of("m", encoder, List.of(narrow)));
        assertThatExceptionOfType(PaliGemmaException.class).isThrownBy(() -> PageIndex.read(folder));
    }
}
