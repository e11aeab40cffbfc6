package dev.paligemma.checkpoint.internal.numpy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** Makes npz files, whole and broken ones. */
public final class NpzTool {
    private NpzTool() {}

    public static byte[] npy(float[] values, int... shape) {
        String sides = Arrays.stream(shape).mapToObj(side -> side + ",").collect(Collectors.joining(" "));
        return npy("{'descr': '<f4', 'fortran_order': False, 'shape': (" + sides + "), }", floats(values));
    }

    public static byte[] floats(float... values) {
        ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(values);
        return bytes.array();
    }

    /** Format version 1. */
    public static byte[] npy(String header, byte[] elements) {
        byte[] text = header.getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(10 + text.length + elements.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0})
                .putShort((short) text.length)
                .put(text)
                .put(elements)
                .array();
    }

    /** Entries with their contents, in the order of the map. */
    public static byte[] zip(Map<String, byte[]> entries, boolean deflated) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(out)) {
            for (Map.Entry<String, byte[]> e : entries.entrySet()) {
                ZipEntry entry = new ZipEntry(e.getKey());
                if (!deflated) {
                    CRC32 crc = new CRC32();
                    crc.update(e.getValue());
                    entry.setMethod(ZipEntry.STORED);
                    entry.setSize(e.getValue().length);
                    entry.setCrc(crc.getValue());
                }
                zip.putNextEntry(entry);
                zip.write(e.getValue());
                zip.closeEntry();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toByteArray();
    }

    /** Replaces all places of some bytes by as many others. */
    public static byte[] replaceAll(byte[] file, byte[] from, byte[] to) {
        byte[] changed = file.clone();
        for (int i = 0; i + from.length <= file.length; i++) {
            if (Arrays.equals(file, i, i + from.length, from, 0, from.length)) {
                System.arraycopy(to, 0, changed, i, to.length);
            }
        }
        return changed;
    }
}
