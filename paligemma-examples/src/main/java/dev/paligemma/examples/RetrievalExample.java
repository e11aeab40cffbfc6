package dev.paligemma.examples;

import dev.paligemma.retrieval.MaxSim;
import dev.paligemma.retrieval.PageEncoder;
import dev.paligemma.retrieval.Rows;
import dev.paligemma.vision.RgbImage;
import java.nio.file.Path;
import java.util.List;

/** The page that answers a question. */
public final class RetrievalExample {
    private RetrievalExample() {}

    /** Finds the better of two pages; needs the network, or the model in the cache. */
    public static void main(String[] args) {
        // region retrieval
        try (PageEncoder encoder = PageEncoder.fromPretrained("vidore/colpali-v1.3-hf")) {
            List<Rows> pages =
                    encoder.pages(List.of(RgbImage.read(Path.of("page1.png")), RgbImage.read(Path.of("page2.png"))));
            Rows query = encoder.query("How much did revenue grow?");
            for (MaxSim.Hit hit : MaxSim.best(query, pages, 2)) {
                System.out.println(hit.page() + ": " + hit.score());
            }
        }
        // endregion
    }
}
