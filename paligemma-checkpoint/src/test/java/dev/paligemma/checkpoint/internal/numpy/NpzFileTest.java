package dev.paligemma.checkpoint.internal.numpy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.fail;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Reads what NumPy writes; whatever else a file holds, it is refused with a {@link NpzException}. */
class NpzFileTest {
    private static final long MAX_BYTES = 1 << 20;

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"stored.npz", "deflated.npz"})
    void readsWhatNumpyWrites(String name) {
        try (NpzFile file = NpzFile.open(golden(name, folder), MAX_BYTES)) {
            assertThat(file.names()).contains("empty", "encoder.0.weight", "scalar", "vector");
            assertThat(file.read("scalar")).containsExactly(0.25f);
            assertThat(file.read("vector", 5)).containsExactly(1.5f, -2f, 3e38f, Float.MIN_VALUE, -0f);
            float[] eighths = new float[24];
            for (int i = 0; i < 24; i++) {
                eighths[i] = i / 8f;
            }
            assertThat(file.read("encoder.0.weight", 2, 3, 4)).containsExactly(eighths);
            assertThat(file.read("empty", 0, 3)).isEmpty();
        }
    }

    @Test
    void readsAnArrayOfSeveralChunks() {
        try (NpzFile file = NpzFile.open(golden("deflated.npz", folder), MAX_BYTES)) {
            float[] many = file.read("many", 40000);
            for (int i = 0; i < many.length; i++) {
                assertThat(many[i]).isEqualTo(i % 7);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "half, \"<f2\"",
        "double, \"<f8\"",
        "big_endian, \">f4\"",
        "integers, \"<i4\"",
        "structured, quoted string",
        "text, \"<U1\""
    })
    void rejectsOtherTypes(String name, String found) {
        assertRejected(bytes("other_types.npz"), name, new int[] {3}, "\"" + name + "\"", found);
    }

    @Test
    void rejectsFortranOrder() {
        assertRejected(bytes("other_types.npz"), "fortran", new int[] {2, 3}, "Fortran order");
    }

    @Test
    void rejectsAnotherShape() {
        byte[] file = bytes("stored.npz");

        assertRejected(file, "vector", new int[] {4}, "\"vector\" has shape [5], expected [4]");
        assertRejected(file, "vector", new int[] {5, 1}, "\"vector\" has shape [5], expected [5, 1]");
        assertRejected(file, "scalar", new int[] {1}, "shape [], expected [1]");
        assertRejected(file, "empty", new int[] {3, 0}, "shape [0, 3], expected [3, 0]");
    }

    @Test
    void rejectsAMissingArray() {
        assertRejected(bytes("stored.npz"), "absent", new int[] {7}, "has no array \"absent\"", "float32[7]");
    }

    @Test
    void rejectsAMissingFile() {
        assertThatExceptionOfType(NpzException.class)
                .isThrownBy(() -> NpzFile.open(folder.resolve("absent.npz"), MAX_BYTES))
                .withMessageContaining("absent.npz");
        assertThatExceptionOfType(NpzException.class)
                .isThrownBy(() -> NpzFile.open(folder, MAX_BYTES))
                .withMessageContaining("not a regular file");
    }

    @Test
    void rejectsALargeFile() {
        Path file = golden("stored.npz", folder);

        assertThatExceptionOfType(NpzException.class)
                .isThrownBy(() -> NpzFile.open(file, 1135))
                .withMessageContaining("1136 bytes, more than the allowed 1135");
    }

    @Test
    void rejectsManyEntries() {
        Map<String, byte[]> entries = new LinkedHashMap<>();
        for (int i = 0; i <= NpzFile.MAX_ENTRIES; i++) {
            entries.put(i + ".npy", new byte[0]);
        }

        assertRejected(NpzTool.zip(entries, false), "0", new int[] {1}, "4097 entries, more than the allowed 4096");
    }

    @Test
    void rejectsLongNames() {
        byte[] file = NpzTool.zip(Map.of("n".repeat(513), new byte[0]), false);

        assertRejected(file, "n", new int[] {1}, "name of 513 characters, more than the allowed 512");
    }

    @Test
    void rejectsTwoArraysOfOneName() {
        Map<String, byte[]> entries = new LinkedHashMap<>();
        entries.put("a.npy", NpzTool.npy(new float[1], 1));
        entries.put("b.npy", NpzTool.npy(new float[1], 1));
        byte[] file = NpzTool.replaceAll(
                NpzTool.zip(entries, false),
                "b.npy".getBytes(StandardCharsets.UTF_8),
                "a.npy".getBytes(StandardCharsets.UTF_8));

        assertRejected(file, "a", new int[] {1}, "more than one array \"a\"");
    }

    /** 16 MiB of zeros in a few KiB; five of the bytes are unpacked. */
    @Test
    void rejectsAnEntryThatUnpacksToMoreThanItsShape() {
        byte[] zeros = new byte[16 << 20];
        byte[] file = NpzTool.zip(
                Map.of("a.npy", NpzTool.npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }", zeros)), true);

        assertThat(file.length).isLessThan(100_000);
        assertRejected(file, "a", new int[] {1}, "more bytes than its 1 elements take");
    }

    @Test
    void rejectsShapesOfAnySizeWithoutTakingMemoryForThem() {
        for (String shape : List.of("(999999999999999999,)", "(99999, 99999, 99999)", "(2147483647, 4)")) {
            byte[] npy = NpzTool.npy("{'descr': '<f4', 'fortran_order': False, 'shape': " + shape + ", }", new byte[4]);

            assertRejected(NpzTool.zip(Map.of("a.npy", npy), true), "a", new int[] {1}, "expected [1]");
        }
    }

    @Test
    void rejectsMissingElements() {
        for (boolean deflated : new boolean[] {true, false}) {
            byte[] npy = NpzTool.npy("{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }", new byte[11]);

            assertRejected(
                    NpzTool.zip(Map.of("a.npy", npy), deflated), "a", new int[] {3}, "ends before its 3 elements");
        }
    }

    @Test
    void rejectsDamagedElements() {
        byte[] file = NpzTool.zip(Map.of("a.npy", NpzTool.npy(new float[] {1.5f, 2.5f}, 2)), false);
        byte[] damaged = NpzTool.replaceAll(file, NpzTool.floats(2.5f), NpzTool.floats(3.5f));

        assertRejected(damaged, "a", new int[] {2}, "checksum");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "| no '{'",
                "[] | no '{'",
                "{ | quoted string",
                "{} | no descr",
                "{'descr': '<f4', 'fortran_order': False} | no shape",
                "{'descr': '<f4', 'shape': (1,)} | no fortran_order",
                "{'fortran_order': False, 'shape': (1,)} | no descr",
                "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1,)} | the key \"descr\" twice",
                "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'more': 'x'} | an unknown key \"more\"",
                "{'descr': '<f4', 'fortran_order': False, 'shape': (1)} | a number in parentheses",
                "{'descr': '<f4', 'fortran_order': False, 'shape': (1 1)} | no comma",
                "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)} | a side of the shape",
                "{'descr': '<f4', 'fortran_order': False, 'shape': (1234567890123456789,)} | a side of the shape",
                "{'descr': '<f4', 'fortran_order': False, 'shape': (1L,)} | no comma",
                "{'descr': '<f4', 'fortran_order': False, 'shape': (1 | no comma",
                "{'descr': '<f4', 'fortran_order': 0, 'shape': (1,)} | True or False",
                "{'descr': '<f4 | a string without an end",
                "{'descr': '\\x3cf4', 'fortran_order': False, 'shape': (1,)} | an escape",
                "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} x | text after the dictionary",
                "{'descr': '<f4' 'fortran_order': False, 'shape': (1,)} | no '}'",
            })
    void rejectsOtherHeaders(String header, String problem) {
        byte[] npy = NpzTool.npy(header == null ? "" : header, new byte[4]);

        assertRejected(NpzTool.zip(Map.of("a.npy", npy), false), "a", new int[] {1}, problem);
    }

    @Test
    void rejectsMoreThan32Dimensions() {
        byte[] npy = NpzTool.npy(new float[1], new int[33]);

        assertRejected(NpzTool.zip(Map.of("a.npy", npy), false), "a", new int[] {1}, "more than 32 dimensions");
    }

    @Test
    void acceptsKeysInAnyOrder() throws IOException {
        byte[] npy = NpzTool.npy("{\"shape\":(2,1),'fortran_order':False,'descr':'<f4'}\n", NpzTool.floats(1, 2));
        Path path = Files.write(folder.resolve("a.npz"), NpzTool.zip(Map.of("a.npy", npy), false));

        try (NpzFile file = NpzFile.open(path, MAX_BYTES)) {
            assertThat(file.read("a", 2, 1)).containsExactly(1, 2);
        }
    }

    @Test
    void readsFormatVersions2And3() throws IOException {
        byte[] header = "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }\n".getBytes(StandardCharsets.UTF_8);
        for (int version = 2; version <= 3; version++) {
            byte[] npy = version2(version, header.length, header);
            Path path = Files.write(folder.resolve(version + ".npz"), NpzTool.zip(Map.of("a.npy", npy), false));

            try (NpzFile file = NpzFile.open(path, MAX_BYTES)) {
                assertThat(file.read("a", 1)).containsExactly(7);
            }
        }
    }

    @Test
    void rejectsOtherFormatVersionsAndLongHeaders() {
        byte[] header = "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }\n".getBytes(StandardCharsets.UTF_8);

        assertRejected(
                NpzTool.zip(Map.of("a.npy", version2(4, header.length, header)), false),
                "a",
                new int[] {1},
                "format version 4.0, expected 1.0, 2.0 or 3.0");
        for (int length : new int[] {10_001, Integer.MAX_VALUE, -1}) {
            assertRejected(
                    NpzTool.zip(Map.of("a.npy", version2(2, length, header)), false),
                    "a",
                    new int[] {1},
                    "a header of " + Integer.toUnsignedString(length) + " bytes, more than the allowed 10000");
        }
        assertRejected(
                NpzTool.zip(Map.of("a.npy", version2(2, 10_000, header)), false), "a", new int[] {1}, "ends before");
        assertRejected(
                NpzTool.zip(Map.of("a.npy", "hello, world".getBytes(StandardCharsets.UTF_8)), false),
                "a",
                new int[] {1},
                "is not a NumPy array");
    }

    private static byte[] version2(int version, int length, byte[] header) {
        return ByteBuffer.allocate(12 + header.length + 4)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', (byte) version, 0})
                .putInt(length)
                .put(header)
                .putFloat(7)
                .array();
    }

    @Test
    void keepsNamesFromFilesOnOneLineOfMessages() {
        Map<String, byte[]> entries = Map.of("a\nERROR forged\u001b[31m.npy", new byte[0]);

        assertRejected(NpzTool.zip(entries, false), "b", new int[] {1}, "\"a\\u000aERROR forged\\u001b[31m\"");
    }

    @Property(tries = 300)
    void alteredFilesAreReadOrRefused(
            @ForAll boolean deflated, @ForAll @Size(min = 1, max = 4) List<@IntRange(max = 1 << 20) Integer> changes) {
        byte[] file = bytes((deflated ? "deflated" : "stored") + ".npz");
        for (int change : changes) {
            file[(change >> 8) % file.length] = (byte) change;
        }
        readSafely(file);
    }

    @Property(tries = 100)
    void truncatedFilesAreRefused(@ForAll boolean deflated, @ForAll @IntRange(max = 1000) int length) {
        byte[] file = bytes((deflated ? "deflated" : "stored") + ".npz");
        Path path = temporary(Arrays.copyOf(file, length));
        try {
            assertThatExceptionOfType(NpzException.class).isThrownBy(() -> NpzFile.open(path, MAX_BYTES));
        } finally {
            delete(path);
        }
    }

    private static void readSafely(byte[] bytes) {
        Path path = temporary(bytes);
        try (NpzFile file = NpzFile.open(path, MAX_BYTES)) {
            file.read("scalar");
            file.read("vector", 5);
            file.read("encoder.0.weight", 2, 3, 4);
            file.read("empty", 0, 3);
        } catch (NpzException e) {
            assertThat(e).hasMessageContaining(path.getFileName().toString());
        } finally {
            delete(path);
        }
    }

    private static Path temporary(byte[] bytes) {
        try {
            return Files.write(Files.createTempFile("altered", ".npz"), bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void delete(Path path) {
        try {
            Files.delete(path);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void assertRejected(byte[] bytes, String array, int[] shape, String... messageParts) {
        Path path;
        try {
            path = Files.write(folder.resolve("hostile.npz"), bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        try (NpzFile file = NpzFile.open(path, MAX_BYTES)) {
            file.read(array, shape);
        } catch (NpzException e) {
            assertThat(e).hasMessageContaining("hostile.npz").hasMessageContainingAll(messageParts);
            return;
        }
        fail("read without an error; expected " + Arrays.toString(messageParts));
    }

    /** A file written by src/reference/masks/make_goldens.py. */
    private static byte[] bytes(String name) {
        try (InputStream in = NpzFileTest.class.getResourceAsStream("/npz/" + name)) {
            return Objects.requireNonNull(in, name).readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Path golden(String name, Path folder) {
        try {
            return Files.write(folder.resolve(name), bytes(name));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
