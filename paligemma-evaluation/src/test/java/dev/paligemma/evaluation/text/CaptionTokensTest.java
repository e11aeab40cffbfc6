package dev.paligemma.evaluation.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CaptionTokensTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '^',
            value = {
                "A dog, a cat.|a dog a cat",
                "There's a dog; it isn't mine|there 's a dog it is n't mine",
                "a dog (near the sea)|a dog -lrb- near the sea -rrb-",
                "red-and-white boats at 3:30 p.m.|red-and-white boats at 3:30 p.m.",
                "they cannot swim, gonna walk|they can not swim gon na walk",
                "5€ or £5 or 5¢|5 $ or # 5 or 5 cents",
                "½ of it|1/2 of it",
                "AT&amp;T &lt;b&gt;|at&t < b >",
                "a caf\u00e9 \ud83d\ude00|a caf\u00e9",
                "^^|^^"
            })
    void captionsBecomeWordsInLowerCase(String caption, String tokens) {
        assertThat(CaptionTokens.of(List.of(caption))).containsExactly(tokens);
    }

    @Test
    void aLineBreakInACaptionIsASpace() {
        assertThat(CaptionTokens.of(List.of("a dog\r\nruns", "a cat\u2028sits", "a\u000bbird")))
                .containsExactly("a dog runs", "a cat sits", "a bird");
    }

    @Test
    void theDotOfAnAbbreviationDependsOnTheNextCaption() {
        assertThat(CaptionTokens.of(List.of("a dog, a cat etc.", "A bird")))
                .containsExactly("a dog a cat etc.", "a bird");
        assertThat(CaptionTokens.of(List.of("a dog of the J.", "The bird")))
                .containsExactly("a dog of the j", "the bird");
    }

    @Test
    void everyCaptionHasItsTokensEvenIfThereAreNone() {
        assertThat(CaptionTokens.of(List.of("", "...", " ", "a", ""))).containsExactly("", "", "", "a", "");
        assertThat(CaptionTokens.of(List.of("\ud800", "\u0000"))).containsExactly("", "");
    }
}
