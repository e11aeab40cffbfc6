package dev.paligemma.constraint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.paligemma.tokenizer.PaliGemmaTokenizer;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class OneOfTest {
    private static final List<String> ANSWERS = List.of(
            "cat",
            "caption",
            "cap",
            "ca",
            "two cats",
            "the red cat",
            "dog.",
            "東京",
            "caf\u00e9 😀",
            "<loc0001><seg002>");

    @Test
    void writesOnlyTheAnswersInTheirOwnTokens() {
        for (PaliGemmaTokenizer tokenizer : List.of(Walk.FULL, Walk.PAIRS)) {
            TokenConstraint constraint = new TokenConstraints(tokenizer).oneOf(ANSWERS);
            Random random = new Random(1);
            Set<String> written = new HashSet<>();
            for (int i = 0; i < 1000; i++) {
                int[] ids = Walk.randomAnswer(tokenizer, constraint, random, 0.5);
                String text = tokenizer.decode(ids, true);
                assertThat(tokenizer.encode(text)).isEqualTo(ids);
                written.add(text);
            }
            assertThat(written).containsExactlyInAnyOrderElementsOf(ANSWERS);
        }
    }

    @Test
    void acceptsEachAnswerAndNoBeginningOfOne() {
        TokenConstraint constraint = new TokenConstraints(Walk.FULL).oneOf(ANSWERS);

        for (String answer : ANSWERS) {
            int[] ids = Walk.FULL.encode(answer);
            assertThat(Walk.accepts(Walk.FULL, constraint, ids)).as(answer).isTrue();
        }
        assertThat(Walk.acceptsText(Walk.FULL, constraint, "")).isFalse();
        assertThat(Walk.acceptsText(Walk.FULL, constraint, "two")).isFalse();
        assertThat(Walk.acceptsText(Walk.FULL, constraint, " cat")).isFalse();
    }

    @Test
    void beginsWithTheFirstTokensOfTheAnswers() {
        TokenConstraint constraint = new TokenConstraints(Walk.FULL).oneOf(List.of("caption", "dog"));

        assertThat(constraint.start().allowed())
                .isEqualTo(TokenSet.of(Walk.FULL.encode("caption")[0], Walk.FULL.encode("dog")[0]));
    }

    @Test
    void mayBeNothing() {
        TokenConstraint constraint = new TokenConstraints(Walk.FULL).oneOf(List.of("", "cat"));

        assertThat(constraint.start().allowed().contains(Walk.FULL.eosId())).isTrue();
        assertThat(Walk.acceptsText(Walk.FULL, constraint, "cat")).isTrue();
    }

    @Test
    void countsTheSameAnswerOnce() {
        TokenConstraints constraints = new TokenConstraints(Walk.FULL);

        assertThat(constraints.oneOf(List.of("cat", "cat")).start().allowed())
                .isEqualTo(constraints.oneOf(List.of("cat")).start().allowed());
    }

    @Test
    void keepsStatesAsTheyAre() {
        TokenConstraint constraint = new TokenConstraints(Walk.FULL).oneOf(List.of("cat", "caption"));
        TokenConstraint.State start = constraint.start();
        TokenSet before = start.allowed();
        start.next(before.toArray()[0]);

        assertThat(start.allowed()).isEqualTo(before);
    }

    @Test
    void refusesATokenThatIsNotAllowed() {
        TokenConstraint.State start =
                new TokenConstraints(Walk.FULL).oneOf(List.of("cat")).start();

        assertThatThrownBy(() -> start.next(Walk.FULL.eosId()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("token 1 is not allowed");
        assertThatThrownBy(() -> start.next(-1)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void refusesAnswersThatCannotBeWritten() {
        TokenConstraints full = new TokenConstraints(Walk.FULL);
        TokenConstraints sparse = new TokenConstraints(Walk.SPARSE);

        assertThatThrownBy(() -> full.oneOf(List.of()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("at least one");
        assertThatThrownBy(() -> full.oneOf(Arrays.asList("cat", null))).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> full.oneOf(List.of("cat<eos>")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("cat<eos>");
        assertThatThrownBy(() -> sparse.oneOf(List.of("fish")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("fish");
    }
}
