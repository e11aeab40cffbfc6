package dev.paligemma.vision.mask;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.within;

import dev.paligemma.checkpoint.internal.numpy.NpzTool;
import dev.paligemma.vision.PixelBox;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Decodes and encodes as the network does in PyTorch. */
class MaskCodecTest {
    @TempDir
    static Path folder;

    static Map<String, byte[]> weights;
    static MaskCodec codec;

    @BeforeAll
    static void readWeights() {
        weights = RandomWeights.entries();
        codec = MaskCodec.read(RandomWeights.write(folder.resolve("vae.npz"), weights));
    }

    static Stream<String[]> decodeCases() {
        return MaskGoldens.table("decode.tsv").stream();
    }

    static Stream<String[]> encodeCases() {
        return MaskGoldens.table("encode.tsv").stream();
    }

    @ParameterizedTest
    @MethodSource("decodeCases")
    void decodesLikePyTorch(String name, String codes) {
        float[] actual = codec.decodeRaw(MaskGoldens.integers(codes));

        assertThat(actual).containsExactly(MaskGoldens.floats(name), within(1e-5f));
    }

    @ParameterizedTest
    @MethodSource("decodeCases")
    void decodesToProbabilities(String name, String codes) {
        float[] expected = MaskGoldens.decoded(name).toArray();

        SegmentationMask mask = codec.decode(MaskGoldens.integers(codes));

        assertThat(mask.toArray()).containsExactly(expected, within(1e-5f));
        assertThat(mask.probability(7, 50)).isCloseTo(expected[7 * 64 + 50], within(1e-5f));
        // The goldens reach beyond -1 and 1.
        assertThat(mask.toArray()).contains(0f).contains(1f);
    }

    @ParameterizedTest
    @MethodSource("decodeCases")
    void encodesSoftMasksLikePyTorch(String name, String decoded, String codes) {
        assertThat(codec.encode(MaskGoldens.decoded(name))).containsExactly(MaskGoldens.integers(codes));
    }

    @ParameterizedTest
    @MethodSource("encodeCases")
    void encodesAPartOfAMaskLikePyTorch(
            String name, int width, int height, String rle, String box, String codes, String kept) {
        BitMask mask = CocoRle.parse(width, height, rle).toMask();

        SegmentationMask small = SegmentationMask.crop(mask, MaskGoldens.box(box));

        assertThat(codec.encode(small)).containsExactly(MaskGoldens.integers(codes));
        if (!kept.isEmpty()) {
            assertThat(small.toArray()).containsExactly(MaskGoldens.floats(name), within(1e-6f));
        }
    }

    @Test
    void decodesTheSameFromSeveralThreads() {
        float[] expected = MaskGoldens.floats("decode_mixed");
        int[] codes = MaskGoldens.integers(MaskGoldens.table("decode.tsv").get(2)[1]);

        IntStream.range(0, 8)
                .parallel()
                .forEach(i -> assertThat(codec.decodeRaw(codes)).containsExactly(expected, within(1e-5f)));
    }

    @Test
    void decodesIntoAPicture() {
        int[] codes = MaskGoldens.integers(MaskGoldens.table("decode.tsv").get(2)[1]);
        float[] raw = codec.decodeRaw(codes);

        BitMask mask = codec.decodeInto(80, 70, new PixelBox(10, 3, 74, 67), codes);

        for (int y = 0; y < 70; y++) {
            for (int x = 0; x < 80; x++) {
                boolean inBox = x >= 10 && x < 74 && y >= 3 && y < 67;
                assertThat(mask.contains(x, y)).isEqualTo(inBox && raw[(y - 3) * 64 + x - 10] > 0);
            }
        }
    }

    @Test
    void leavesOutWhatLiesOutsideOfThePicture() {
        int[] codes = MaskGoldens.integers(MaskGoldens.table("decode.tsv").get(2)[1]);
        BitMask whole = codec.decodeInto(100, 100, new PixelBox(10, 20, 60, 90), codes);

        BitMask cut = codec.decodeInto(40, 50, new PixelBox(-10, 0, 40, 70), codes);

        for (int y = 0; y < 50; y++) {
            for (int x = 0; x < 40; x++) {
                assertThat(cut.contains(x, y)).isEqualTo(whole.contains(x + 20, y + 20));
            }
        }
        assertThat(codec.decodeInto(4, 4, new PixelBox(9, 9, 12, 12), codes).area())
                .isZero();
    }

    @Test
    void ignoresArraysThatItDoesNotNeed() {
        Map<String, byte[]> more = new LinkedHashMap<>(weights);
        more.put("_vq_vae._ema_cluster_size.npy", NpzTool.npy(new float[128], 128));
        more.put("notes.txt", new byte[] {1, 2, 3});
        more.put("something.npy", new byte[] {0});

        MaskCodec read = MaskCodec.read(RandomWeights.write(folder.resolve("more.npz"), more));

        assertThat(read.decodeRaw(new int[16])).isEqualTo(codec.decodeRaw(new int[16]));
    }

    @Test
    void decodesWithoutAnEncoder() {
        Map<String, byte[]> half = new LinkedHashMap<>(weights);
        half.keySet().removeIf(name -> name.startsWith("encoder."));

        MaskCodec decoder = MaskCodec.read(RandomWeights.write(folder.resolve("half.npz"), half));

        assertThat(codec.hasEncoder()).isTrue();
        assertThat(decoder.hasEncoder()).isFalse();
        assertThat(decoder.decodeRaw(new int[16])).isEqualTo(codec.decodeRaw(new int[16]));
        assertThatIllegalStateException()
                .isThrownBy(() -> decoder.encode(SegmentationMask.of(new float[64 * 64])))
                .withMessageContaining("no encoder");
    }

    @Test
    void rejectsPartOfAnEncoder() {
        Map<String, byte[]> part = new LinkedHashMap<>(weights);
        part.keySet().remove("encoder.9.net.4.bias.npy");

        assertRejected(part, "\"encoder.9.net.4.bias\"", "float32[128]");
    }

    @Test
    void rejectsAMissingArray() {
        Map<String, byte[]> part = new LinkedHashMap<>(weights);
        part.keySet().remove("decoder.6.weight.npy");

        assertRejected(part, "has no array \"decoder.6.weight\"", "[128, 64, 4, 4]");
    }

    @Test
    void rejectsAnotherShape() {
        Map<String, byte[]> other = new LinkedHashMap<>(weights);
        other.put("decoder.6.weight.npy", NpzTool.npy(new float[128 * 64 * 16], 64, 128, 4, 4));

        assertRejected(other, "\"decoder.6.weight\"", "shape [64, 128, 4, 4], expected [128, 64, 4, 4]");
    }

    @Test
    void rejectsWeightsThatAreNotFinite() {
        Map<String, byte[]> other = new LinkedHashMap<>(weights);
        float[] bias = new float[32];
        bias[5] = Float.NaN;
        other.put("decoder.8.bias.npy", NpzTool.npy(bias, 32));

        assertRejected(other, "\"decoder.8.bias\", element 5 is NaN");
    }

    @Test
    void reportsWeightsThatOverflow() {
        Map<String, byte[]> other = new LinkedHashMap<>(weights);
        float[] huge = new float[512 * 128];
        Arrays.fill(huge, 3e38f);
        other.put("decoder.0.weight.npy", NpzTool.npy(huge, 128, 512, 1, 1));
        float[] ones = new float[128 * 512];
        Arrays.fill(ones, 1f);
        other.put("_vq_vae._embedding.npy", NpzTool.npy(ones, 128, 512));
        MaskCodec broken = MaskCodec.read(RandomWeights.write(folder.resolve("huge.npz"), other));

        assertThatExceptionOfType(MaskException.class)
                .isThrownBy(() -> broken.decode(new int[16]))
                .withMessageContaining("expected a finite number");
    }

    @Test
    void rejectsWrongCodes() {
        int[] high = new int[16];
        high[3] = 128;
        int[] low = new int[16];
        low[15] = -1;

        assertThatIllegalArgumentException()
                .isThrownBy(() -> codec.decode(new int[15]))
                .withMessageContaining("expected 16 codes, got 15");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> codec.decode(high))
                .withMessageContaining("code 3 is 128, expected 0 to 127");
        assertThatIllegalArgumentException().isThrownBy(() -> codec.decode(low)).withMessageContaining("code 15 is -1");
    }

    private static void assertRejected(Map<String, byte[]> entries, String... messageParts) {
        Path file = RandomWeights.write(folder.resolve("rejected.npz"), entries);

        assertThatExceptionOfType(MaskException.class)
                .isThrownBy(() -> MaskCodec.read(file))
                .withMessageContaining("rejected.npz")
                .satisfies(e -> assertThat(e).hasMessageContainingAll(messageParts));
    }
}
