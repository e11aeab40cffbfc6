package dev.paligemma.langchain4j.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.langchain4j.rag.content.Content;
import dev.langchain4j.rag.query.Query;
import dev.paligemma.retrieval.PageEncoder;
import dev.paligemma.retrieval.PageIndex;
import dev.paligemma.vision.RgbImage;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PageRetrieverExampleTest {
    private static final Path CHECKPOINT = Path.of("../../paligemma-retrieval/src/test/resources/golden/hf-pg1");

    @Test
    void givesTheBestPagesWithTheirPlaces() {
        try (PageEncoder encoder = PageEncoder.load(CHECKPOINT)) {
            List<PageIndex.Page> pages = IntStream.rangeClosed(1, 5)
                    .mapToObj(page -> new PageIndex.Page("a.pdf", page, encoder.page(grey(page * 40))))
                    .toList();
            PageIndex index = PageIndex.of("tiny", encoder, pages);

            List<Content> found = PageRetrieverExample.retriever(encoder, index).retrieve(Query.from("the red cat"));

            PageIndex.Found best = index.find(encoder, "the red cat", 1).get(0);
            assertThat(found).hasSize(3);
            assertThat(found.get(0).textSegment().text()).isEqualTo("a.pdf, page " + best.number());
            assertThat(found.get(0).textSegment().metadata().getInteger("page")).isEqualTo(best.number());
        }
    }

    private static RgbImage grey(int level) {
        byte[] rgb = new byte[20 * 20 * 3];
        java.util.Arrays.fill(rgb, (byte) level);
        return RgbImage.of(20, 20, rgb);
    }
}
