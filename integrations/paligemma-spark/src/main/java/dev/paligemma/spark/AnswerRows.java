package dev.paligemma.spark;

import dev.paligemma.detection.Segment;
import dev.paligemma.generation.GenerationResult;
import dev.paligemma.spark.AnswerSettings.Answered;
import dev.paligemma.vision.PixelBox;
import dev.paligemma.vision.mask.CocoRle;
import java.util.Locale;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.jspecify.annotations.Nullable;

/** Answers as values of Spark. */
final class AnswerRows {
    private static final StructType MASK = new StructType()
            .add("width", DataTypes.IntegerType)
            .add("height", DataTypes.IntegerType)
            .add("counts", DataTypes.StringType);
    private static final StructType DETECTION = new StructType()
            .add("label", DataTypes.StringType)
            .add("left", DataTypes.IntegerType)
            .add("top", DataTypes.IntegerType)
            .add("right", DataTypes.IntegerType)
            .add("bottom", DataTypes.IntegerType)
            .add("confidence", DataTypes.DoubleType)
            .add("mask", MASK);
    private static final StructType TIMINGS = new StructType()
            .add("preprocessMs", DataTypes.DoubleType)
            .add("visionMs", DataTypes.DoubleType)
            .add("prefillMs", DataTypes.DoubleType)
            .add("decodeMs", DataTypes.DoubleType);

    /** The type of the column of answers. */
    static final StructType ANSWER = new StructType()
            .add("text", DataTypes.StringType)
            .add("detections", DataTypes.createArrayType(DETECTION))
            .add("logProbability", DataTypes.DoubleType)
            .add("tokens", DataTypes.IntegerType)
            .add("finishReason", DataTypes.StringType)
            .add("timings", TIMINGS)
            .add("error", DataTypes.StringType);

    private AnswerRows() {}

    static Row of(Answered answered) {
        GenerationResult result = answered.generation();
        // An array and no Seq of Scala: the same source for its versions 2.12 and 2.13.
        Row[] detections =
                answered.segments().stream().map(AnswerRows::detection).toArray(Row[]::new);
        Row timings = RowFactory.create(
                result.timings().preprocessMs(),
                result.timings().visionMs(),
                result.timings().prefillMs(),
                result.timings().decodeMs());
        return RowFactory.create(
                result.text(),
                detections,
                known(result.totalLogProbability()),
                result.tokens().size(),
                result.finishReason().name().toLowerCase(Locale.ROOT),
                timings,
                null);
    }

    static Row failed(String reason) {
        return RowFactory.create(null, null, null, null, null, null, reason);
    }

    private static Row detection(Segment segment) {
        PixelBox box = segment.pixels();
        return RowFactory.create(
                segment.label(),
                box.left(),
                box.top(),
                box.right(),
                box.bottom(),
                known(segment.confidence()),
                segment.rle().map(AnswerRows::mask).orElse(null));
    }

    private static Row mask(CocoRle rle) {
        return RowFactory.create(rle.width(), rle.height(), rle.compressed());
    }

    /** In SQL, what is not known is null. */
    private static @Nullable Double known(double figure) {
        return Double.isNaN(figure) ? null : figure;
    }
}
