package dev.paligemma.spark.examples;

import dev.paligemma.spark.PaliGemmaTransformer;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/** Example of docs/spark.md: things in the pictures of a folder, a row for each. */
public final class SparkExample {
    private SparkExample() {}

    // region spark-things
    public static Dataset<Row> things(SparkSession spark, String folder, String model) {
        Dataset<Row> pictures = spark.read().format("binaryFile").load(folder);
        return new PaliGemmaTransformer()
                .setModel(model)
                .setTask("detect")
                .setLabels("blue square", "word")
                .transform(pictures)
                .selectExpr("path", "answer.error", "explode_outer(answer.detections) AS thing")
                .selectExpr("path", "error", "thing.*");
    }
    // endregion
}
