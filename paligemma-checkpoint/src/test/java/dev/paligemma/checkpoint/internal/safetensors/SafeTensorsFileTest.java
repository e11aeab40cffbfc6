package dev.paligemma.checkpoint.internal.safetensors;

import static dev.paligemma.checkpoint.internal.safetensors.SafeTensorsBytes.entry;
import static dev.paligemma.checkpoint.internal.safetensors.SafeTensorsBytes.file;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.paligemma.checkpoint.Resources;
import dev.paligemma.checkpoint.config.CheckpointException;
import dev.paligemma.engine.weights.DType;
import dev.paligemma.engine.weights.TensorInfo;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class SafeTensorsFileTest {
    private static final String A = entry("a", "F32", "[2]", "[0,8]");

    @TempDir
    Path folder;

    private SafeTensorsFile read(byte[] bytes) throws IOException {
        return SafeTensorsFile.read(Files.write(folder.resolve("t.safetensors"), bytes));
    }

    @Test
    void describesAFileOfTheReferenceLibrary() {
        Path path = Resources.golden("special.safetensors");
        SafeTensorsFile file = SafeTensorsFile.read(path);

        assertThat(file.tensors()).containsOnlyKeys("F32", "BF16", "F16", "F32.bits", "BF16.bits", "F16.bits");
        assertThat(file.metadata()).containsEntry("format", "pt").containsEntry("note", "special values");
        TensorInfo tensor = file.tensors().get("BF16");
        assertThat(tensor.dtype()).isEqualTo(DType.BF16);
        assertThat(tensor.shape()).containsExactly(3, 4);
        assertThat(tensor.elementCount()).isEqualTo(12);
        assertThat(tensor.byteLength()).isEqualTo(24);
        assertThat(tensor.offset()).isEqualTo(file.size() - 48);
        assertThat(tensor.file()).isEqualTo(path.toAbsolutePath());
    }

    @Test
    void acceptsPaddingAfterTheHeader() throws IOException {
        assertThat(read(file("{" + A + "}      ", 8)).tensors()).containsOnlyKeys("a");
    }

    @Test
    void acceptsNoTensors() throws IOException {
        assertThat(read(file("{}", 0)).tensors()).isEmpty();
    }

    @Test
    void acceptsScalarsAndEmptyTensors() throws IOException {
        SafeTensorsFile file = read(file(
                "{" + entry("empty", "F32", "[3,0]", "[4,4]") + "," + entry("scalar", "F32", "[]", "[0,4]") + "}", 4));
        assertThat(file.tensors().get("empty").elementCount()).isZero();
        assertThat(file.tensors().get("scalar").elementCount()).isOne();
    }

    @Test
    void acceptsTensorsInAnyOrder() throws IOException {
        String b = entry("b", "U8", "[3]", "[8,11]");
        assertThat(read(file("{" + b + "," + A + "}", 11)).tensors().keySet()).containsExactly("b", "a");
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.MATCH_NONE, names = "(BNB|NPZ)_.*")
    void acceptsEveryKnownType(DType dtype) throws IOException {
        int bytes = 3 * dtype.byteSize();
        TensorInfo tensor = read(file("{" + entry("t", dtype.name(), "[3]", "[0," + bytes + "]") + "}", bytes))
                .tensors()
                .get("t");
        assertThat(tensor.dtype()).isEqualTo(dtype);
        assertThat(tensor.elementCount()).isEqualTo(3);
    }

    static Stream<Arguments> badHeaders() {
        String nested = "[".repeat(100_000);
        return Stream.of(
                Arguments.of("overlap", "{" + A + "," + entry("b", "F32", "[1]", "[4,8]") + "}", 8, "ends at 8"),
                Arguments.of("same bytes twice", "{" + A + "," + entry("b", "F32", "[2]", "[0,8]") + "}", 8, "ends at"),
                Arguments.of(
                        "hole", "{" + A + "," + entry("b", "F32", "[1]", "[12,16]") + "}", 16, "starts at byte 12"),
                Arguments.of("hole at the start", "{" + entry("b", "F32", "[1]", "[4,8]") + "}", 8, "starts at byte 4"),
                Arguments.of("data left over", "{" + A + "}", 9, "describes 8 bytes of data, the file holds 9"),
                Arguments.of("data missing", "{" + A + "}", 7, "outside the 7 bytes"),
                Arguments.of("no data", "{" + A + "}", 0, "outside the 0 bytes"),
                Arguments.of("negative size", "{" + entry("a", "F32", "[-2]", "[0,8]") + "}", 8, "-2"),
                Arguments.of("two negative sizes", "{" + entry("a", "F32", "[-1,-2]", "[0,8]") + "}", 8, "-1"),
                Arguments.of("negative offset", "{" + entry("a", "F32", "[2]", "[-8,0]") + "}", 8, "-8"),
                Arguments.of("offsets reversed", "{" + entry("a", "F32", "[2]", "[8,0]") + "}", 8, "8 to 0"),
                Arguments.of(
                        "fractional size",
                        "{" + entry("a", "F32", "[2.0]", "[0,8]") + "}",
                        8,
                        "got a number with a fraction or an exponent"),
                Arguments.of(
                        "size of 2^70", "{" + entry("a", "F32", "[1180591620717411303424]", "[0,8]") + "}", 8, "2^63"),
                Arguments.of(
                        "number of a million digits",
                        "{" + entry("a", "F32", "[" + "9".repeat(1_000_000) + "]", "[0,8]") + "}",
                        8,
                        "goes beyond a limit on JSON"),
                Arguments.of(
                        "product over 2^64",
                        "{" + entry("a", "F32", "[4294967296,4294967296,4]", "[0,8]") + "}",
                        8,
                        "too large"),
                Arguments.of(
                        "product over 2^63 only in bytes",
                        "{" + entry("a", "F32", "[4611686018427387904]", "[0,8]") + "}",
                        8,
                        "too large"),
                Arguments.of(
                        "shape too small for the bytes", "{" + entry("a", "F32", "[1]", "[0,8]") + "}", 8, "takes 4"),
                Arguments.of(
                        "shape too big for the bytes", "{" + entry("a", "F32", "[3]", "[0,8]") + "}", 8, "takes 12"),
                Arguments.of("duplicate tensor", "{" + A + "," + A + "}", 8, "Duplicate"),
                Arguments.of(
                        "duplicate field",
                        "{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}",
                        8,
                        "Duplicate"),
                Arguments.of(
                        "unknown type", "{" + entry("a", "F31", "[2]", "[0,8]") + "}", 8, "\"F31\" is not supported"),
                Arguments.of("type in lower case", "{" + entry("a", "f32", "[2]", "[0,8]") + "}", 8, "\"f32\""),
                Arguments.of("no type", "{\"a\":{\"shape\":[2],\"data_offsets\":[0,8]}}", 8, "lacks dtype"),
                Arguments.of("no shape", "{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,8]}}", 8, "lacks shape"),
                Arguments.of("no offsets", "{\"a\":{\"dtype\":\"F32\",\"shape\":[2]}}", 8, "lacks data_offsets"),
                Arguments.of("one offset", "{" + entry("a", "F32", "[2]", "[0]") + "}", 8, "must have 2 numbers"),
                Arguments.of(
                        "three offsets", "{" + entry("a", "F32", "[2]", "[0,8,8]") + "}", 8, "more than 2 numbers"),
                Arguments.of(
                        "17 dimensions", "{" + entry("a", "U8", "[1" + ",1".repeat(16) + "]", "[0,1]") + "}", 1, "16"),
                Arguments.of(
                        "unknown field",
                        "{\"a\":{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[0,1],\"x\":1}}",
                        1,
                        "\"x\" is not a known field"),
                Arguments.of(
                        "nested arrays",
                        "{\"a\":{\"shape\":" + nested,
                        0,
                        "\"shape\" must hold integers from 0 to 2^63-1, got a list"),
                Arguments.of("nested metadata", "{\"__metadata__\":" + nested, 0, "__metadata__"),
                Arguments.of("null for a tensor", "{\"a\":null}", 0, "\"a\" must be an object, got null"),
                Arguments.of("text for metadata", "{\"__metadata__\":\"x\"}", 0, "must be an object, got a string"),
                Arguments.of(
                        "fraction", "{" + entry("a", "U8", "[1]", "[0,1.0]") + "}", 1, "got a number with a fraction"),
                Arguments.of(
                        "exponent", "{" + entry("a", "U8", "[1]", "[0,1e0]") + "}", 1, "got a number with a fraction"),
                Arguments.of("text for a shape", "{" + entry("a", "U8", "\"1\"", "[0,1]") + "}", 1, "must be a list"),
                Arguments.of(
                        "truth value for a type",
                        "{\"a\":{\"dtype\":true}}",
                        0,
                        "\"dtype\" must be a string, got a truth value"),
                Arguments.of("text after the object", "{}{}", 0, "after the end"),
                Arguments.of("rubbish after the object", "{} x", 0, "not valid JSON"),
                Arguments.of(
                        "number in the metadata",
                        "{\"__metadata__\":{\"n\":1}}",
                        0,
                        "must be a string, got an integer"),
                Arguments.of("tensor that is a list", "{\"a\":[]}", 0, "\"a\" must be an object, got a list"),
                Arguments.of("list instead of an object", "[]", 0, "'{'"),
                Arguments.of("blank before the object", " {}", 0, "'{'"),
                Arguments.of("unfinished object", "{\"a\":", 0, "not valid JSON"),
                Arguments.of("unquoted names", "{a:1}", 0, "not valid JSON"),
                Arguments.of(
                        "name of 70,000 characters",
                        "{" + entry("n".repeat(70_000), "U8", "[]", "[0,1]") + "}",
                        1,
                        "JSON"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("badHeaders")
    void rejectsBadHeader(String what, String header, int dataBytes, String message) {
        assertThatExceptionOfType(CheckpointException.class)
                .as(what)
                .isThrownBy(() -> read(file(header, dataBytes)))
                .withMessageContaining("t.safetensors")
                .withMessageContaining(message)
                .satisfies(e -> assertThat(e.getMessage()).hasSizeLessThan(1_500));
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 3, 1_000_000_000_000L, 100_000_001L, Long.MAX_VALUE, Long.MIN_VALUE, -2, -1})
    void rejectsBadHeaderLength(long length) {
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> read(file(length, "{}".getBytes(StandardCharsets.UTF_8), 0)))
                .withMessageContaining("header length " + Long.toUnsignedString(length));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 5, 8, 9})
    void rejectsFilesTooShortForAHeader(int length) {
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> read(new byte[length]))
                .withMessageContaining("has " + length + " bytes");
    }

    @Test
    void rejectsTruncatedFiles() throws IOException {
        byte[] whole = Files.readAllBytes(Resources.golden("special.safetensors"));
        for (int length = 0; length < whole.length; length += 1 + length % 9) {
            byte[] part = Arrays.copyOf(whole, length);
            assertThatExceptionOfType(CheckpointException.class)
                    .as("first %d bytes", length)
                    .isThrownBy(() -> read(part));
        }
        assertThat(read(whole).tensors()).hasSize(6);
    }

    @Test
    void rejectsMalformedUtf8() {
        byte[] header = ("{" + entry("x", "U8", "[]", "[0,1]") + "}").getBytes(StandardCharsets.UTF_8);
        header[2] = (byte) 0xff;
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> read(file(header.length, header, 1)))
                .withMessageContaining("UTF-8");
    }

    @Test
    void keepsNamesOutsideAscii() throws IOException {
        assertThat(read(file("{" + entry("größe-\\u00e9", "U8", "[]", "[0,1]") + "}", 1))
                        .tensors())
                .containsOnlyKeys("größe-é");
    }

    @Test
    void rejectsTooManyTensors() {
        StringBuilder header = new StringBuilder("{");
        for (int i = 0; i <= SafeTensorsHeader.MAX_TENSORS; i++) {
            header.append(entry("t" + i, "U8", "[0]", "[0,0]")).append(',');
        }
        header.setCharAt(header.length() - 1, '}');
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> read(file(header.toString(), 0)))
                .withMessageContaining("more than 100000 tensors");
    }

    @Test
    void keepsControlCharactersOutOfMessages() {
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> read(file("{" + entry("a\\n\\u001b[2J", "F31", "[]", "[0,1]") + "}", 1)))
                .withMessageContaining("\"a\\u000a\\u001b[2J\"")
                .satisfies(e -> assertThat(e.getMessage()).doesNotContain("\n").doesNotContain("\u001b"));
    }

    @Test
    void rejectsAFolder() {
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> SafeTensorsFile.read(folder))
                .withMessageContaining("not a regular file");
    }

    @Test
    void namesAMissingFile() {
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> SafeTensorsFile.read(folder.resolve("none.safetensors")))
                .withMessageContaining("none.safetensors does not exist");
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void namesTheTargetOfADanglingLink() throws IOException {
        Path real = folder.toRealPath();
        Path blobs = Files.createDirectories(folder.resolve("blobs"));
        Path snapshot = Files.createDirectories(folder.resolve("snapshots/0123"));
        Path link = Files.createSymbolicLink(snapshot.resolve("link.safetensors"), Path.of("../../blobs/abcd"));
        Path other = Files.createSymbolicLink(folder.resolve("other.safetensors"), link);
        for (Path each : List.of(link, other)) {
            assertThatExceptionOfType(CheckpointException.class)
                    .isThrownBy(() -> SafeTensorsFile.read(each))
                    .withMessage(
                            each + " does not exist (a link to a missing file: " + real.resolve("blobs/abcd") + ")");
        }
        Files.delete(blobs);
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> SafeTensorsFile.read(link))
                .withMessageContaining("link to a missing file: " + real.resolve("blobs/abcd"));
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void aPipeInThePlaceOfAFileIsRefusedNotWaitedFor() throws Exception {
        Path pipe = makePipe(folder.resolve("pipe.safetensors"));
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> SafeTensorsFile.read(pipe))
                .withMessageContaining("is not a regular file");
        SafeTensorsFile file = read(file("{" + A + "}", 8));
        TensorInfo tensor = Objects.requireNonNull(file.tensors().get("a"));
        Files.delete(file.path());
        makePipe(file.path());
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> file.readFloats(tensor, 0, FloatBuffer.allocate(1)))
                .withMessageContaining("has changed since it was opened: it is not a regular file any more");
    }

    private static Path makePipe(Path pipe) throws IOException, InterruptedException {
        assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor())
                .isZero();
        return pipe;
    }

    @Test
    void mapsCannotBeChanged() {
        SafeTensorsFile file = SafeTensorsFile.read(Resources.golden("special.safetensors"));
        assertThatExceptionOfType(UnsupportedOperationException.class)
                .isThrownBy(() -> file.tensors().clear());
        assertThatExceptionOfType(UnsupportedOperationException.class)
                .isThrownBy(() -> file.metadata().clear());
        file.tensors().get("F32").shape()[0] = 99;
        assertThat(file.tensors().get("F32").shape()).containsExactly(3, 4);
    }
}
