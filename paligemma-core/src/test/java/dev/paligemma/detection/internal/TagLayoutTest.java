package dev.paligemma.detection.internal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paligemma.vision.PixelBox;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** With letters that are the same on every machine. */
class TagLayoutTest {
    private static final Lettering LETTERS = new PixelLettering();
    private static final List<String> NAMES =
            List.of("cat", "dog", "traffic light", "a", "", "the long name of what stands on the left of the table");

    @ParameterizedTest
    @CsvSource({"224, 224, 20", "224, 224, 40", "640, 480, 60", "448, 448, 60", "1280, 300, 40", "300, 1280, 30"})
    void noTagLeavesThePictureOrTouchesAnother(int width, int height, int count) {
        for (int seed = 0; seed < 50; seed++) {
            Random random = new Random(seed);
            List<Tag> tags = crowd(random, width, height, count);
            int size = Math.max(10, Math.min(width, height) / (10 + random.nextInt(40)));

            List<PlacedTag> placed = TagLayout.place(tags, width, height, size, LETTERS);

            assertSound(placed, width, height);
            assertThat(placed.stream().map(PlacedTag::index))
                    .as("seed %d of %dx%d", seed, width, height)
                    .containsExactlyInAnyOrderElementsOf(
                            IntStream.range(0, count).boxed().toList());
        }
    }

    @Test
    void thingsOnTopOfEachOtherAllGetTags() {
        List<Tag> tags = Collections.nCopies(50, new Tag("person", "0.50", new PixelBox(100, 100, 110, 110)));
        List<PlacedTag> placed = TagLayout.place(tags, 300, 300, 10, LETTERS);

        assertSound(placed, 300, 300);
        assertThat(placed).hasSize(50);
    }

    @Test
    void namesAreCutBeforeTagsAreLeftOut() {
        List<Tag> tags = Collections.nCopies(100, new Tag("traffic light", "0.50", new PixelBox(10, 10, 60, 60)));
        List<PlacedTag> placed = TagLayout.place(tags, 224, 224, 12, LETTERS);

        assertSound(placed, 224, 224);
        assertThat(placed).hasSize(100).allSatisfy(tag -> assertThat(tag.text()).endsWith("0.50"));
    }

    @Test
    void aFullPictureHasAsManyAsItHolds() {
        List<Tag> tags = Collections.nCopies(2000, new Tag("cat", "0.50", new PixelBox(10, 10, 60, 60)));
        List<PlacedTag> placed = TagLayout.place(tags, 100, 100, 10, LETTERS);

        assertSound(placed, 100, 100);
        assertThat(placed).hasSizeBetween(20, 1999);
    }

    @Test
    void tinyPicturesHaveNone() {
        for (int side = 1; side < 10; side++) {
            Tag tag = new Tag("cat", "", new PixelBox(0, 0, side, side));
            assertThat(TagLayout.place(List.of(tag), side, side, 10, LETTERS)).isEmpty();
        }
        assertThat(TagLayout.place(List.of(), 100, 100, 10, LETTERS)).isEmpty();
    }

    @Test
    void aTagStandsAboveItsBoxIfItCan() {
        PlacedTag above = only(new Tag("cat", "0.50", new PixelBox(100, 100, 200, 180)));
        assertThat(above.text()).isEqualTo("cat 0.50");
        assertThat(above.box().left()).isEqualTo(100);
        assertThat(above.box().bottom()).isEqualTo(100);

        PlacedTag below = only(new Tag("cat", "0.50", new PixelBox(100, 0, 120, 20)));
        assertThat(below.box().left()).isEqualTo(100);
        assertThat(below.box().top()).isEqualTo(20);

        PlacedTag within = only(new Tag("cat", "0.50", new PixelBox(0, 0, 400, 300)));
        assertThat(within.box().left()).isZero();
        assertThat(within.box().top()).isZero();

        Tag low = new Tag("cat", "", new PixelBox(100, 0, 130, 12));
        PlacedTag beside = TagLayout.place(List.of(low), 400, 12, 10, LETTERS).get(0);
        assertThat(beside.box().left()).isEqualTo(130);

        PlacedTag atTheSide = only(new Tag("cat", "0.50", new PixelBox(390, 100, 400, 180)));
        assertThat(atTheSide.box().right()).isEqualTo(400);
        assertThat(atTheSide.box().bottom()).isEqualTo(100);
    }

    @Test
    void longNamesAreCutAndKeepTheirFigure() {
        String text = only(new Tag("word ".repeat(16).strip(), "0.87", new PixelBox(10, 50, 60, 100)))
                .text();

        assertThat(text).matches("(word )*w?o?r?d?\u2026 0\\.87").hasSizeLessThan(40);
        assertThat(new Tag("e\u0301e\u0301e\u0301", "", new PixelBox(0, 0, 1, 1)).fit(LETTERS, 10, 15))
                .isEqualTo("e\u0301\u2026");
        assertThat(new Tag("cat", "", new PixelBox(0, 0, 1, 1)).fit(LETTERS, 10, 0))
                .isEqualTo("\u2026");
        assertThat(new Tag("cat", "0.5", new PixelBox(0, 0, 1, 1)).fit(LETTERS, 10, 0))
                .isEqualTo("0.5");
    }

    @Test
    void lettersKeepTheirSizeWhereThereIsRoom() {
        List<Tag> tags = List.of(
                new Tag("cat", "0.50", new PixelBox(10, 50, 100, 100)),
                new Tag("dog", "0.50", new PixelBox(20, 60, 110, 110)));

        assertThat(TagLayout.place(tags, 400, 300, 40, LETTERS)).allMatch(tag -> tag.size() == 40);
    }

    @Test
    void manyThingsTakeNotLong() {
        List<Tag> tags = crowd(new Random(1), 8000, 6000, 1000);

        List<PlacedTag> placed = TagLayout.place(tags, 8000, 6000, 150, LETTERS);

        assertSound(placed, 8000, 6000);
        assertThat(placed).hasSize(1000);
    }

    private static PlacedTag only(Tag tag) {
        List<PlacedTag> placed = TagLayout.place(List.of(tag), 400, 300, 10, LETTERS);
        assertThat(placed).hasSize(1);
        return placed.get(0);
    }

    private static void assertSound(List<PlacedTag> placed, int width, int height) {
        for (int i = 0; i < placed.size(); i++) {
            PixelBox box = placed.get(i).box();
            assertThat(!box.isEmpty()
                            && box.left() >= 0
                            && box.top() >= 0
                            && box.right() <= width
                            && box.bottom() <= height)
                    .as("%s inside of %dx%d", placed.get(i), width, height)
                    .isTrue();
            for (int j = 0; j < i; j++) {
                if (!box.intersect(placed.get(j).box()).isEmpty()) {
                    throw new AssertionError(placed.get(i) + " on " + placed.get(j));
                }
            }
        }
    }

    private static List<Tag> crowd(Random random, int width, int height, int count) {
        List<Tag> tags = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            double share = Math.pow(random.nextDouble(), 3);
            int columns = Math.max(1, (int) (width * share * random.nextDouble()));
            int rows = Math.max(1, (int) (height * share * random.nextDouble()));
            int left = random.nextInt(width - columns + 1);
            int top = random.nextInt(height - rows + 1);
            tags.add(new Tag(
                    NAMES.get(random.nextInt(NAMES.size())),
                    "0." + (10 + random.nextInt(90)),
                    new PixelBox(left, top, left + columns, top + rows)));
        }
        return tags;
    }
}
