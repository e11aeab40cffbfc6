package dev.paligemma.constraint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class TokenSetTest {

    /** Dense, scattered and mixed ids, so that both ways of keeping them are met. */
    @Provide
    Arbitrary<Set<Integer>> ids() {
        Arbitrary<Integer> dense = Arbitraries.integers().between(900, 1100);
        Arbitrary<Integer> scattered = Arbitraries.integers().between(0, 300_000);
        return Arbitraries.oneOf(
                dense.set().ofMaxSize(150),
                scattered.set().ofMaxSize(40),
                Arbitraries.oneOf(dense, scattered).set().ofMaxSize(80));
    }

    @Property
    void holdsTheIdsItWasMadeOf(@ForAll("ids") Set<Integer> ids, @ForAll @IntRange(min = -70, max = 300_100) int any) {
        TokenSet set = setOf(ids);
        List<Integer> handedOut = new ArrayList<>();
        set.forEach(handedOut::add);

        assertThat(handedOut).containsExactlyElementsOf(new TreeSet<>(ids));
        assertThat(set.toArray()).isEqualTo(handedOut.stream().mapToInt(i -> i).toArray());
        assertThat(set.size()).isEqualTo(ids.size());
        assertThat(set.isEmpty()).isEqualTo(ids.isEmpty());
        assertThat(set.contains(any)).isEqualTo(ids.contains(any));
        assertThat(ids).allMatch(set::contains);
    }

    @Property
    void isEqualHoweverItWasMade(@ForAll("ids") Set<Integer> ids) {
        BitSet bits = new BitSet();
        ids.forEach(bits::set);
        int[] doubled = new int[ids.size() * 2];
        int i = 0;
        for (int id : ids) {
            doubled[i++] = id;
            doubled[doubled.length - i] = id;
        }

        assertThat(TokenSet.of(bits))
                .isEqualTo(TokenSet.of(doubled))
                .hasSameHashCodeAs(TokenSet.of(doubled))
                .isEqualTo(TokenSet.of().union(setOf(ids)));
    }

    @Property
    void addsAndRemoves(@ForAll("ids") Set<Integer> one, @ForAll("ids") Set<Integer> other) {
        Set<Integer> both = new TreeSet<>(one);
        both.addAll(other);
        Set<Integer> rest = new TreeSet<>(one);
        rest.removeAll(other);

        assertThat(setOf(one).union(setOf(other))).isEqualTo(setOf(both));
        assertThat(setOf(one).minus(setOf(other))).isEqualTo(setOf(rest));
    }

    @Property
    void rangeEqualsItsIds(
            @ForAll @IntRange(min = 0, max = 5000) int from, @ForAll @IntRange(min = 0, max = 300) int size) {
        int[] ids = new int[size];
        Arrays.setAll(ids, i -> from + i);

        assertThat(TokenSet.range(from, from + size)).isEqualTo(TokenSet.of(ids));
    }

    @Test
    void isNotEqualToASetOfOtherIds() {
        assertThat(TokenSet.range(0, 64)).isNotEqualTo(TokenSet.range(64, 128)).isNotEqualTo(TokenSet.range(0, 63));
        assertThat(TokenSet.of(1)).isNotEqualTo(TokenSet.of(2)).isNotEqualTo(TokenSet.of());
    }

    @Test
    void doesNotShareTheArraysItIsGivenOrGives() {
        int[] ids = {3, 1};
        TokenSet set = TokenSet.of(ids);
        ids[0] = 7;
        set.toArray()[0] = 9;

        assertThat(set.toArray()).containsExactly(1, 3);
    }

    @Test
    void refusesNegativeIdsAndRangesThatEndBeforeTheyBegin() {
        assertThatThrownBy(() -> TokenSet.of(5, -1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("-1");
        assertThatThrownBy(() -> TokenSet.range(5, 4)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> TokenSet.range(-1, 4)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void namesFewIdsAndCountsMany() {
        assertThat(TokenSet.of(2, 1)).hasToString("TokenSet[1, 2]");
        assertThat(TokenSet.range(0, 1024)).hasToString("TokenSet[1024 ids]");
    }

    private static TokenSet setOf(Set<Integer> ids) {
        return TokenSet.of(ids.stream().mapToInt(Integer::intValue).toArray());
    }
}
