package dev.paligemma.base.internal;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Goes through a file of UTF-8 with one JSON object a line. Stateless. */
public final class JsonLineFile {
    /** The bytes of the mark that some editors put in front of UTF-8. */
    private static final int MARK_BYTES = 3;

    private JsonLineFile() {}

    /** Takes the lines of a file. */
    @FunctionalInterface
    public interface Reader {
        /**
         * Takes a line that is not blank.
         *
         * @param line its bytes without the end of the line
         * @param where the file and the number of the line, for messages
         */
        void take(byte[] line, String where);
    }

    /**
     * Reads all lines that are not blank. The mark of UTF-8 at the beginning is left out.
     *
     * @param file a regular file, or a link to one
     * @param maxLineBytes the longest line that is read
     * @param advice what a message about a longer line ends with
     * @param failure makes the exception if the file is missing, unreadable, in UTF-16, or has a line that is too long
     */
    public static void read(Path file, int maxLineBytes, String advice, Failure failure, Reader reader) {
        Path real = InputFiles.regular(file, failure);
        try (InputStream in = new BufferedInputStream(Files.newInputStream(real), 1 << 16)) {
            skipMark(in, file, failure);
            int number = 1;
            for (byte[] line = line(in, maxLineBytes); line != null; line = line(in, maxLineBytes)) {
                String where = file + ", line " + number;
                if (line.length > maxLineBytes) {
                    throw failure.of(where + " is longer than " + maxLineBytes + " bytes; " + advice);
                }
                if (!isBlank(line)) {
                    reader.take(line, where);
                }
                number++;
            }
        } catch (IOException e) {
            throw failure.of("cannot read " + file + ": " + FailureReason.of(e, file), e);
        }
    }

    /** The object of a line; {@code shape}, which may be empty, is what its messages end with. */
    public static JsonObject object(byte[] line, String where, String shape, Failure failure) {
        // Each line is a document of its own for the parser, so its "line 1" would mislead.
        return Json.readObject(
                where,
                line,
                (message, cause) -> failure.of(
                        String.valueOf(message).replaceFirst(" at line 1, column ", " at column ") + shape, cause));
    }

    /** Leaves out the mark of UTF-8 at the beginning; refuses UTF-16. */
    private static void skipMark(InputStream in, Path file, Failure failure) throws IOException {
        in.mark(MARK_BYTES);
        byte[] start = in.readNBytes(MARK_BYTES);
        if (start.length == MARK_BYTES
                && (start[0] & 255) == 0xEF
                && (start[1] & 255) == 0xBB
                && (start[2] & 255) == 0xBF) {
            return;
        }
        if (start.length >= 2 && (start[0] & 255) + (start[1] & 255) == 0xFE + 0xFF) {
            throw failure.of(file + " is UTF-16; save it as UTF-8");
        }
        in.reset();
    }

    /** The bytes of the next line without its end, at most one more than allowed; null behind the last one. */
    private static byte @Nullable [] line(InputStream in, int maxLineBytes) throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream(256);
        int next = in.read();
        if (next < 0) {
            return null;
        }
        for (; next >= 0 && next != '\n' && line.size() <= maxLineBytes; next = in.read()) {
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
