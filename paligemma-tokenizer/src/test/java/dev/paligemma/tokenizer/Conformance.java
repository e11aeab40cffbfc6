package dev.paligemma.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** Comparisons with the {@code tokenizers} library, for any file. */
final class Conformance {

    private Conformance() {}

    /** Compares ids, decoded texts and streamed texts. */
    static void check(PaliGemmaTokenizer tokenizer, Oracle oracle, List<String> texts) {
        for (String text : texts) {
            int[] ids = tokenizer.encode(text);
            checkIds(text, ids, oracle.encode(text));
            for (boolean skipSpecial : new boolean[] {false, true}) {
                String decoded = oracle.decode(ids, skipSpecial);
                assertThat(tokenizer.decode(ids, skipSpecial))
                        .as("decoded, of %s", text)
                        .isEqualTo(decoded);
                assertThat(stream(tokenizer, ids, skipSpecial))
                        .as("streamed, of %s", text)
                        .isEqualTo(decoded);
            }
        }
    }

    /** Compares ids of one text. */
    static void checkIds(String text, int[] ids, int[] expected) {
        // First without AssertJ, which takes long over arrays.
        if (!Arrays.equals(ids, expected)) {
            assertThat(ids).as("ids of %s", text).isEqualTo(expected);
        }
    }

    /** Compares the texts of random ids, most of which no text encodes to. */
    static void checkRandomIds(PaliGemmaTokenizer tokenizer, Oracle oracle, int sequences, long seed) {
        Random random = new Random(seed);
        int byteTokens = tokenizer.idOf("<0x00>").orElseThrow();
        for (int i = 0; i < sequences; i++) {
            // Past the end too, as for the padding rows of a model's vocabulary.
            int[] ids = random.ints(random.nextInt(30), 0, tokenizer.vocabularySize() + 50)
                    .map(id -> random.nextInt(3) == 0 ? byteTokens + id % 250 : id)
                    .toArray();
            boolean skipSpecial = random.nextBoolean();
            assertThat(tokenizer.decode(ids, skipSpecial)).as("of %s", ids).isEqualTo(oracle.decode(ids, skipSpecial));
        }
    }

    static String stream(PaliGemmaTokenizer tokenizer, int[] ids, boolean skipSpecial) {
        StreamingDecoder decoder = tokenizer.newStreamingDecoder(skipSpecial);
        StringBuilder text = new StringBuilder();
        for (int id : ids) {
            text.append(decoder.push(id));
        }
        return text.append(decoder.finish()).toString();
    }
}
