package dev.paligemma.evaluation.internal;

import dev.paligemma.base.internal.FailureReason;
import dev.paligemma.base.internal.InputFiles;
import dev.paligemma.base.internal.Json;
import dev.paligemma.base.internal.JsonObject;
import dev.paligemma.evaluation.metric.EvaluationException;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Reads a file of one JSON object a line; blank lines do not matter. Stateless. */
public final class JsonRows {
    /** A mask of a large picture, as run lengths that are not compressed, takes some megabytes. */
    private static final int MAX_LINE_BYTES = 16 << 20;

    private static final int MARK_BYTES = 3;

    private JsonRows() {}

    /** Hands every object to the consumer, in order; their places name file and line. */
    public static void read(Path file, Consumer<JsonObject> rows) {
        Path real = InputFiles.regular(file, EvaluationException::new);
        try (InputStream in = new BufferedInputStream(Files.newInputStream(real), 1 << 16)) {
            skipMark(in, file);
            int number = 1;
            for (byte[] line = line(in, file, number); line != null; line = line(in, file, ++number)) {
                if (!isBlank(line)) {
                    rows.accept(parse(line, file + ", line " + number));
                }
            }
        } catch (IOException e) {
            throw new EvaluationException("cannot read " + file + ": " + FailureReason.of(e, file), e);
        }
    }

    /** One line; {@code where} names it. */
    public static JsonObject parse(byte[] line, String where) {
        // Each line is a document of its own for the parser, so its "line 1" would mislead.
        return Json.readObject(
                where,
                line,
                (message, cause) -> new EvaluationException(
                        Objects.requireNonNull(message).replaceFirst(" at line 1, column ", " at column "), cause));
    }

    /** Leaves out the mark of UTF-8 at the beginning; refuses UTF-16. */
    private static void skipMark(InputStream in, Path file) throws IOException {
        in.mark(MARK_BYTES);
        byte[] start = in.readNBytes(MARK_BYTES);
        if (start.length == MARK_BYTES && start[0] == (byte) 0xEF && start[1] == (byte) 0xBB && start[2] == (byte) 0xBF) {
            return;
        }
        if (start.length >= 2 && (start[0] & 255) + (start[1] & 255) == 0xFE + 0xFF) {
            throw new EvaluationException(file + " is UTF-16; save it as UTF-8");
        }
        in.reset();
    }

    /** The bytes of the next line without its end; null behind the last one. */
    private static byte @Nullable [] line(InputStream in, Path file, int number) throws IOException {
        int next = in.read();
        if (next < 0) {
            return null;
        }
        ByteArrayOutputStream line = new ByteArrayOutputStream(256);
        for (; next >= 0 && next != '\n'; next = in.read()) {
            if (line.size() == MAX_LINE_BYTES) {
                throw new EvaluationException(file + ", line " + number + " is longer than " + MAX_LINE_BYTES
                        + " bytes; expected one JSON object a line");
            }
            line.write(next);
        }
        return line.toByteArray();
    }

    private static boolean isBlank(byte[] line) {
        for (byte each : line) {
            if (each != ' ' && each != '\t' && each != '\r') {
                return false;
            }
        }
        return true;
    }
}
