package dev.paligemma;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.paligemma.checkpoint.Checkpoint;
import dev.paligemma.checkpoint.config.CheckpointException;
import dev.paligemma.checkpoint.convert.ConversionListener;
import dev.paligemma.engine.Precision;
import dev.paligemma.engine.weights.DType;
import dev.paligemma.engine.weights.TensorInfo;
import dev.paligemma.network.Networks;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** An archive of big_vision is the same model as the checkpoint in Hugging Face format with the same numbers. */
class BigVisionCheckpointTest {
    private static final String QUERY = "language_model.layers.0.self_attn.q_proj.weight";
    private static final String NORM = "language_model.norm.weight";
    private static final String SMALLEST = "pg1-gqa-bf16";

    @TempDir
    private Path folder;

    private static Path archive(String name) {
        return Golden.root("/big-vision").resolve(name).resolve("checkpoint.npz");
    }

    private Path bare(String name) throws IOException {
        return archiveWithTokenizer(name, folder.resolve(name));
    }

    /** Makes a folder with an archive and a tokenizer, which is all there is of a checkpoint of big_vision. */
    static Path archiveWithTokenizer(String name, Path to) throws IOException {
        Files.createDirectories(to);
        Files.copy(archive(name), to.resolve("checkpoint.npz"));
        Files.copy(Golden.of(name).folder().resolve("tokenizer.json"), to.resolve("tokenizer.json"));
        return to;
    }

    @ParameterizedTest
    @ValueSource(strings = {"pg1-mqa-fp32", "pg1-gqa-bf16", "pg1-minimal-fp16", "pg2-fewer-rows"})
    void holdsTheSameNumbersUnderTheSameNames(String name) {
        try (Checkpoint expected = Networks.open(Golden.of(name).folder());
                Checkpoint found = Networks.open(archive(name))) {
            assertThat(found.isBigVision()).isTrue();
            assertThat(expected.isBigVision()).isFalse();
            assertThat(found.config().text()).isEqualTo(expected.config().text());
            assertThat(found.config().vision()).isEqualTo(expected.config().vision());
            assertThat(found.config().imageTokenId()).isNull();
            assertThat(found.weights()).isEqualTo(expected.weights());
            assertThat(found.precision()).isEqualTo(Precision.FLOAT32);
            assertThat(found.unusedTensors()).isEmpty();
            assertThat(found.folder()).isEqualTo(archive(name).toAbsolutePath().getParent());
            found.weights()
                    .keySet()
                    .forEach(tensor ->
                            assertThat(numbers(found, tensor)).as(tensor).isEqualTo(numbers(expected, tensor)));
        }
    }

    /** As bits, so that signs of zeros count. */
    private static int[] numbers(Checkpoint checkpoint, String name) {
        TensorInfo tensor = checkpoint.tensor(name);
        float[] values = new float[(int) tensor.elementCount()];
        checkpoint.readFloats(tensor, 0, FloatBuffer.wrap(values));
        int[] bits = new int[values.length];
        Arrays.setAll(bits, i -> Float.floatToRawIntBits(values[i]));
        return bits;
    }

    @ParameterizedTest
    @CsvSource({"pg1-mqa-fp32, F32, NPZ_F32", "pg1-gqa-bf16, BF16, NPZ_BF16", "pg1-minimal-fp16, F16, NPZ_F16"})
    void mapsWhatLiesInOrderAndNothingElse(String name, DType inOrder, DType inAnother) {
        try (Checkpoint checkpoint = Networks.open(archive(name))) {
            TensorInfo norm = checkpoint.tensor(NORM);
            assertThat(norm.dtype()).isEqualTo(inOrder);
            assertThat(checkpoint.map(norm, 0, norm.byteLength()).remaining()).isEqualTo(norm.byteLength());
            TensorInfo query = checkpoint.tensor(QUERY);
            assertThat(query.dtype()).isEqualTo(inAnother);
            assertThat(checkpoint.storedTensors(QUERY))
                    .singleElement()
                    .satisfies(part -> assertThat(part.name()).isEqualTo("llm/layers/attn/q_einsum/w[0]"));
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> checkpoint.map(query, 0, 1))
                    .withMessageContaining("lies in another order; readFloats gives its numbers");
        }
    }

    @ParameterizedTest
    @CsvSource({"pg1-gqa-bf16, INT8", "pg2-fewer-rows, INT4"})
    void isConvertedToACheckpointThatStandsForItself(String name, Precision precision) throws IOException {
        Path fromArchive = folder.resolve("from-archive");
        Path fromFolder = folder.resolve("from-folder");
        Checkpoints.convert(bare(name).resolve("checkpoint.npz"), precision, fromArchive, ConversionListener.NONE);
        Checkpoints.convert(Golden.of(name).folder(), precision, fromFolder, ConversionListener.NONE);

        assertThat(fromArchive.resolve("model.safetensors"))
                .hasSameBinaryContentAs(fromFolder.resolve("model.safetensors"));
        Golden.Request request = Golden.of(name).requests().get(0);
        try (PaliGemmaPipeline one = PaliGemmaPipeline.load(fromArchive);
                PaliGemmaPipeline other = PaliGemmaPipeline.load(fromFolder);
                PaliGemmaPipeline cached = PaliGemmaPipeline.builder()
                        .checkpoint(folder.resolve(name))
                        .precision(precision)
                        .cacheDirectory(folder.resolve("cache"))
                        .build()) {
            // The same files, each mapped from its beginning: the same weights at the same alignment, so the same bits.
            double[] expected = other.generate(request.toGenerationRequest()).logProbabilities();
            assertThat(one.generate(request.toGenerationRequest()).logProbabilities())
                    .isEqualTo(expected);
            assertThat(cached.generate(request.toGenerationRequest()).logProbabilities())
                    .isEqualTo(expected);
        }
    }

    @Test
    void believesAConfigurationBesideTheArchive() throws IOException {
        Path checkpoint = bare("pg2-fewer-rows");
        String json = Files.readString(Golden.of("pg2-fewer-rows").folder().resolve("config.json"));
        Files.writeString(
                checkpoint.resolve("config.json"),
                json.replaceFirst("\"query_pre_attn_scalar\": 16", "\"query_pre_attn_scalar\": 12.5"));
        try (Checkpoint opened = Networks.open(checkpoint)) {
            assertThat(opened.config().text().attention().queryScalar()).isEqualTo(12.5);
            assertThat(opened.config().imageTokenId()).isEqualTo(1600);
        }
        Files.writeString(checkpoint.resolve("config.json"), json.replace("\"head_dim\": 16", "\"head_dim\": 8"));
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> Networks.open(checkpoint))
                .withMessageContaining("3 of ")
                .withMessageContaining("llm/layers/attn/q_einsum/w: expected [2, 2, 24, 8], got [2, 2, 24, 16]");
    }

    @Test
    void wantsOneArchiveAndDoesNotCountThatOfTheMaskCodec() throws IOException {
        Path checkpoint = bare(SMALLEST);
        Files.write(checkpoint.resolve("vae-oid.npz"), new byte[10]);
        Networks.open(checkpoint).close();
        Files.write(checkpoint.resolve("other.npz"), new byte[10]);
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> Networks.open(checkpoint))
                .withMessageContainingAll("\"checkpoint.npz\"", "\"other.npz\"", "name one of them");
        Networks.open(checkpoint.resolve("checkpoint.npz")).close();
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> Networks.open(checkpoint.resolve("absent.npz")))
                .withMessageContaining("absent.npz does not exist");
    }

    @Test
    void saysHowToSaveACompressedArchiveAgain() throws IOException {
        Path compressed = folder.resolve("compressed.npz");
        try (ZipInputStream from = new ZipInputStream(Files.newInputStream(archive(SMALLEST)));
                ZipOutputStream to = new ZipOutputStream(Files.newOutputStream(compressed))) {
            for (ZipEntry entry = from.getNextEntry(); entry != null; entry = from.getNextEntry()) {
                to.putNextEntry(new ZipEntry(entry.getName()));
                from.transferTo(to);
            }
        }
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> Networks.open(compressed))
                .withMessageContainingAll("compressed.npz", "expected [32], not compressed", "numpy.savez('new.npz'");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "'fortran_order': False, 'shape': (14,; 'fortran_order': True,  'shape': (14,; C order, got Fortran",
                "|V2', 'fortran_order': False, 'shape': (14,; <i2', 'fortran_order': False, 'shape': (14,; \"<i2\"",
                "(1, 9, 32); (1, 4, 32); got 576 bytes",
                "(1, 9, 32); (1, 8, 32); 8 positions",
                "(14, 14, 3, 32); (14, 14, 9, 32); expected [14, 14, 3, 32], got [14, 14, 9, 32]",
                "params/img/head/bias; params/img/head/mias; img/head/bias: missing, expected [40]",
                "params/img/head/bias; params/img/head/bia/; img/head/bias: missing",
            })
    void namesWhatIsWrongWithAnArray(String from, String to, String message) throws IOException {
        String bytes = Files.readString(archive(SMALLEST), StandardCharsets.ISO_8859_1);
        assertThat(bytes).contains(from);
        Path changed =
                Files.writeString(folder.resolve("changed.npz"), bytes.replace(from, to), StandardCharsets.ISO_8859_1);
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> Networks.open(changed))
                .withMessageContaining("changed.npz")
                .withMessageContaining(message);
    }

    /** Most of an archive is numbers, of which any will do, so changes are made where something can go wrong. */
    @Property(tries = 150)
    void changedArchivesAreReadOrRefused(
            @ForAll @Size(min = 1, max = 3) List<@IntRange(max = (1 << 24) - 1) Integer> changes,
            @ForAll boolean inDirectory)
            throws IOException {
        byte[] bytes = Files.readAllBytes(archive(SMALLEST));
        int[] places = places(bytes, inDirectory);
        for (int change : changes) {
            int place = places[(change >> 8) % places.length];
            bytes[place] = (byte) change;
        }
        Path changed = Files.write(Files.createTempFile("changed", ".npz"), bytes);
        try (Checkpoint checkpoint = Networks.open(changed)) {
            checkpoint.tensors().keySet().forEach(name -> numbers(checkpoint, name));
        } catch (CheckpointException e) {
            assertThat(e).hasMessageContaining(changed.getFileName().toString());
        } finally {
            Files.delete(changed);
        }
    }

    @Property(tries = 40)
    void truncatedArchivesAreRefused(@ForAll @IntRange(min = 1, max = 261_000) int missing) throws IOException {
        byte[] bytes = Files.readAllBytes(archive(SMALLEST));
        Path cut = Files.write(
                Files.createTempFile("cut", ".npz"), Arrays.copyOf(bytes, Math.max(0, bytes.length - missing)));
        try {
            assertThatExceptionOfType(CheckpointException.class)
                    .isThrownBy(() -> Networks.open(cut))
                    .withMessageContaining(cut.getFileName().toString());
        } finally {
            Files.delete(cut);
        }
    }

    /** The bytes of the directory at the end, or of all headers in front of arrays. */
    private static int[] places(byte[] bytes, boolean inDirectory) {
        Map<Boolean, byte[]> marks = Map.of(true, new byte[] {'P', 'K', 1, 2}, false, new byte[] {'P', 'K', 3, 4});
        byte[] mark = marks.get(inDirectory);
        int[] places = new int[bytes.length];
        int count = 0;
        for (int i = 0; i + 4 <= bytes.length; i++) {
            if (Arrays.equals(bytes, i, i + 4, mark, 0, 4)) {
                // Local header, name, extension and NumPy header take some 240 bytes; an entry and the end, 110.
                for (int j = i; j < Math.min(bytes.length, i + (inDirectory ? 150 : 240)); j++) {
                    places[count++ % places.length] = j;
                }
            }
        }
        return Arrays.copyOf(places, Math.min(count, places.length));
    }
}
