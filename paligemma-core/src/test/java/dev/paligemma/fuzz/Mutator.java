package dev.paligemma.fuzz;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;

/**
 * Damages files, with some knowledge of their formats so that the damage is not all stopped by the first check. The same
 * random numbers give the same damage.
 */
final class Mutator {
    private static final String[] NUMBERS = {
        "0",
        "-0",
        "-1",
        "1",
        "2",
        "3",
        "7",
        "255",
        "65535",
        "65536",
        "1048577",
        "2147483647",
        "2147483648",
        "-2147483648",
        "4294967295",
        "4294967296",
        "9223372036854775807",
        "9223372036854775808",
        "-9223372036854775808",
        "18446744073709551615",
        "18446744073709551616",
        "4611686018427387904",
        "0.5",
        "-0.5",
        "1e-400",
        "1e38",
        "1e39",
        "1e308",
        "1e400",
        "1e999999999",
        "NaN",
        "Infinity",
        "-Infinity",
        "0x10",
        "01",
        "1.",
        ".5",
        "1e",
        "9".repeat(39),
        "9".repeat(5_000)
    };

    private static final String[] VALUES = {
        "null",
        "true",
        "false",
        "\"\"",
        "[]",
        "{}",
        "[[]]",
        "[0]",
        "[null]",
        "{\"\":0}",
        "\"x\"",
        "\"F32\"",
        "\"BF16\"",
        "\"U8\"",
        "\"I64\"",
        "\"F8_E4M3\"",
        "\"NaN\"",
        "\"../../../etc/passwd\"",
        "\"/etc/passwd\"",
        "\"../model.safetensors\"",
        "\"C:\\\\x.safetensors\"",
        "\"\\u0000\"",
        "\"\\ud800\"",
        "\"\ud83d\ude00\"",
        "\"(.*)*x\"",
        "\"((a+)+)+$\"",
        "\"" + "(".repeat(900) + ")".repeat(900) + "\"",
        "\"" + "a".repeat(70_000) + "\"",
        "[0,".repeat(33),
        "[".repeat(40) + "]".repeat(40),
        "[".repeat(20_000),
        "{\"a\":".repeat(20_000),
        "[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17]",
        "[0,0]",
        "[-1,-1]",
        "[9223372036854775807,2]",
        "[4294967296,4294967296]",
        "{",
        "}",
        "]",
        "\"",
        ",",
        ":",
        "//",
        "/*",
        "'x'"
    };

    private static final long[] INTEGERS = {
        0,
        1,
        2,
        3,
        4,
        7,
        8,
        15,
        16,
        31,
        32,
        63,
        64,
        100,
        127,
        128,
        255,
        256,
        1000,
        4096,
        32767,
        32768,
        65535,
        65536,
        0xffffff,
        0x1000000,
        0x7fffffffL,
        0x80000000L,
        0xffffffffL,
        0x100000000L,
        0x7fffffffffffffffL,
        0x8000000000000000L,
        -1,
        -2,
        -8,
        -16
    };

    private static final byte[] PNG = {(byte) 0x89, 'P', 'N', 'G'};

    private final Random random;

    Mutator(Random random) {
        this.random = random;
    }

    /**
     * Damages a file.
     *
     * @param name its name, which tells the format
     * @param good its bytes, which stay as they are
     * @param other another file, parts of which may be taken
     */
    byte[] mutate(String name, byte[] good, byte[] other) {
        byte[] bytes = good.clone();
        int edits = 1 + (random.nextInt(3) == 0 ? random.nextInt(6) : 0);
        boolean structured = random.nextInt(4) != 0;
        if (structured && name.endsWith(".safetensors")) {
            return safetensors(bytes, edits);
        }
        if (structured && name.endsWith(".npz")) {
            return random.nextBoolean() ? npz(bytes, edits) : zip(bytes, edits);
        }
        for (int i = 0; i < edits; i++) {
            bytes = structured && name.endsWith(".json") ? json(bytes) : binary(bytes, other);
        }
        return structured && startsWith(bytes, PNG) ? withChecksums(bytes) : bytes;
    }

    // Any bytes

    private byte[] binary(byte[] bytes, byte[] other) {
        if (bytes.length == 0) {
            return slice(other, random.nextInt(64));
        }
        int at = place(bytes.length);
        int length = 1 + random.nextInt(random.nextInt(4) == 0 ? 256 : 8);
        switch (random.nextInt(13)) {
            case 0, 1 -> {
                bytes[at] ^= (byte) (1 << random.nextInt(8));
                return bytes;
            }
            case 2, 3 -> {
                bytes[at] = (byte) random.nextInt();
                return bytes;
            }
            case 4, 5 -> {
                return integer(bytes, at);
            }
            case 6 -> {
                return Arrays.copyOf(bytes, at);
            }
            case 7 -> {
                return splice(bytes, at, length, new byte[0]);
            }
            case 8 -> {
                return splice(bytes, at, 0, slice(bytes, length));
            }
            case 9 -> {
                return splice(bytes, at, length, slice(other, length));
            }
            case 10 -> {
                return splice(Arrays.copyOf(bytes, at), at, 0, slice(other, other.length));
            }
            case 11 -> {
                byte[] fill = new byte[length];
                Arrays.fill(fill, random.nextBoolean() ? 0 : (byte) random.nextInt());
                return splice(bytes, at, length, fill);
            }
            default -> {
                byte[] more = new byte[1 + random.nextInt(random.nextInt(8) == 0 ? 100_000 : 64)];
                random.nextBytes(more);
                return splice(bytes, bytes.length, 0, more);
            }
        }
    }

    /** Half of the time in the first bytes, where headers are. */
    private int place(int length) {
        return random.nextInt(random.nextBoolean() ? Math.min(length, 256) : length);
    }

    private byte[] integer(byte[] bytes, int at) {
        int width = 1 << random.nextInt(4);
        if (at + width > bytes.length) {
            return bytes;
        }
        ByteBuffer buffer =
                ByteBuffer.wrap(bytes).order(random.nextBoolean() ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN);
        long value = INTEGERS[random.nextInt(INTEGERS.length)];
        switch (width) {
            case 1 -> buffer.put(at, (byte) value);
            case 2 -> buffer.putShort(at, (short) value);
            case 4 -> buffer.putInt(at, (int) value);
            default -> buffer.putLong(at, value);
        }
        return bytes;
    }

    private byte[] slice(byte[] bytes, int length) {
        if (bytes.length == 0) {
            return bytes;
        }
        int from = random.nextInt(bytes.length);
        return Arrays.copyOfRange(bytes, from, Math.min(bytes.length, from + length));
    }

    static byte[] splice(byte[] bytes, int at, int remove, byte[] insert) {
        int rest = Math.min(bytes.length, at + remove);
        byte[] out = Arrays.copyOf(bytes, at + insert.length + bytes.length - rest);
        System.arraycopy(insert, 0, out, at, insert.length);
        System.arraycopy(bytes, rest, out, at + insert.length, bytes.length - rest);
        return out;
    }

    // JSON

    private byte[] json(byte[] bytes) {
        if (bytes.length == 0) {
            return bytes(value());
        }
        int from = random.nextInt(bytes.length);
        switch (random.nextInt(10)) {
            case 0, 1, 2 -> {
                int[] number = number(bytes, from);
                return splice(bytes, number[0], number[1] - number[0], bytes(NUMBERS[random.nextInt(NUMBERS.length)]));
            }
            case 3 -> {
                int[] number = number(bytes, from);
                return splice(bytes, number[0], number[1] - number[0], bytes(value()));
            }
            case 4 -> {
                int[] text = text(bytes, from);
                return splice(bytes, text[0], text[1] - text[0], bytes(value()));
            }
            case 5 -> {
                // One string in the place of another: doubled names, names of other tensors.
                int[] text = text(bytes, from);
                int[] source = text(bytes, random.nextInt(bytes.length));
                return splice(bytes, text[0], text[1] - text[0], Arrays.copyOfRange(bytes, source[0], source[1]));
            }
            case 6 -> {
                // One number in the place of another: swapped offsets and sizes.
                int[] number = number(bytes, from);
                int[] source = number(bytes, random.nextInt(bytes.length));
                return splice(bytes, number[0], number[1] - number[0], Arrays.copyOfRange(bytes, source[0], source[1]));
            }
            case 7 -> {
                // A stretch from one comma to another, moved, doubled or removed.
                int start = next(bytes, from, ',');
                int end = next(bytes, start + 1, ',');
                byte[] stretch = Arrays.copyOfRange(bytes, Math.min(start, end), end);
                if (random.nextBoolean()) {
                    return splice(bytes, start, end - start, new byte[0]);
                }
                return splice(bytes, next(bytes, random.nextInt(bytes.length), ','), 0, stretch);
            }
            case 8 -> {
                return splice(bytes, next(bytes, from, ':') + 1, 0, bytes(value()));
            }
            default -> {
                return binary(bytes, bytes);
            }
        }
    }

    private String value() {
        return random.nextInt(5) == 0 ? NUMBERS[random.nextInt(NUMBERS.length)] : VALUES[random.nextInt(VALUES.length)];
    }

    private static int[] number(byte[] bytes, int from) {
        int start = from;
        while (start < bytes.length && (bytes[start] < '0' || bytes[start] > '9')) {
            start++;
        }
        int end = start;
        while (end < bytes.length && (bytes[end] >= '0' && bytes[end] <= '9' || bytes[end] == '.')) {
            end++;
        }
        return new int[] {start, end};
    }

    private static int[] text(byte[] bytes, int from) {
        int start = next(bytes, from, '"');
        return new int[] {start, Math.min(bytes.length, next(bytes, start + 1, '"') + 1)};
    }

    private static int next(byte[] bytes, int from, char wanted) {
        int at = Math.min(from, bytes.length);
        while (at < bytes.length && bytes[at] != wanted) {
            at++;
        }
        return at;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    // safetensors

    private byte[] safetensors(byte[] file, int edits) {
        if (file.length < Long.BYTES) {
            return binary(file, file);
        }
        long stated = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getLong();
        int length = (int) Math.max(0, Math.min(stated, file.length - Long.BYTES));
        byte[] header = Arrays.copyOfRange(file, Long.BYTES, Long.BYTES + length);
        for (int i = 0; i < edits; i++) {
            header = json(header);
        }
        byte[] data = Arrays.copyOfRange(file, Long.BYTES + length, file.length);
        if (random.nextInt(8) == 0) {
            data = binary(data, file);
        }
        ByteBuffer out =
                ByteBuffer.allocate(Long.BYTES + header.length + data.length).order(ByteOrder.LITTLE_ENDIAN);
        out.putLong(random.nextInt(20) == 0 ? INTEGERS[random.nextInt(INTEGERS.length)] : header.length);
        return out.put(header).put(data).array();
    }

    // zip and npz

    /** Edits fields of the records of an archive. */
    private byte[] zip(byte[] file, int edits) {
        byte[] bytes = file;
        List<Integer> records = new ArrayList<>();
        for (int i = 0; i + 4 <= bytes.length; i++) {
            if (bytes[i] == 'P' && bytes[i + 1] == 'K' && bytes[i + 2] < 9 && bytes[i + 3] < 9) {
                records.add(i);
            }
        }
        for (int i = 0; i < edits && !records.isEmpty(); i++) {
            int at = records.get(random.nextInt(records.size())) + random.nextInt(50);
            bytes = at < bytes.length ? integer(bytes, at) : bytes;
        }
        return bytes;
    }

    /** Damages one of the arrays and packs a correct archive around it. */
    private byte[] npz(byte[] file, int edits) {
        List<String> names = new ArrayList<>();
        List<byte[]> arrays = new ArrayList<>();
        try (ZipInputStream in = new ZipInputStream(new ByteArrayInputStream(file))) {
            for (ZipEntry entry = in.getNextEntry(); entry != null; entry = in.getNextEntry()) {
                names.add(entry.getName());
                arrays.add(in.readAllBytes());
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        int damaged = random.nextInt(arrays.size());
        byte[] array = arrays.get(damaged);
        for (int i = 0; i < edits; i++) {
            int header = Math.min(array.length, 128);
            byte[] head = Arrays.copyOf(array, header);
            byte[] changed = random.nextInt(3) == 0 ? binary(head, array) : json(head);
            array = splice(array, 0, header, changed);
        }
        arrays.set(damaged, array);
        if (random.nextInt(8) == 0) {
            names.set(damaged, random.nextBoolean() ? "../" + names.get(damaged) : "x".repeat(random.nextInt(2_000)));
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(out)) {
            zip.setLevel(1);
            for (int i = 0; i < names.size(); i++) {
                zip.putNextEntry(new ZipEntry(names.get(i)));
                zip.write(arrays.get(i));
                zip.closeEntry();
            }
        } catch (IOException e) {
            // A name that the archive has twice: the array alone is damage enough.
            return array;
        }
        return out.toByteArray();
    }

    // PNG

    private static boolean startsWith(byte[] bytes, byte[] start) {
        return bytes.length > 8 && Arrays.equals(bytes, 0, start.length, start, 0, start.length);
    }

    private static byte[] withChecksums(byte[] file) {
        ByteBuffer buffer = ByteBuffer.wrap(file);
        int at = 8;
        while (at + 12 <= file.length) {
            int length = buffer.getInt(at);
            if (length < 0 || length > file.length - at - 12) {
                break;
            }
            CRC32 crc = new CRC32();
            crc.update(file, at + 4, length + 4);
            buffer.putInt(at + 8 + length, (int) crc.getValue());
            at += 12 + length;
        }
        return file;
    }
}
