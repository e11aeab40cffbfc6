package dev.paligemma.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** Damaged files either load or are refused with a {@link TokenizerException}. */
class TokenizerFilePropertyTest {

    private static final byte[] FILE = shortened();
    private static final String[] FRAGMENTS = {
        "null",
        "true",
        "-1",
        "1e99",
        "99999999999999999999",
        "\"\"",
        "\"\\ud800\"",
        "[",
        "]",
        "{",
        "}",
        ",",
        ":",
        "\"",
        "\\",
        "\"a b\"",
        "[[\"a\",\"b\"]]",
        "{\"a\":1}",
        "\u0000",
        "\u2581",
        "\"type\"",
        "\"merges\"",
        "\"vocab\""
    };

    /** The first Gemma's shape with fewer tokens, so that damage hits structure often. */
    private static byte[] shortened() {
        String json = TestFiles.text(TestFiles.GEMMA)
                .replaceAll("\"<(loc|seg)\\d+>\":\\d+,?", "")
                .replaceAll("\"<0x[4-F][0-9A-F]>\":\\d+,", "")
                .replace(",}", "}");
        TestFiles.parse(json);
        return json.getBytes(StandardCharsets.UTF_8);
    }

    @Property(tries = 1500)
    void neverFailOtherwise(@ForAll long seed, @ForAll @IntRange(min = 1, max = 4) int damages) {
        Random random = new Random(seed);
        byte[] json = FILE;
        for (int i = 0; i < damages; i++) {
            json = damage(json, random);
        }
        loadOrRefuse(json);
    }

    @Property(tries = 500)
    void neverFailOtherwiseFromAnyBytes(@ForAll byte[] bytes) {
        loadOrRefuse(bytes);
    }

    private static void loadOrRefuse(byte[] json) {
        try {
            PaliGemmaTokenizer tokenizer = TestFiles.parse(json);
            int[] ids = tokenizer.encode("caption en 桌 <image>\n\n  x");
            assertThat(Arrays.stream(ids)).allMatch(id -> tokenizer.tokenOf(id).isPresent());
        } catch (TokenizerException e) {
            assertThat(e).hasMessageStartingWith("test.json");
        }
    }

    private static byte[] damage(byte[] json, Random random) {
        if (json.length == 0) {
            return json;
        }
        // Half of it near the start, where the structure is.
        int at = random.nextInt(random.nextBoolean() ? json.length : Math.min(json.length, 300));
        switch (random.nextInt(5)) {
            case 0 -> {
                byte[] flipped = json.clone();
                flipped[at] = (byte) random.nextInt(256);
                return flipped;
            }
            case 1 -> {
                return Arrays.copyOf(json, at);
            }
            case 2 -> {
                return splice(json, at, Math.min(json.length, at + 1 + random.nextInt(20)), new byte[0]);
            }
            case 3 -> {
                byte[] fragment = FRAGMENTS[random.nextInt(FRAGMENTS.length)].getBytes(StandardCharsets.UTF_8);
                return splice(json, at, at, fragment);
            }
            default -> {
                // Replaces a whole value or name, so that the JSON often stays well-formed.
                byte[] fragment = FRAGMENTS[random.nextInt(FRAGMENTS.length)].getBytes(StandardCharsets.UTF_8);
                int from = after(json, at);
                return splice(json, from, after(json, Math.min(json.length - 1, from + 1)), fragment);
            }
        }
    }

    /** The next place behind a colon, comma or bracket. */
    private static int after(byte[] json, int from) {
        for (int i = from; i < json.length; i++) {
            if (json[i] == ':' || json[i] == ',' || json[i] == '[') {
                return i + 1;
            }
        }
        return json.length;
    }

    private static byte[] splice(byte[] json, int from, int to, byte[] middle) {
        int end = Math.max(from, to);
        byte[] result = Arrays.copyOf(json, from + middle.length + json.length - end);
        System.arraycopy(middle, 0, result, from, middle.length);
        System.arraycopy(json, end, result, from + middle.length, json.length - end);
        return result;
    }
}
