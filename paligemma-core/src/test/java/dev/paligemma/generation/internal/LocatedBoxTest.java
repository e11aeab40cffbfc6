package dev.paligemma.generation.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

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

class LocatedBoxTest {
    @Test
    void findsBoxesInAnAnswer() {
        assertThat(LocatedBox.parse("<loc0001><loc0002><loc0003><loc0004> red circle ; "
                        + "<loc0005><loc0006><loc0007><loc1023> word"))
                .containsExactly(new LocatedBox(1, 2, 3, 4, "red circle"), new LocatedBox(5, 6, 7, 1023, "word"));
    }

    @Test
    void masksBetweenBoxAndLabelAreSkipped() {
        assertThat(LocatedBox.parse("<loc0001><loc0002><loc0003><loc0004>" + "<seg012>".repeat(16) + " cat"))
                .containsExactly(new LocatedBox(1, 2, 3, 4, "cat"));
    }

    @Test
    void whatIsNoBoxIsSkipped() {
        assertThat(LocatedBox.parse("")).isEmpty();
        assertThat(LocatedBox.parse("a cat <loc0001> <loc0002>")).isEmpty();
        assertThat(LocatedBox.parse("<loc0001><loc0002><loc0003> cat")).isEmpty();
        assertThat(LocatedBox.parse("<loc0001><loc0002><loc0003><loc1024> cat")).isEmpty();
        assertThat(LocatedBox.parse("no <loc0001><loc0002><loc0003><loc0004><loc0005> cat"))
                .containsExactly(new LocatedBox(1, 2, 3, 4, ""));
    }

    @Property(tries = 200)
    void readsWhatIsWritten(@ForAll("boxes") List<LocatedBox> boxes) {
        String answer = boxes.stream().map(LocatedBoxTest::write).collect(Collectors.joining(" ; "));
        assertThat(LocatedBox.parse(answer)).isEqualTo(boxes);
    }

    @Property(tries = 500)
    void everyTextIsReadWithoutHarm(@ForAll("almostBoxes") String answer) {
        assertThat(LocatedBox.parse(answer))
                .hasSizeLessThanOrEqualTo(answer.length() / 36)
                .allSatisfy(box -> assertThat(List.of(box.top(), box.left(), box.bottom(), box.right()))
                        .allSatisfy(edge -> assertThat(edge).isBetween(0, 1023)));
    }

    @Test
    void overlapIsIntersectionOverUnion() {
        LocatedBox box = new LocatedBox(100, 200, 200, 300, "a");
        assertThat(box.iou(new LocatedBox(100, 200, 200, 250, "a"))).isCloseTo(0.5, within(1e-12));
        assertThat(box.iou(new LocatedBox(150, 250, 250, 350, "a"))).isCloseTo(25.0 / 175, within(1e-12));
        assertThat(box.iou(new LocatedBox(200, 200, 300, 300, "a"))).isZero();
    }

    @Test
    void boxesWithoutAreaOverlapOnlyIfTheyAreEqual() {
        LocatedBox swapped = new LocatedBox(200, 200, 100, 300, "a");
        assertThat(swapped.iou(swapped)).isEqualTo(1);
        assertThat(swapped.iou(new LocatedBox(100, 200, 200, 300, "a"))).isZero();
        assertThat(swapped.iou(new LocatedBox(200, 200, 100, 301, "a"))).isZero();
    }

    @Provide
    Arbitrary<List<LocatedBox>> boxes() {
        Arbitrary<Integer> edge = Arbitraries.integers().between(0, 1023);
        Arbitrary<String> label = Arbitraries.strings()
                .alpha()
                .withChars(' ', '\'')
                .ofMaxLength(12)
                .map(String::strip);
        return Combinators.combine(edge, edge, edge, edge, label)
                .as(LocatedBox::new)
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

    private static String write(LocatedBox box) {
        return String.format(
                Locale.ROOT,
                "<loc%04d><loc%04d><loc%04d><loc%04d> %s",
                box.top(),
                box.left(),
                box.bottom(),
                box.right(),
                box.label());
    }
}
