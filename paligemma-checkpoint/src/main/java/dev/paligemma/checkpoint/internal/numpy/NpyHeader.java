package dev.paligemma.checkpoint.internal.numpy;

import dev.paligemma.base.internal.Quote;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The description in front of the elements of a NumPy {@code .npy} file, format versions 1 to 3.
 *
 * <p>The description is text that looks like a Python dictionary; exactly the form that NumPy writes is accepted: the
 * keys {@code descr}, {@code fortran_order} and {@code shape}, each once, in any order. Structured types are refused.
 *
 * @param type NumPy's name of the element type
 * @param fortranOrder whether the first index varies fastest
 * @param shape the sizes, outermost first
 * @param byteLength the bytes of the file in front of the elements
 */
record NpyHeader(String type, boolean fortranOrder, long[] shape, int byteLength) {
    /** NumPy's own limit when it does not trust a file. */
    static final int MAX_BYTES = 10_000;

    static final int MAX_DIMENSIONS = 32;

    private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};

    /** Reads from the first byte of the file to the first byte of the elements. */
    static NpyHeader read(InputStream in, String where) throws IOException {
        byte[] start = exactly(in, MAGIC.length + 2, where);
        if (!Arrays.equals(Arrays.copyOf(start, MAGIC.length), MAGIC)) {
            throw new NpzException(where + " is not a NumPy array: it does not start with \\x93NUMPY");
        }
        int major = start[MAGIC.length] & 255;
        int minor = start[MAGIC.length + 1] & 255;
        if (major < 1 || major > 3 || minor != 0) {
            throw new NpzException(
                    where + " has NumPy format version " + major + "." + minor + ", expected 1.0, 2.0 or 3.0");
        }
        byte[] lengthBytes = exactly(in, major == 1 ? 2 : 4, where);
        long length = 0;
        for (int i = lengthBytes.length - 1; i >= 0; i--) {
            length = length << 8 | (lengthBytes[i] & 255);
        }
        if (length > MAX_BYTES) {
            throw new NpzException(where + " has a header of " + length + " bytes, more than the allowed " + MAX_BYTES);
        }
        String text = new String(exactly(in, (int) length, where), StandardCharsets.UTF_8);
        return new Parser(text, where).parse(start.length + lengthBytes.length + (int) length);
    }

    private static byte[] exactly(InputStream in, int count, String where) throws IOException {
        byte[] bytes = in.readNBytes(count);
        if (bytes.length < count) {
            throw new EOFException(where);
        }
        return bytes;
    }

    /** Refuses every other type, memory order or shape. */
    void require(String expectedType, int[] expectedShape, String where) {
        if (!type.equals(expectedType)) {
            throw new NpzException(where + " has type " + Quote.quote(type) + ", expected \"" + expectedType + "\"");
        }
        // With at most one side longer than 1, both orders are the same; NumPy then says C order.
        if (fortranOrder) {
            throw new NpzException(where + " is in Fortran order, expected C order");
        }
        boolean same = shape.length == expectedShape.length;
        for (int i = 0; same && i < shape.length; i++) {
            same = shape[i] == expectedShape[i];
        }
        if (!same) {
            throw new NpzException(
                    where + " has shape " + Arrays.toString(shape) + ", expected " + Arrays.toString(expectedShape));
        }
    }

    /** Recursive descent without recursion: nothing in an accepted header is nested. */
    private static final class Parser {
        private final String text;
        private final String where;
        private int at;

        Parser(String text, String where) {
            this.text = text;
            this.where = where;
        }

        NpyHeader parse(int byteLength) {
            String type = null;
            Boolean fortranOrder = null;
            long[] shape = null;
            expect('{');
            while (!accept('}')) {
                String key = string();
                expect(':');
                switch (key) {
                    case "descr" -> type = once(key, type, string());
                    case "fortran_order" -> fortranOrder = once(key, fortranOrder, bool());
                    case "shape" -> shape = once(key, shape, tuple());
                    default -> throw error("an unknown key " + Quote.quote(key));
                }
                if (!accept(',')) {
                    expect('}');
                    break;
                }
            }
            skipSpace();
            if (at < text.length()) {
                throw error("text after the dictionary");
            }
            if (type == null || fortranOrder == null || shape == null) {
                throw error("no " + (type == null ? "descr" : fortranOrder == null ? "fortran_order" : "shape"));
            }
            return new NpyHeader(type, fortranOrder, shape, byteLength);
        }

        private <T> T once(String key, @Nullable T before, T value) {
            if (before != null) {
                throw error("the key " + Quote.quote(key) + " twice");
            }
            return value;
        }

        private String string() {
            skipSpace();
            char mark = at < text.length() ? text.charAt(at) : 0;
            if (mark != '\'' && mark != '"') {
                throw error("something else than a quoted string at character " + at);
            }
            int end = text.indexOf(mark, at + 1);
            if (end < 0) {
                throw error("a string without an end");
            }
            String value = text.substring(at + 1, end);
            if (value.indexOf('\\') >= 0) {
                throw error("an escape in a string");
            }
            at = end + 1;
            return value;
        }

        private boolean bool() {
            skipSpace();
            for (boolean value : new boolean[] {true, false}) {
                String word = value ? "True" : "False";
                if (text.startsWith(word, at)) {
                    at += word.length();
                    return value;
                }
            }
            throw error("something else than True or False at character " + at);
        }

        private long[] tuple() {
            long[] sides = new long[MAX_DIMENSIONS];
            int count = 0;
            expect('(');
            boolean comma = true;
            while (!accept(')')) {
                if (!comma) {
                    throw error("no comma between the sides of the shape");
                }
                if (count == MAX_DIMENSIONS) {
                    throw error("a shape with more than " + MAX_DIMENSIONS + " dimensions");
                }
                sides[count++] = number();
                comma = accept(',');
            }
            if (count == 1 && !comma) {
                throw error("a number in parentheses in the place of a shape");
            }
            return Arrays.copyOf(sides, count);
        }

        private long number() {
            skipSpace();
            int start = at;
            while (at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9') {
                at++;
            }
            if (at == start || at - start > 18) {
                throw error("something else than a side of the shape at character " + start);
            }
            return Long.parseLong(text, start, at, 10);
        }

        private boolean accept(char c) {
            skipSpace();
            if (at < text.length() && text.charAt(at) == c) {
                at++;
                return true;
            }
            return false;
        }

        private void expect(char c) {
            if (!accept(c)) {
                throw error("no '" + c + "' at character " + at);
            }
        }

        private void skipSpace() {
            while (at < text.length() && (text.charAt(at) == ' ' || text.charAt(at) == '\n')) {
                at++;
            }
        }

        private NpzException error(String found) {
            return new NpzException(where + " has a NumPy header with " + found + ": " + Quote.quote(text.strip()));
        }
    }
}
