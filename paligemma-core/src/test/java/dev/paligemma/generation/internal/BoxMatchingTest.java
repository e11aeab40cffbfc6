package dev.paligemma.generation.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.paligemma.detection.LocationCodes;
import dev.paligemma.generation.internal.BoxMatching.Box;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

class BoxMatchingTest {
    private static final Box LEFT = box(0, 0, 100, 100, "cat");
    private static final Box MIDDLE = box(0, 50, 100, 150, "cat");
    private static final Box RIGHT = box(0, 80, 100, 180, "cat");

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
        assertThat(BoxMatching.of(List.of(LEFT), List.of(box(0, 0, 100, 100, "dog"))))
                .isEqualTo(new BoxMatching(2, 0));
        assertThat(BoxMatching.of(List.of(LEFT), List.of(box(500, 500, 600, 600, "cat"))))
                .isEqualTo(new BoxMatching(2, 0));
    }

    @Test
    void boxesOfOneSideOnlyCount() {
        assertThat(BoxMatching.of(List.of(), List.of(LEFT, RIGHT))).isEqualTo(new BoxMatching(2, 0));
        assertThat(BoxMatching.of(List.of(LEFT), List.of())).isEqualTo(new BoxMatching(1, 0));
        assertThat(BoxMatching.of(List.of(), List.of())).isEqualTo(new BoxMatching(0, 0));
    }

    @Test
    void findsBoxesInAnAnswer() {
        assertThat(BoxMatching.boxes("<loc0001><loc0002><loc0003><loc0004> red circle ; "
                        + "<loc0005><loc0006><loc0007><loc1023> word"))
                .containsExactly(box(1, 2, 3, 4, "red circle"), box(5, 6, 7, 1023, "word"));
    }

    @Test
    void masksBetweenBoxAndLabelAreSkipped() {
        assertThat(BoxMatching.boxes("<loc0001><loc0002><loc0003><loc0004>" + "<seg012>".repeat(16) + " cat"))
                .containsExactly(box(1, 2, 3, 4, "cat"));
    }

    @Test
    void whatIsNoBoxIsSkipped() {
        assertThat(BoxMatching.boxes("")).isEmpty();
        assertThat(BoxMatching.boxes("a cat <loc0001> <loc0002>")).isEmpty();
        assertThat(BoxMatching.boxes("<loc0001><loc0002><loc0003> cat")).isEmpty();
        assertThat(BoxMatching.boxes("<loc0001><loc0002><loc0003><loc1024> cat"))
                .isEmpty();
        assertThat(BoxMatching.boxes("no <loc0001><loc0002><loc0003><loc0004><loc0005> cat"))
                .containsExactly(box(1, 2, 3, 4, ""));
    }

    @Property(tries = 200)
    void readsWhatIsWritten(@ForAll("boxes") List<Box> boxes) {
        String answer = boxes.stream().map(BoxMatchingTest::write).collect(Collectors.joining(" ; "));
        assertThat(BoxMatching.boxes(answer)).isEqualTo(boxes);
    }

    @Property(tries = 500)
    void everyTextIsReadWithoutHarm(@ForAll("almostBoxes") String answer) {
        assertThat(BoxMatching.boxes(answer))
                .hasSizeLessThanOrEqualTo(answer.length() / 36)
                .allSatisfy(box -> assertThat(List.of(
                                box.codes().top(),
                                box.codes().left(),
                                box.codes().bottom(),
                                box.codes().right()))
                        .allSatisfy(edge -> assertThat(edge).isBetween(0, 1023)));
    }

    @Test
    void overlapIsIntersectionOverUnion() {
        LocationCodes box = new LocationCodes(100, 200, 200, 300);
        assertThat(box.iou(new LocationCodes(100, 200, 200, 250))).isCloseTo(0.5, within(1e-12));
        assertThat(box.iou(new LocationCodes(150, 250, 250, 350))).isCloseTo(25.0 / 175, within(1e-12));
        assertThat(box.iou(new LocationCodes(200, 200, 300, 300))).isZero();
    }

    @Test
    void boxesWithoutAreaOverlapOnlyIfTheyAreEqual() {
        LocationCodes swapped = new LocationCodes(200, 200, 100, 300);
        assertThat(swapped.iou(swapped)).isEqualTo(1);
        assertThat(swapped.iou(new LocationCodes(100, 200, 200, 300))).isZero();
        assertThat(swapped.iou(new LocationCodes(200, 200, 100, 301))).isZero();
    }

    @Provide
    Arbitrary<List<Box>> boxes() {
        Arbitrary<Integer> edge = Arbitraries.integers().between(0, 1023);
        Arbitrary<String> label = Arbitraries.strings()
                .alpha()
                .withChars(' ', '\'')
                .ofMaxLength(12)
                .map(String::strip);
        return Combinators.combine(edge, edge, edge, edge, label)
                .as(BoxMatchingTest::box)
                .list()
                .ofMaxSize(5);
    }

    @Provide
    Arbitrary<String> almostBoxes() {
        return Arbitraries.of(
                        "<loc0001>", "<loc1023>", "<loc1024>", "<loc00", "1>", "<seg001>", " ; ", "cat", " ", "<", ";")
                .list()
                .ofMaxSize(30)
                .map(parts -> String.join("", parts));
    }

    private static String write(Box box) {
        return String.format(
                Locale.ROOT,
                "<loc%04d><loc%04d><loc%04d><loc%04d> %s",
                box.codes().top(),
                box.codes().left(),
                box.codes().bottom(),
                box.codes().right(),
                box.label());
    }

    private static Box box(int top, int left, int bottom, int right, String label) {
        return new Box(new LocationCodes(top, left, bottom, right), label);
    }
}
