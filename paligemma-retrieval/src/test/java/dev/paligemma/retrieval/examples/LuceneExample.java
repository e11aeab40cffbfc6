package dev.paligemma.retrieval.examples;

import dev.paligemma.retrieval.MaxSim;
import dev.paligemma.retrieval.Rows;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.KnnFloatVectorField;
import org.apache.lucene.document.StoredField;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.VectorSimilarityFunction;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.KnnFloatVectorQuery;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.util.BytesRef;

/** Pages in Lucene 9: the nearest by the mean of their rows, ordered by all rows. */
final class LuceneExample {
    private LuceneExample() {}

    // region lucene
    static void add(IndexWriter index, String page, Rows rows) throws IOException {
        Document document = new Document();
        document.add(new StoredField("page", page));
        document.add(new KnnFloatVectorField("mean", mean(rows), VectorSimilarityFunction.DOT_PRODUCT));
        ByteBuffer bytes = ByteBuffer.allocate(rows.count() * rows.width() * Float.BYTES);
        bytes.asFloatBuffer().put(rows.toArray());
        document.add(new StoredField("rows", bytes.array()));
        index.addDocument(document);
    }

    static List<String> find(IndexSearcher searcher, Rows query, int candidates, int limit) throws IOException {
        List<String> pages = new ArrayList<>();
        List<Rows> rows = new ArrayList<>();
        KnnFloatVectorQuery nearest = new KnnFloatVectorQuery("mean", mean(query), candidates);
        for (ScoreDoc hit : searcher.search(nearest, candidates).scoreDocs) {
            Document document = searcher.storedFields().document(hit.doc);
            BytesRef stored = document.getBinaryValue("rows");
            float[] values = new float[stored.length / Float.BYTES];
            ByteBuffer.wrap(stored.bytes, stored.offset, stored.length)
                    .asFloatBuffer()
                    .get(values);
            pages.add(document.get("page"));
            rows.add(Rows.of(values, query.width()));
        }
        return MaxSim.best(query, rows, limit).stream()
                .map(hit -> pages.get(hit.page()))
                .toList();
    }

    /** The mean of rows, with the length 1. */
    private static float[] mean(Rows rows) {
        float[] mean = new float[rows.width()];
        double squares = 0;
        for (int i = 0; i < mean.length; i++) {
            for (int row = 0; row < rows.count(); row++) {
                mean[i] += rows.at(row, i);
            }
            squares += mean[i] * mean[i];
        }
        for (int i = 0; i < mean.length; i++) {
            mean[i] /= (float) Math.sqrt(squares);
        }
        return mean;
    }
    // endregion
}
