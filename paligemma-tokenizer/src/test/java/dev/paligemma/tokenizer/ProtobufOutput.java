package dev.paligemma.tokenizer;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** Writes fields in the binary format of Protocol Buffers. */
final class ProtobufOutput {

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    ProtobufOutput raw(int... bytes) {
        for (int b : bytes) {
            out.write(b);
        }
        return this;
    }

    ProtobufOutput tag(int field, int wireType) {
        return varint((long) field << 3 | wireType);
    }

    ProtobufOutput varint(long value) {
        long rest = value;
        while ((rest & ~0x7fL) != 0) {
            out.write(((int) rest & 0x7f) | 0x80);
            rest >>>= 7;
        }
        out.write((int) rest);
        return this;
    }

    ProtobufOutput number(int field, long value) {
        return tag(field, 0).varint(value);
    }

    ProtobufOutput number(int field, float value) {
        int bits = Float.floatToRawIntBits(value);
        return tag(field, 5).raw(bits, bits >> 8, bits >> 16, bits >> 24);
    }

    ProtobufOutput bytes(int field, byte... value) {
        tag(field, 2).varint(value.length);
        out.writeBytes(value);
        return this;
    }

    ProtobufOutput string(int field, String value) {
        return bytes(field, value.getBytes(StandardCharsets.UTF_8));
    }

    ProtobufOutput message(int field, ProtobufOutput value) {
        return bytes(field, value.toByteArray());
    }

    byte[] toByteArray() {
        return out.toByteArray();
    }
}
