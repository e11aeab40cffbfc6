package dev.paligemma.retrieval;

import dev.paligemma.base.internal.Quote;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * Pages that can be searched, in memory and as one file. Every page is compared with a query, one after the other, on all cores: meant
 * for thousands of pages; for more, a database that knows late interaction is the place for {@link Rows}.
 *
 * <p>Numbers are kept in one byte, with a factor for each row. Immutable and thread-safe.
 */
public final class PageIndex {
    /** What is asked to see whether an encoder is the one that an index was made with. */
    static final String PROBE = "the total on the last page";

    /** How alike the rows of the probe must be, on average; other precisions of one model are above it, other models around 0. */
    private static final double ALIKE = 0.9;

    private static final int MAX_NAME = 4_096;

    private final String model;
    private final PromptLayout layout;
    private final CodedRows probe;
    private final List<Entry> entries;

    /**
     * A page with its rows.
     *
     * @param source the file it is from
     * @param number its number in a document of several pages, from 1; 0 for a picture
     * @param rows from {@link PageEncoder#page}, or pooled ones
     */
    public record Page(String source, int number, Rows rows) {
        /** Checks the numbers. */
        public Page {
            Objects.requireNonNull(rows, "rows");
            requirePlace(source, number);
        }
    }

    /**
     * A page that was found.
     *
     * @param source the file it is from
     * @param number its number in a document of several pages, from 1; 0 for a picture
     * @param score {@link MaxSim#score}
     */
    public record Found(String source, int number, double score) {}

    /** A page as it is kept. */
    record Entry(String source, int number, CodedRows rows) {}

    PageIndex(String model, PromptLayout layout, CodedRows probe, List<Entry> entries) {
        this.model = model;
        this.layout = layout;
        this.probe = probe;
        this.entries = List.copyOf(entries);
    }

    static void requirePlace(String source, int number) {
        if (source.isEmpty() || source.length() > MAX_NAME || number < 0) {
            throw new IllegalArgumentException("a page needs a source of 1 to " + MAX_NAME
                    + " characters and a number from 0, got " + source.length() + " characters and " + number);
        }
    }

    /**
     * An index of pages.
     *
     * @param model what the model is called, for whoever opens it again, such as {@code vidore/colpali-v1.3-hf}
     * @param encoder what made the rows
     * @throws IllegalArgumentException if a page has rows of another width
     */
    public static PageIndex of(String model, PageEncoder encoder, List<Page> pages) {
        requirePlace(model, 0);
        Rows probe = encoder.query(PROBE);
        List<Entry> entries = new ArrayList<>();
        for (Page page : pages) {
            MaxSim.requireSameWidth(probe, page.rows);
            entries.add(new Entry(page.source, page.number, CodedRows.of(page.rows)));
        }
        return new PageIndex(model, encoder.layout(), CodedRows.of(probe), entries);
    }

    /**
     * Reads an index. All sizes and a checksum are compared before anything is believed.
     *
     * @throws PageIndexException if the file is missing, none of these, or damaged
     */
    public static PageIndex read(Path file) {
        return new PageIndexFile(file).read();
    }

    /**
     * Writes the index; a file of that name is replaced, whole or not at all.
     *
     * @throws PageIndexException if it cannot be written
     */
    public void write(Path file) {
        new PageIndexFile(file).write(this);
    }

    /** What the model was called. */
    public String model() {
        return model;
    }

    /** The layout of texts it was made with. */
    public PromptLayout layout() {
        return layout;
    }

    /** How many pages there are. */
    public int size() {
        return entries.size();
    }

    /**
     * The best pages for a query, the best one first.
     *
     * @param limit how many at most, at least 1
     * @throws PageIndexException if the index was made with another model, adapter or layout; all precisions of a model are one
     */
    public List<Found> find(PageEncoder encoder, String query, int limit) {
        requireMadeWith(encoder);
        Rows asked = encoder.query(query);
        double[] scores = entries.stream()
                .parallel()
                .mapToDouble(entry -> entry.rows.score(asked))
                .toArray();
        return MaxSim.best(scores, limit).stream()
                .map(hit -> {
                    Entry entry = entries.get(hit.page());
                    return new Found(entry.source, entry.number, hit.score());
                })
                .toList();
    }

    private void requireMadeWith(PageEncoder encoder) {
        if (encoder.layout() != layout) {
            throw new PageIndexException("the index was made with the layout " + layout + " and is searched with "
                    + encoder.layout() + "; choose the same with layout(...)");
        }
        Rows rows = encoder.query(PROBE);
        boolean same = rows.width() == probe.width() && rows.count() == probe.count() && likeness(rows) > ALIKE;
        if (!same) {
            throw new PageIndexException("the index was made with another model than "
                    + encoder.info().folder() + ": with " + Quote.shown(model, 200)
                    + "; open that, or make the index again");
        }
    }

    /** The mean product of the rows of the probe, then and now. */
    private double likeness(Rows rows) {
        return probe.products(rows) / rows.count();
    }

    CodedRows probe() {
        return probe;
    }

    List<Entry> entries() {
        return entries;
    }

    /** Tells the model and how many pages there are. */
    @Override
    public String toString() {
        return "PageIndex[" + size() + " pages, " + Quote.shown(model, 200) + "]";
    }
}
