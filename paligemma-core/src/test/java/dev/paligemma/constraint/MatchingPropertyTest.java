package dev.paligemma.constraint;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paligemma.tokenizer.ControlTokens;
import java.util.Random;
import java.util.regex.Pattern;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;

/** Any expression means what it means to {@link Pattern}. */
class MatchingPropertyTest {
    private static final TokenConstraints CONSTRAINTS = new TokenConstraints(Walk.FULL);

    @Provide
    Arbitrary<String> boundedRegexes() {
        return regexes(3, Arbitraries.of("?", "{2}", "{0,2}", "{1,3}", "{0}"));
    }

    @Provide
    Arbitrary<String> regexes() {
        return regexes(3, Arbitraries.of("?", "{2}", "{0,2}", "{1,3}", "{0}", "*", "+", "{2,}"));
    }

    private static Arbitrary<String> regexes(int depth, Arbitrary<String> quantifiers) {
        Arbitrary<String> atoms = Arbitraries.of(
                "a",
                "b",
                "ca",
                " ",
                "\u00e9",
                "\u00fc",
                "東",
                "😀",
                "\\.",
                "\\d",
                "\\W",
                "\\s",
                ".",
                "[a-c]",
                "[^a]",
                "[\\w-]",
                "[^\\s\\d]",
                "[東-😀]",
                "[-a^]",
                "\\u0062");
        if (depth == 0) {
            return atoms;
        }
        Arbitrary<String> inner = regexes(depth - 1, quantifiers);
        return Arbitraries.frequencyOf(
                Tuple.of(2, atoms),
                Tuple.of(3, Combinators.combine(inner, inner).as((a, b) -> a + b)),
                Tuple.of(2, Combinators.combine(inner, inner).as((a, b) -> "(?:" + a + "|" + b + ")")),
                Tuple.of(2, Combinators.combine(inner, quantifiers).as((a, q) -> "(" + a + ")" + q)));
    }

    @Property(tries = 300, edgeCases = EdgeCasesMode.NONE)
    void writesOnlyWhatMatchesAndTakesItInItsOwnTokens(@ForAll("boundedRegexes") String regex, @ForAll long seed) {
        TokenConstraint constraint = CONSTRAINTS.matching(regex);
        Random random = new Random(seed);
        for (int i = 0; i < 4; i++) {
            String text = Walk.FULL.decode(Walk.randomAnswer(Walk.FULL, constraint, random, 0.5), true);
            assertThat(Pattern.matches(regex, text))
                    .as("%s matches '%s'", regex, text)
                    .isTrue();
            if (text.indexOf('\u2581') < 0) {
                int[] canonical = Walk.FULL.encode(text, ControlTokens.AS_TEXT);
                assertThat(Walk.accepts(Walk.FULL, constraint, canonical)).isTrue();
            }
        }
    }

    @Provide
    Arbitrary<String> texts() {
        return Arbitraries.of("a", "b", "c", " ", "1", ".", "-", "\u00e9", "東", "😀", "\n")
                .list()
                .ofMaxSize(5)
                .map(parts -> String.join("", parts));
    }

    @Property(tries = 1000, edgeCases = EdgeCasesMode.NONE)
    void takesATextIfAndOnlyIfItMatches(@ForAll("regexes") String regex, @ForAll("texts") String text) {
        int[] ids = Walk.FULL.encode(text, ControlTokens.AS_TEXT);

        assertThat(Walk.accepts(Walk.FULL, CONSTRAINTS.matching(regex), ids))
                .as("%s matches '%s'", regex, text)
                .isEqualTo(Pattern.matches(regex, text));
    }
}
