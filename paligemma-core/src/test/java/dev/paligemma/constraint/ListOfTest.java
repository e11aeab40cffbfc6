package dev.paligemma.constraint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.paligemma.tokenizer.PaliGemmaTokenizer;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ListOfTest {
    /** One is the beginning of another, and one goes on like a separator. */
    private static final List<String> ITEMS = List.of("cat", "dog", "cat and dog", "ca", "dog,cat", "東", "😀");

    @Test
    void writesOnlyListsOfItems() {
        TokenConstraint constraint = new TokenConstraints(Walk.FULL).listOf(ITEMS, ", ", 4);
        Random random = new Random(2);
        Set<Integer> sizes = new HashSet<>();
        boolean repeated = false;
        for (int i = 0; i < 1000; i++) {
            List<String> parts = randomList(Walk.FULL, constraint, random);
            assertThat(ITEMS).containsAll(parts);
            sizes.add(parts.size());
            repeated |= new HashSet<>(parts).size() < parts.size();
        }
        assertThat(sizes).containsExactly(1, 2, 3, 4);
        assertThat(repeated).isTrue();
    }

    @Test
    void writesNoItemTwiceIfThatIsAskedFor() {
        TokenConstraint constraint = new TokenConstraints(Walk.FULL).distinctListOf(ITEMS, ", ", 100);
        Random random = new Random(3);
        for (int i = 0; i < 1000; i++) {
            List<String> parts = randomList(Walk.FULL, constraint, random);
            assertThat(ITEMS).containsAll(parts);
            assertThat(parts).doesNotHaveDuplicates();
        }
    }

    @Test
    void worksWithoutByteTokens() {
        TokenConstraint constraint = new TokenConstraints(Walk.SPARSE).distinctListOf(List.of("cat", "dog"), ", ", 2);
        Random random = new Random(4);
        Set<String> written = new HashSet<>();
        for (int i = 0; i < 1000; i++) {
            written.add(String.join("+", randomList(Walk.SPARSE, constraint, random)));
        }
        assertThat(written).containsExactlyInAnyOrder("cat", "dog", "cat+dog", "dog+cat");
    }

    private static List<String> randomList(PaliGemmaTokenizer tokenizer, TokenConstraint constraint, Random random) {
        String text = tokenizer.decode(Walk.randomAnswer(tokenizer, constraint, random, 0.4), true);
        return List.of(text.split(", ", -1));
    }

    @Test
    void acceptsEveryListInItsOwnTokens() {
        TokenConstraint distinct = new TokenConstraints(Walk.FULL).distinctListOf(ITEMS, ", ", 3);
        TokenConstraint any = new TokenConstraints(Walk.FULL).listOf(ITEMS, ", ", 3);
        for (String a : ITEMS) {
            assertThat(Walk.acceptsText(Walk.FULL, any, a)).isTrue();
            assertThat(Walk.acceptsText(Walk.FULL, distinct, a + ", ")).isFalse();
            for (String b : ITEMS) {
                for (String c : ITEMS) {
                    String list = String.join(", ", a, b, c);
                    assertThat(Walk.acceptsText(Walk.FULL, any, list)).as(list).isTrue();
                    assertThat(Walk.acceptsText(Walk.FULL, distinct, list))
                            .as(list)
                            .isEqualTo(new HashSet<>(List.of(a, b, c)).size() == 3);
                    assertThat(Walk.acceptsText(Walk.FULL, any, list + ", cat")).isFalse();
                }
            }
        }
        assertThat(Walk.acceptsText(Walk.FULL, any, "")).isFalse();
    }

    @Test
    void refusesListsThatCouldNotBeReadBack() {
        TokenConstraints constraints = new TokenConstraints(Walk.SPARSE);

        assertThatThrownBy(() -> constraints.listOf(List.of("cat, dog"), ", ", 2))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("cat, dog");
        assertThatThrownBy(() -> constraints.listOf(List.of("da"), "aa", 2))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> constraints.listOf(List.of(), ", ", 2)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> constraints.listOf(List.of(""), ", ", 2)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> constraints.listOf(List.of("cat"), "", 2))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> constraints.listOf(List.of("cat"), ", ", 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("maxItems");
        assertThatThrownBy(() -> constraints.listOf(List.of("fish"), ", ", 2))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("U+66");
    }
}
