package dev.paligemma.cli.pictures;

import dev.paligemma.base.internal.FailureReason;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;

/**
 * Paths of a list in UTF-8, one a line or each followed by a zero byte, as {@code find -print0} writes them. Empty lines do not
 * count. Read as they are asked for; the end closes what they are read from. Confined to one thread.
 */
public final class PathLines implements Iterator<String> {
    private static final int LONGEST = 1 << 16;
    private static final char BYTE_ORDER_MARK = '\ufeff';

    private final String where;
    private final Reader reader;
    private boolean isFirst = true;
    private boolean isOver;
    private @Nullable String next;

    /** Reads a stream; {@code where} is what it is, for messages. */
    public PathLines(InputStream in, String where) {
        this.where = where;
        this.reader = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
    }

    @Override
    public boolean hasNext() {
        try {
            while (next == null) {
                String line = read();
                if (line == null) {
                    return false;
                }
                if (!line.isBlank()) {
                    next = line;
                }
            }
            return true;
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + where + ": " + FailureReason.of(e, Path.of("")), e);
        }
    }

    /** The next line without what ends it; null at the end. */
    private @Nullable String read() throws IOException {
        StringBuilder line = new StringBuilder();
        int c = isOver ? -1 : reader.read();
        if (c < 0) {
            isOver = true;
            reader.close();
            return null;
        }
        for (; c >= 0 && c != '\n' && c != 0; c = reader.read()) {
            if (line.length() == LONGEST) {
                throw new IllegalArgumentException(
                        where + " is no list of pictures: a line has more than " + LONGEST + " characters");
            }
            if (!(isFirst && line.length() == 0 && c == BYTE_ORDER_MARK)) {
                line.append((char) c);
            }
        }
        isFirst = false;
        int length = line.length();
        return length > 0 && line.charAt(length - 1) == '\r' ? line.substring(0, length - 1) : line.toString();
    }

    @Override
    public String next() {
        if (!hasNext() || next == null) {
            throw new NoSuchElementException("the list has ended");
        }
        String path = next;
        next = null;
        return path;
    }
}
