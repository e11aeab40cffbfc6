package dev.paligemma.tokenizer;

import dev.paligemma.base.internal.Quote;
import java.nio.charset.StandardCharsets;

/**
 * Reads the fields of one message in the binary format of Protocol Buffers from a file that is not trusted: no length
 * reaches past its message, no number is longer than its type, and every error tells the offset. Confined to one
 * thread.
 *
 * <p>A message inside is read by an object of its own, which {@link #message} makes; so the nesting is as deep as the
 * caller asks for, whatever the file holds. A field that the caller does not know is {@linkplain #skip() skipped}.
 */
final class ProtobufInput {

    private static final int VARINT = 0;
    private static final int FIXED64 = 1;
    private static final int LENGTH = 2;
    private static final int FIXED32 = 5;

    private static final int MAX_FIELD = (1 << 29) - 1;

    private final byte[] bytes;
    private final int end;
    private final String source;
    private int position;
    private int fieldStart;
    private int field;
    private int wireType;

    /** Starts at the front of a document, whose bytes are not copied; the source is its name in errors. */
    ProtobufInput(byte[] bytes, String source) {
        this(bytes, 0, bytes.length, source);
    }

    private ProtobufInput(byte[] bytes, int from, int to, String source) {
        this.bytes = bytes;
        this.position = from;
        this.fieldStart = from;
        this.end = to;
        this.source = source;
    }

    /** Goes to the next field, whose value must then be read or skipped; returns false at the end of the message. */
    boolean next() {
        fieldStart = position;
        if (position == end) {
            return false;
        }
        long tag = varint("a field's number and type");
        wireType = (int) (tag & 7);
        long number = tag >>> 3;
        if (number < 1 || number > MAX_FIELD) {
            throw error("a field's number must be 1 to " + MAX_FIELD + ", but is " + Long.toUnsignedString(number));
        }
        field = (int) number;
        return true;
    }

    /** Returns the number of the current field. */
    int field() {
        return field;
    }

    /** Skips the value of the current field. */
    void skip() {
        switch (wireType) {
            case VARINT -> varint("field " + field);
            case FIXED64 -> advance(Long.BYTES, "field " + field);
            case LENGTH -> advance(length("field " + field), "field " + field);
            case FIXED32 -> advance(Integer.BYTES, "field " + field);
            // Groups, 3 and 4, went out of use before this kind of file was made; 6 and 7 were never given out.
            default ->
                throw error("field " + field + " is of wire type " + wireType
                        + ", expected 0 (number), 1 (8 bytes), 2 (length) or 5 (4 bytes)");
        }
    }

    /** Reads an {@code int32} or an enumeration. */
    int int32(String what) {
        require(VARINT, what);
        long value = varint(what);
        if (value != (int) value) {
            throw error(what + " must be an integer of 32 bits, but is " + value);
        }
        return (int) value;
    }

    boolean bool(String what) {
        require(VARINT, what);
        long value = varint(what);
        if (value != 0 && value != 1) {
            throw error(what + " must be 0 or 1, but is " + Long.toUnsignedString(value));
        }
        return value == 1;
    }

    /** Reads a {@code float} that is a number. */
    float finiteFloat(String what) {
        require(FIXED32, what);
        int from = position;
        advance(Float.BYTES, what);
        int bits = 0;
        for (int i = Float.BYTES - 1; i >= 0; i--) {
            bits = (bits << 8) | (bytes[from + i] & 0xff);
        }
        float value = Float.intBitsToFloat(bits);
        if (!Float.isFinite(value)) {
            throw error(what + " must be a finite number, but is " + value);
        }
        return value;
    }

    /** Reads a {@code string} of at most {@code maxBytes} bytes. */
    String string(String what, int maxBytes) {
        int length = lengthOf(what);
        if (length > maxBytes) {
            throw error(what + " must have at most " + maxBytes + " bytes, but has " + length);
        }
        int from = position;
        advance(length, what);
        String text = Utf8.decode(bytes, from, length);
        if (text == null) {
            throw error(what + " must be UTF-8 text, but is "
                    + Quote.quote(new String(bytes, from, length, StandardCharsets.ISO_8859_1)));
        }
        return text;
    }

    /** Reads past {@code bytes} and returns how many they are. */
    int skipBytes(String what) {
        int length = lengthOf(what);
        advance(length, what);
        return length;
    }

    /** Gives the message that is the value of the current field, and goes on behind it. */
    ProtobufInput message(String what) {
        int length = lengthOf(what);
        int from = position;
        advance(length, what);
        return new ProtobufInput(bytes, from, from + length, source);
    }

    private int lengthOf(String what) {
        require(LENGTH, what);
        return length(what);
    }

    private void require(int expected, String what) {
        if (wireType != expected) {
            throw error(what + " must be of wire type " + expected + ", but is of type " + wireType);
        }
    }

    private int length(String what) {
        long length = varint("the length of " + what);
        if (length < 0 || length > end - position) {
            throw error(what + " has a length of " + Long.toUnsignedString(length) + " bytes, but " + (end - position)
                    + " are left");
        }
        return (int) length;
    }

    private void advance(int count, String what) {
        if (count > end - position) {
            throw error(what + " needs " + count + " bytes, but " + (end - position) + " are left");
        }
        position += count;
    }

    /** Reads a number of 64 bits, seven to a byte, the lowest first. */
    private long varint(String what) {
        long value = 0;
        for (int shift = 0; ; shift += 7) {
            if (position == end) {
                throw error(what + " is cut off at the end of its message, at byte " + end);
            }
            int b = bytes[position++];
            // Of the tenth byte only the lowest bit has a place, and no byte may follow.
            if (shift == 63 && (b & 0xfe) != 0) {
                throw error(what + " is a number of more than 64 bits");
            }
            value |= (long) (b & 0x7f) << shift;
            if (b >= 0) {
                return value;
            }
        }
    }

    /** Makes an exception that names the document and the start of the current field. */
    TokenizerException error(String message) {
        return new TokenizerException(source + ", byte " + fieldStart + ": " + message);
    }
}
