package dev.paligemma.vision;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.zip.CRC32;

/** Takes PNG files apart and puts them together, for tests. */
final class PngTool {
    private PngTool() {}

    static byte[] chunk(String type, byte[] data) {
        byte[] name = type.getBytes(StandardCharsets.US_ASCII);
        CRC32 crc = new CRC32();
        crc.update(name);
        crc.update(data);
        ByteBuffer out = ByteBuffer.allocate(data.length + 12);
        return out.putInt(data.length)
                .put(name)
                .put(data)
                .putInt((int) crc.getValue())
                .array();
    }

    static byte[] concat(byte[]... parts) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            out.writeBytes(part);
        }
        return out.toByteArray();
    }

    /** Inserts a chunk after the header. */
    static byte[] insert(byte[] file, byte[] chunk) {
        return concat(Arrays.copyOf(file, 33), chunk, Arrays.copyOfRange(file, 33, file.length));
    }

    /** The position of the first chunk of a type (of its length field). */
    static int find(byte[] file, String type) {
        return new String(file, StandardCharsets.ISO_8859_1).indexOf(type) - 4;
    }

    /** Recomputes the checksums as far as the chunks can be followed. */
    static byte[] withCorrectChecksums(byte[] source) {
        byte[] file = source.clone();
        ByteBuffer buffer = ByteBuffer.wrap(file);
        int p = 8;
        while (p + 12 <= file.length) {
            int length = buffer.getInt(p);
            if (length < 0 || length > file.length - p - 12) {
                break;
            }
            CRC32 crc = new CRC32();
            crc.update(file, p + 4, length + 4);
            buffer.putInt(p + 8 + length, (int) crc.getValue());
            p += 12 + length;
        }
        return file;
    }
}
