package dev.paligemma.retrieval.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paligemma.retrieval.MaxSim;
import dev.paligemma.retrieval.Rows;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.store.ByteBuffersDirectory;
import org.apache.lucene.store.Directory;
import org.junit.jupiter.api.Test;

class LuceneExampleTest {
    private static final int PAGES = 60;

    @Test
    void findsWhatMaxSimFinds() throws IOException {
        Random random = new Random(3);
        List<Rows> pages = new ArrayList<>();
        try (Directory directory = new ByteBuffersDirectory()) {
            try (IndexWriter writer = new IndexWriter(directory, new IndexWriterConfig())) {
                for (int page = 0; page < PAGES; page++) {
                    pages.add(rows(random, 12));
                    LuceneExample.add(writer, "page " + page, pages.get(page));
                }
            }
            try (DirectoryReader reader = DirectoryReader.open(directory)) {
                IndexSearcher searcher = new IndexSearcher(reader);
                Rows query = rows(random, 5);
                List<String> expected = MaxSim.best(query, pages, 7).stream()
                        .map(hit -> "page " + hit.page())
                        .toList();
                assertThat(LuceneExample.find(searcher, query, PAGES, 7)).isEqualTo(expected);
                Rows part = Rows.of(java.util.Arrays.copyOf(pages.get(41).toArray(), 6 * 16), 16);
                assertThat(LuceneExample.find(searcher, part, 20, 1)).containsExactly("page 41");
            }
        }
    }

    private static Rows rows(Random random, int count) {
        float[] values = new float[count * 16];
        for (int row = 0; row < count; row++) {
            double squares = 0;
            for (int i = 0; i < 16; i++) {
                values[row * 16 + i] = (float) random.nextGaussian();
                squares += values[row * 16 + i] * values[row * 16 + i];
            }
            for (int i = 0; i < 16; i++) {
                values[row * 16 + i] /= (float) Math.sqrt(squares);
            }
        }
        return Rows.of(values, 16);
    }
}
