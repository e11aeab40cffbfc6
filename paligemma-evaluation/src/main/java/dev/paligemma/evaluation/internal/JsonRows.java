package dev.paligemma.evaluation.internal;

import dev.paligemma.base.internal.JsonLineFile;
import dev.paligemma.base.internal.JsonObject;
import dev.paligemma.evaluation.metric.EvaluationException;
import java.nio.file.Path;
import java.util.function.Consumer;

/** Reads a file of one JSON object a line; blank lines do not matter. Stateless. */
public final class JsonRows {
    /** A mask of a large picture, as run lengths that are not compressed, takes some megabytes. */
    private static final int MAX_LINE_BYTES = 16 << 20;

    private JsonRows() {}

    /** Hands every object to the consumer, in order; their places name file and line. */
    public static void read(Path file, Consumer<JsonObject> rows) {
        JsonLineFile.read(
                file,
                MAX_LINE_BYTES,
                "expected one JSON object a line",
                EvaluationException::new,
                (line, where) -> rows.accept(parse(line, where)));
    }

    /** One line; {@code where} names it. */
    public static JsonObject parse(byte[] line, String where) {
        return JsonLineFile.object(line, where, "", EvaluationException::new);
    }
}
