package dev.paligemma.generation.internal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paligemma.Golden;
import dev.paligemma.tokenizer.PaliGemmaTokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class WrittenTextTest {
    private static final PaliGemmaTokenizer TOKENIZER =
            PaliGemmaTokenizer.load(Golden.of("pg2-gqa").folder().resolve("tokenizer.json"));

    private static WrittenText text(String... stops) {
        return new WrittenText(TOKENIZER.newStreamingDecoder(true), List.of(stops));
    }

    /** Writes tokens until a stop string has come. */
    private static WrittenText written(WrittenText text, String... tokens) {
        for (String token : tokens) {
            if (text.push(TOKENIZER.idOf(token).orElseThrow())) {
                return text;
            }
        }
        return text;
    }

    @Test
    void aStopStringThatSpansTokensIsCutOff() {
        WrittenText text = written(text("bcd"), "a", "b", "c", "d", "e");
        assertThat(text.isStopped()).isTrue();
        assertThat(text).hasToString("a");
        assertThat(text.tokens()).isEqualTo(1);
    }

    @Test
    void aTokenWithTextAndStopStringStaysAndItsTextIsCut() {
        WrittenText text = written(text("t"), "a", "capti", "b");
        assertThat(text).hasToString("acap");
        assertThat(text.tokens()).isEqualTo(2);
        assertThat(text.of(1)).isEqualTo("cap");
    }

    @Test
    void theOneThatIsCompleteFirstCountsHoweverTheTextIsCut() {
        assertThat(written(text("capti", "p"), "c", "a", "p", "t", "i")).hasToString("ca");
        assertThat(written(text("capti", "p"), "capti")).hasToString("ca");
        assertThat(written(text("p", "ap", "x"), "capti")).hasToString("c");
    }

    @Test
    void anEndThatMayBecomeAStopStringIsNotCertain() {
        WrittenText text = text("abac");
        assertThat(written(text, "x", "a", "b", "a").certain()).isEqualTo(1);
        assertThat(written(text, "b").certain()).isEqualTo(3);
        assertThat(written(text, "x").certain()).isEqualTo(6);
    }

    @Test
    void theBytesOfACharacterGoWithIt() {
        WrittenText text = written(text("猫"), "a", "<0xE7>", "<0x8C>", "<0xAB>");
        assertThat(text).hasToString("a");
        assertThat(text.tokens()).isEqualTo(1);
    }

    @Test
    void aStopStringAtTheBeginningLeavesNothing() {
        WrittenText text = written(text("ca"), "capti");
        assertThat(text).hasToString("");
        assertThat(text.tokens()).isZero();
    }

    @Test
    void randomTextsEndWhereTheirCharactersSay() {
        String[] tokens = {"a", "b", "c", "capti", "detec", "t", "<0xE7>", "<0x8C>", "<0xAB>", "<loc0001>"};
        Random random = new Random(7);
        for (int round = 0; round < 2000; round++) {
            List<Integer> ids = new ArrayList<>();
            for (int i = 0; i < 12; i++) {
                ids.add(TOKENIZER.idOf(tokens[random.nextInt(tokens.length)]).orElseThrow());
            }
            WrittenText whole = text();
            ids.forEach(whole::push);
            String all = whole.toString();
            List<String> stops = new ArrayList<>();
            for (int i = 0; i <= random.nextInt(3) && !all.isEmpty(); i++) {
                int from = random.nextInt(all.length());
                stops.add(all.substring(from, from + 1 + random.nextInt(Math.min(6, all.length() - from))));
            }
            String expected = cut(all, stops);
            WrittenText text = text(stops.toArray(new String[0]));
            int shown = 0;
            for (int id : ids) {
                boolean stopped = text.push(id);
                assertThat(text.certain()).isGreaterThanOrEqualTo(shown);
                shown = text.certain();
                assertThat(expected)
                        .as("%s without %s", all, stops)
                        .startsWith(text.toString().substring(0, shown));
                if (stopped) {
                    break;
                }
            }
            assertThat(text).as("%s without %s", all, stops).hasToString(expected);
            int[] kept = ids.stream()
                    .limit(text.tokens())
                    .mapToInt(Integer::intValue)
                    .toArray();
            WrittenText again = text();
            Arrays.stream(kept).forEach(again::push);
            assertThat(again.toString()).startsWith(expected);
        }
    }

    /** The text before the stop string that is complete first. */
    private static String cut(String text, List<String> stops) {
        for (int end = 1; end <= text.length(); end++) {
            String head = text.substring(0, end);
            int longest = stops.stream()
                    .filter(head::endsWith)
                    .mapToInt(String::length)
                    .max()
                    .orElse(0);
            if (longest > 0) {
                return head.substring(0, end - longest);
            }
        }
        return text;
    }
}
