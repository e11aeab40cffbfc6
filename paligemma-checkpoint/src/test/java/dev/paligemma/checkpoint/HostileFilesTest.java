package dev.paligemma.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.sun.management.ThreadMXBean;
import dev.paligemma.base.internal.InputFiles;
import dev.paligemma.checkpoint.config.CheckpointException;
import dev.paligemma.checkpoint.config.PaliGemmaConfig;
import dev.paligemma.checkpoint.internal.bitsandbytes.FourBitState;
import dev.paligemma.checkpoint.internal.bitsandbytes.QuantisedWeights;
import dev.paligemma.checkpoint.internal.bitsandbytes.QuantisedWeightsTest;
import dev.paligemma.checkpoint.internal.converted.ConvertedManifest;
import dev.paligemma.checkpoint.internal.safetensors.SafeTensorsFile;
import dev.paligemma.checkpoint.internal.safetensors.TensorFiles;
import dev.paligemma.engine.Precision;
import dev.paligemma.engine.weights.TensorInfo;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/** Damaged files either read well or fail with a {@link CheckpointException}, and never allocate much. */
class HostileFilesTest {
    private static final long MAX_ALLOCATED_BYTES = 16 << 20;

    private static final String[] TOKENS = {
        "-1",
        "0",
        "18446744073709551616",
        "9223372036854775807",
        "1e400",
        "null",
        "true",
        "{",
        "}",
        "[",
        "]",
        "\"",
        ",",
        ":",
        "[[[[",
        "\"F32\"",
        "\"U8\"",
        "\\u0000",
        "\ud83d\ude00",
        "NaN",
        "Infinity",
        "//",
        " "
    };

    private static Path file;

    @BeforeContainer
    static void makeFile() throws IOException {
        file = Files.createTempFile("hostile", ".bin");
    }

    @AfterContainer
    static void deleteFile() throws IOException {
        Files.delete(file);
    }

    @Property(tries = 400)
    void damagedSafetensors(@ForAll long seed) throws IOException {
        byte[] good = Files.readAllBytes(Resources.golden("special.safetensors"));
        checkDamaged(good, seed, path -> {
            SafeTensorsFile read = SafeTensorsFile.read(path);
            read.tensors()
                    .values()
                    .forEach(tensor ->
                            assertThat(tensor.offset() + tensor.byteLength()).isLessThanOrEqualTo(read.size()));
        });
    }

    @Property(tries = 400)
    void damagedConfig(@ForAll long seed) throws IOException {
        checkDamaged(
                Files.readAllBytes(Resources.golden("gemma2-bf16-sharded/config.json")), seed, PaliGemmaConfig::read);
    }

    @Property(tries = 400)
    void damagedQuantisedWeights(@ForAll long seed) throws IOException {
        byte[] good = Files.readAllBytes(QuantisedWeightsTest.WEIGHTS);
        checkDamaged(good, seed, path -> {
            SafeTensorsFile read = SafeTensorsFile.read(path);
            TensorFiles files = new TensorFiles(path, List.of(read.stored()));
            Map<String, TensorInfo> tensors = new LinkedHashMap<>(read.tensors());
            List<String> names =
                    QuantisedWeightsTest.names().map(name -> name + ".weight").toList();
            QuantisedWeights.replace(names, tensors, files)
                    .forEach((tensor, weight) -> weight.read(
                            files, 0, FloatBuffer.allocate((int) Math.min(1 << 16, tensor.elementCount()))));
        });
    }

    @Property(tries = 400)
    void damagedState(@ForAll long seed) throws IOException {
        String state = "{\"quant_type\": \"nf4\", \"blocksize\": 64, \"dtype\": \"bfloat16\", \"shape\": [150, 150],"
                + " \"nested_blocksize\": 256, \"nested_dtype\": \"float32\", \"nested_offset\": 0.129}";
        checkDamaged(state.getBytes(StandardCharsets.UTF_8), seed, path -> {
            FourBitState read = FourBitState.parse(
                    path.toString(), InputFiles.readAll(path, 1 << 16, CheckpointException::new), "nf4");
            assertThat(Integer.bitCount(read.blockSize())).isEqualTo(1);
        });
    }

    @Example
    void namesInAManifestCannotLeaveTheFolder() throws IOException {
        for (String name : List.of("../config.json", "/etc/passwd", "..", "a/b", ".hidden", "", "x\n", "C:\\x")) {
            Path folder = Files.createTempDirectory("manifest");
            Path manifest = folder.resolve(ConvertedManifest.FILE_NAME);
            try {
                new ConvertedManifest(
                                Precision.INT8,
                                "0".repeat(64),
                                Map.of(name, new ConvertedManifest.FileSum(1, List.of(0L))))
                        .write(folder);
                assertThatExceptionOfType(CheckpointException.class)
                        .isThrownBy(() -> TestNetwork.open(folder))
                        .withMessageContaining("is not a plain file name");
            } finally {
                Files.delete(manifest);
                Files.delete(folder);
            }
        }
    }

    @Example
    void aManifestOfTooManyFilesIsSaidToBeOne() throws IOException {
        Map<String, ConvertedManifest.FileSum> files = new LinkedHashMap<>();
        for (int i = 0; i < 101; i++) {
            files.put("f" + i, new ConvertedManifest.FileSum(1, List.of(0L)));
        }
        Path folder = Files.createTempDirectory("manifest");
        try {
            new ConvertedManifest(Precision.INT8, "0".repeat(64), files).write(folder);
            assertThatExceptionOfType(CheckpointException.class)
                    .isThrownBy(() -> TestNetwork.open(folder))
                    .withMessageContaining("files lists 101 files, expected at most 100")
                    .withMessageNotContaining("plain");
        } finally {
            Files.delete(folder.resolve(ConvertedManifest.FILE_NAME));
            Files.delete(folder);
        }
    }

    private static void checkDamaged(byte[] good, long seed, Consumer<Path> read) throws IOException {
        byte[] bad = damage(good, new Random(seed));
        Files.write(file, bad);
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = threads.getCurrentThreadAllocatedBytes();
        try {
            read.accept(file);
        } catch (CheckpointException e) {
            assertThat(e.getMessage()).contains(file.getFileName().toString());
        }
        assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(MAX_ALLOCATED_BYTES);
    }

    private static byte[] damage(byte[] good, Random random) {
        byte[] bytes = good.clone();
        for (int edits = 1 + random.nextInt(3); edits > 0 && bytes.length > 0; edits--) {
            int at = random.nextInt(bytes.length);
            switch (random.nextInt(6)) {
                case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
                case 1 -> bytes[at] = (byte) random.nextInt();
                case 2 -> bytes = Arrays.copyOf(bytes, at);
                case 3 -> bytes = splice(bytes, at, random.nextInt(8), new byte[0]);
                case 4 -> bytes = splice(bytes, at, random.nextInt(4), token(random));
                default -> bytes = replaceNumber(bytes, at, token(random));
            }
        }
        return bytes;
    }

    private static byte[] token(Random random) {
        return TOKENS[random.nextInt(TOKENS.length)].getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] replaceNumber(byte[] bytes, int from, byte[] token) {
        int start = from;
        while (start < bytes.length && !Character.isDigit(bytes[start])) {
            start++;
        }
        int end = start;
        while (end < bytes.length && Character.isDigit(bytes[end])) {
            end++;
        }
        return splice(bytes, start, end - start, token);
    }

    private static byte[] splice(byte[] bytes, int at, int remove, byte[] insert) {
        int rest = Math.min(bytes.length, at + remove);
        byte[] out = Arrays.copyOf(bytes, at + insert.length + bytes.length - rest);
        System.arraycopy(insert, 0, out, at, insert.length);
        System.arraycopy(bytes, rest, out, at + insert.length, bytes.length - rest);
        return out;
    }
}
