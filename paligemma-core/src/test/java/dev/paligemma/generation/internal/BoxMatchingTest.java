package dev.paligemma.generation.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;

class BoxMatchingTest {
    private static final LocatedBox LEFT = new LocatedBox(0, 0, 100, 100, "cat");
    private static final LocatedBox MIDDLE = new LocatedBox(0, 50, 100, 150, "cat");
    private static final LocatedBox RIGHT = new LocatedBox(0, 80, 100, 180, "cat");

    @Test
    void orderDoesNotMatter() {
        assertThat(BoxMatching.of(List.of(LEFT, MIDDLE, RIGHT), List.of(RIGHT, LEFT, MIDDLE)))
                .isEqualTo(new BoxMatching(3, 3));
    }

    @Test
    void bestPairComesFirstAndEachBoxIsUsedOnce() {
        // LEFT and MIDDLE share 50 of 150, MIDDLE and RIGHT 70 of 130: RIGHT takes MIDDLE, LEFT stays alone.
        BoxMatching matching = BoxMatching.of(List.of(LEFT, RIGHT), List.of(MIDDLE));
        assertThat(matching.boxes()).isEqualTo(2);
        assertThat(matching.totalIou()).isCloseTo(70.0 / 130, within(1e-12));
    }

    @Test
    void boxesWithOtherLabelsOrApartCountOnBothSides() {
        assertThat(BoxMatching.of(List.of(LEFT), List.of(new LocatedBox(0, 0, 100, 100, "dog"))))
                .isEqualTo(new BoxMatching(2, 0));
        assertThat(BoxMatching.of(List.of(LEFT), List.of(new LocatedBox(500, 500, 600, 600, "cat"))))
                .isEqualTo(new BoxMatching(2, 0));
    }

    @Test
    void boxesOfOneSideOnlyCount() {
        assertThat(BoxMatching.of(List.of(), List.of(LEFT, RIGHT))).isEqualTo(new BoxMatching(2, 0));
        assertThat(BoxMatching.of(List.of(LEFT), List.of())).isEqualTo(new BoxMatching(1, 0));
        assertThat(BoxMatching.of(List.of(), List.of())).isEqualTo(new BoxMatching(0, 0));
    }
}
