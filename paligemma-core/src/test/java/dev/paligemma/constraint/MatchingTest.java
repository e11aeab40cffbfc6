package dev.paligemma.constraint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.paligemma.tokenizer.PaliGemmaTokenizer;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MatchingTest {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "yes|no",
                "[A-Z]{1,3} \\d{1,4}",
                "\\d{4}-\\d{2}-\\d{2}",
                "(?:cat|caption|dog)(?:, (?:cat|caption|dog)){0,3}",
                "[a-z ]{0,12}",
                "-?\\d+(\\.\\d{1,2})?",
                "caf\u00e9|東京|[😀-😂]{2}",
                "[^a-z\\d]{1,5}",
                ".{3}",
                "(a|b)*a(a|b){3}",
                "@#&<>\"~!",
                "\\W\\S\\w\\D\\s",
                "\u2581[\\u0000-\\u001f]",
                "",
            })
    void writesOnlyWhatMatches(String regex) {
        Pattern oracle = Pattern.compile(regex);
        for (PaliGemmaTokenizer tokenizer : List.of(Walk.FULL, Walk.PAIRS)) {
            TokenConstraint constraint = new TokenConstraints(tokenizer).matching(regex);
            Random random = new Random(6);
            for (int i = 0; i < 1000; i++) {
                String text = tokenizer.decode(Walk.randomAnswer(tokenizer, constraint, random, 0.3), true);
                assertThat(text).matches(oracle);
            }
        }
    }

    @Test
    void writesEveryTextThatMatches() {
        TokenConstraint constraint = new TokenConstraints(Walk.FULL).matching("(red|two){1,2}[;\u00fc😀]?");
        Random random = new Random(7);
        Set<String> written = new HashSet<>();
        for (int i = 0; i < 2000; i++) {
            written.add(Walk.FULL.decode(Walk.randomAnswer(Walk.FULL, constraint, random, 0.3), true));
        }
        Set<String> all = new HashSet<>();
        for (String words : List.of("red", "two", "redred", "redtwo", "twored", "twotwo")) {
            List.of("", ";", "\u00fc", "😀").forEach(end -> all.add(words + end));
        }
        assertThat(written).isEqualTo(all);
    }

    @Test
    void takesAnyTokensThatSpellTheText() {
        TokenConstraint constraint = new TokenConstraints(Walk.FULL).matching("caption");
        int[] letters = "caption"
                .chars()
                .map(c -> Walk.FULL.idOf(Character.toString(c)).orElseThrow())
                .toArray();

        assertThat(Walk.acceptsText(Walk.FULL, constraint, "caption")).isTrue();
        assertThat(Walk.accepts(Walk.FULL, constraint, letters)).isTrue();
    }

    @Test
    void spellsWithBytesOnlyWhatHasNoTokenOfItsOwn() {
        TokenConstraints constraints = new TokenConstraints(Walk.FULL);
        int firstByte = Walk.FULL.idOf("<0xC3>").orElseThrow();

        assertThat(constraints.matching("\u00fc").start().allowed()).isEqualTo(TokenSet.of(firstByte));
        assertThat(constraints.matching("\u00e9").start().allowed())
                .isEqualTo(TokenSet.of(Walk.FULL.idOf("\u00e9").orElseThrow()));
        assertThat(constraints.matching("a").start().allowed())
                .isEqualTo(TokenSet.of(Walk.FULL.idOf("a").orElseThrow()));
    }

    @Test
    void neverAllowsTokensThatAreNoText() {
        for (PaliGemmaTokenizer tokenizer : Walk.TOKENIZERS) {
            TokenSet allowed = new TokenConstraints(tokenizer)
                    .matching("[\\s\\S]+")
                    .start()
                    .allowed();
            for (int id = 0; id < tokenizer.vocabularySize(); id++) {
                boolean control = tokenizer.decode(new int[] {id}, true).isEmpty()
                        || tokenizer.isLocation(id)
                        || tokenizer.isSegmentationCode(id);
                assertThat(control && allowed.contains(id)).as("token %s", id).isFalse();
            }
            tokenizer
                    .idOf("<mask>")
                    .ifPresent(mask -> assertThat(allowed.contains(mask)).isFalse());
            assertThat(allowed.contains(tokenizer.idOf("a").orElseThrow())).isTrue();
        }
    }

    @Test
    void leavesOutWhatTheVocabularyCannotFinish() {
        TokenConstraint constraint = new TokenConstraints(Walk.SPARSE).matching("cat|dish|do(ze)?|ca[b-t]");
        Random random = new Random(8);
        Set<String> written = new HashSet<>();
        for (int i = 0; i < 1000; i++) {
            written.add(Walk.SPARSE.decode(Walk.randomAnswer(Walk.SPARSE, constraint, random, 0.3), true));
        }
        assertThat(written).containsExactlyInAnyOrder("cat", "do", "cac", "cad", "cao", "cag");
    }

    @Test
    void refusesWhatTheVocabularyCannotWriteAtAll() {
        TokenConstraints constraints = new TokenConstraints(Walk.SPARSE);

        for (String regex : List.of("fish", "c\u00fct", "[^\\s\\S]", "c[^\\s\\S]")) {
            assertThatThrownBy(() -> constraints.matching(regex))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("vocabulary can write");
        }
    }

    @Test
    void refusesATokenThatIsNotAllowed() {
        TokenConstraint.State start =
                new TokenConstraints(Walk.FULL).matching("\u00fc").start();
        TokenConstraint.State inside = start.next(Walk.FULL.idOf("<0xC3>").orElseThrow());

        assertThatThrownBy(() -> start.next(Walk.FULL.eosId())).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> inside.next(Walk.FULL.idOf("<0x80>").orElseThrow()))
                .isInstanceOf(IllegalArgumentException.class);
        assertThat(inside.allowed())
                .isEqualTo(TokenSet.of(Walk.FULL.idOf("<0xBC>").orElseThrow()));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "^a", "a$", "a**", "a+?", "a++", "a{2}{3}", "*a", "a|*", "{2}", "a{", "a{}", "a{2", "a{,2}", "a{3,2}",
                "a{1001}", "(a", "a)", "(?=a)", "(?i)a", "(?<n>a)", "[a", "[]", "[]a]", "[^]", "[b-a]", "[a&&b]",
                "[[a]]", "[a-[b]]", "[a-\\d]", "\\b", "\\1", "\\p{L}", "\\Qa", "\\", "[\\", "\\u12", "\\ud83d",
                "\ud83d", "[\\x41]",
            })
    void refusesWhatItDoesNotUnderstand(String regex) {
        TokenConstraints constraints = new TokenConstraints(Walk.FULL);

        assertThatThrownBy(() -> constraints.matching(regex))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("regular expression '" + regex + "', character ");
    }

    @Test
    void refusesExpressionsOfEnormousAutomata() {
        TokenConstraints constraints = new TokenConstraints(Walk.FULL);

        assertThatThrownBy(() -> constraints.matching("a".repeat(1001)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("1001");
        for (String regex : List.of(
                "(a|b)*a(a|b){30}",
                "((a{1000}){1000}){1000}",
                "(((|){1000}){1000}){1000}",
                "[ab]{1000}[ab]{1000}",
                "(a|aa|aaa|aaaa){1000}(b|a|aa){1000}")) {
            assertThatThrownBy(() -> constraints.matching(regex))
                    .as(regex)
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("states");
        }
    }

    @Test
    void takesDeepNesting() {
        String regex = "(".repeat(490) + "a" + ")".repeat(490);

        assertThat(Walk.acceptsText(Walk.FULL, new TokenConstraints(Walk.FULL).matching(regex), "a"))
                .isTrue();
    }
}
