package dev.paligemma.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** Damaged models either load or are refused with a {@link TokenizerException}. */
class SentencePieceFilePropertyTest {

    private static final byte[] FILE = new SentencePieceModel()
            .add("▁", "a", "b", "ab", "▁ab", "\n", "<", "bos")
            .toByteArray();

    @Property(tries = 3000)
    void neverFailOtherwise(@ForAll long seed, @ForAll @IntRange(min = 1, max = 4) int damages) {
        Random random = new Random(seed);
        byte[] model = FILE;
        for (int i = 0; i < damages; i++) {
            model = damage(model, random);
        }
        loadOrRefuse(model);
    }

    @Property(tries = 1000)
    void neverFailOtherwiseFromAnyBytes(@ForAll byte[] bytes) {
        loadOrRefuse(bytes);
    }

    /** Bytes that are often a field with a length, so that reading comes further than the first of them. */
    @Property(tries = 1000)
    void neverFailOtherwiseFromAnyFields(@ForAll long seed) {
        Random random = new Random(seed);
        ProtobufOutput model = new ProtobufOutput();
        for (int n = random.nextInt(20); n > 0; n--) {
            model.message(1 + random.nextInt(6), fields(random));
        }
        loadOrRefuse(model.toByteArray());
    }

    private static ProtobufOutput fields(Random random) {
        ProtobufOutput out = new ProtobufOutput();
        for (int n = random.nextInt(6); n > 0; n--) {
            int field = 1 + random.nextInt(45);
            switch (random.nextInt(4)) {
                case 0 -> out.number(field, random.nextLong() >> random.nextInt(64));
                case 1 -> out.number(field, random.nextFloat());
                case 2 -> out.string(field, "x".repeat(random.nextInt(20)));
                default -> out.raw(random.nextInt(256), random.nextInt(256));
            }
        }
        return out;
    }

    private static void loadOrRefuse(byte[] model) {
        try {
            PaliGemmaTokenizer tokenizer = SentencePieceModel.load(model);
            int[] ids = tokenizer.encode("ab ab 桌 <image>\n\n  <bos>");
            assertThat(Arrays.stream(ids)).allMatch(id -> tokenizer.tokenOf(id).isPresent());
        } catch (TokenizerException e) {
            assertThat(e).hasMessageStartingWith("test.model");
        }
    }

    private static byte[] damage(byte[] model, Random random) {
        if (model.length == 0) {
            return model;
        }
        // Half of it near the end, where the settings are.
        int at = random.nextBoolean()
                ? random.nextInt(model.length)
                : model.length - 1 - random.nextInt(Math.min(model.length, 120));
        return switch (random.nextInt(5)) {
            case 0 -> splice(model, at, at + 1, (byte) random.nextInt(256));
            case 1 -> Arrays.copyOf(model, at);
            case 2 -> splice(model, at, at + 1 + random.nextInt(20));
            case 3 -> splice(model, at, at, Arrays.copyOfRange(model, at, at + random.nextInt(40)));
            default -> splice(model, at, at + 1, (byte) (model[at] ^ 1 << random.nextInt(8)));
        };
    }

    private static byte[] splice(byte[] model, int from, int to, byte... middle) {
        int end = Math.min(to, model.length);
        byte[] result = Arrays.copyOf(model, from + middle.length + model.length - end);
        System.arraycopy(middle, 0, result, from, middle.length);
        System.arraycopy(model, end, result, from + middle.length, model.length - end);
        return result;
    }
}
