package dev.paligemma.vision.mask;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.util.ArrayDeque;
import java.util.BitSet;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

/** Outlines follow the edges of pixels; what Java2D fills inside of them is the mask. */
class MaskPolygonTest {
    @Property(tries = 400)
    void fillingTheOutlinesGivesTheMaskBack(
            @ForAll @IntRange(min = 1, max = 24) int width,
            @ForAll @IntRange(min = 1, max = 24) int height,
            @ForAll long seed,
            @ForAll @IntRange(min = 1, max = 9) int tenths) {
        BitMask mask = RandomMasks.of(width, height, seed, tenths);
        BufferedImage canvas = new BufferedImage(width, height, BufferedImage.TYPE_BYTE_GRAY);
        Graphics2D graphics = canvas.createGraphics();
        graphics.setColor(Color.WHITE);

        mask.polygons().forEach(polygon -> graphics.fill(polygon.toPath()));

        graphics.dispose();
        assertThat(samples(canvas)).isEqualTo(samples(mask.toBufferedImage()));
    }

    @Property(tries = 400)
    void thereIsOnePolygonForEachRegionAndOneHoleForEachGap(
            @ForAll @IntRange(min = 1, max = 24) int width,
            @ForAll @IntRange(min = 1, max = 24) int height,
            @ForAll long seed,
            @ForAll @IntRange(min = 1, max = 9) int tenths) {
        BitMask mask = RandomMasks.of(width, height, seed, tenths);

        List<MaskPolygon> polygons = mask.polygons();

        assertThat(polygons).hasSize(components(mask, true, false));
        // The gaps, and the surroundings of the picture.
        assertThat(polygons.stream().mapToInt(p -> p.holes().size()).sum() + 1)
                .isEqualTo(components(mask, false, true));
        int area = 0;
        for (MaskPolygon polygon : polygons) {
            assertThat(doubleArea(polygon.exterior())).isPositive();
            int own = doubleArea(polygon.exterior());
            for (PixelRing hole : polygon.holes()) {
                assertThat(doubleArea(hole)).isNegative();
                own += doubleArea(hole);
            }
            // Positive for each polygon by itself: every hole went to the region around it.
            assertThat(own).isEqualTo(2 * regionArea(mask, polygon));
            area += own;
        }
        assertThat(area).isEqualTo(2 * mask.area());
    }

    @Test
    void goesClockwiseAroundARegionAndAnticlockwiseAroundAHole() {
        BitMask mask = parse(
                "######", //
                "##..##", "##.###", "######");

        assertThat(mask.polygons()).hasSize(1);
        MaskPolygon polygon = mask.polygons().get(0);
        assertThat(polygon.exterior().toArray()).containsExactly(6, 0, 6, 4, 0, 4, 0, 0);
        assertThat(polygon.holes()).hasSize(1);
        assertThat(polygon.holes().get(0).toArray()).containsExactly(2, 1, 2, 3, 3, 3, 3, 2, 4, 2, 4, 1);
    }

    @Test
    void pixelsThatTouchAtACornerAreDifferentRegions() {
        BitMask mask = parse(
                "#.", //
                ".#");

        assertThat(mask.polygons()).hasSize(2);
        assertThat(mask.polygons().get(0).exterior().toArray()).containsExactly(1, 0, 1, 1, 0, 1, 0, 0);
        assertThat(mask.polygons().get(1).exterior().toArray()).containsExactly(2, 1, 2, 2, 1, 2, 1, 1);
    }

    @Test
    void anIslandInAHoleIsARegionOfItsOwn() {
        BitMask mask = parse(
                "#####", //
                "#...#", "#.#.#", "#...#", "#####");

        assertThat(mask.polygons()).extracting(p -> p.holes().size()).containsExactly(1, 0);
        assertThat(mask.polygons().get(1).exterior().x(0)).isEqualTo(3);
        assertThat(mask.polygons().get(1).exterior().y(0)).isEqualTo(2);
    }

    @Test
    void anEmptyMaskHasNoOutline() {
        assertThat(parse("...").polygons()).isEmpty();
    }

    private static BitMask parse(String... rows) {
        BitSet bits = new BitSet();
        String all = String.join("", rows);
        for (int i = 0; i < all.length(); i++) {
            bits.set(i, all.charAt(i) == '#');
        }
        return BitMask.of(rows[0].length(), rows.length, bits);
    }

    private static int[] samples(BufferedImage image) {
        return image.getRaster().getSamples(0, 0, image.getWidth(), image.getHeight(), 0, (int[]) null);
    }

    /** Twice the area by the shoelace formula; positive if clockwise on screen. */
    private static int doubleArea(PixelRing ring) {
        int sum = 0;
        for (int i = 0; i < ring.size(); i++) {
            int next = (i + 1) % ring.size();
            sum += ring.x(i) * ring.y(next) - ring.x(next) * ring.y(i);
        }
        return sum;
    }

    /** Pixels of the region at the first corner of a polygon, which is the upper right one of its first row. */
    private static int regionArea(BitMask mask, MaskPolygon polygon) {
        BitSet seen = new BitSet();
        flood(mask, polygon.exterior().x(0) - 1, polygon.exterior().y(0), true, false, seen);
        return seen.cardinality();
    }

    /** Counts connected pixels by flooding; pixels around the picture are outside of the object. */
    private static int components(BitMask mask, boolean object, boolean corners) {
        BitSet seen = new BitSet();
        int count = 0;
        for (int y = -1; y <= mask.height(); y++) {
            for (int x = -1; x <= mask.width(); x++) {
                if (inside(mask, x, y) == object && !seen.get(index(mask, x, y))) {
                    flood(mask, x, y, object, corners, seen);
                    count++;
                }
            }
        }
        return count;
    }

    private static void flood(BitMask mask, int startX, int startY, boolean object, boolean corners, BitSet seen) {
        ArrayDeque<int[]> open = new ArrayDeque<>();
        seen.set(index(mask, startX, startY));
        open.add(new int[] {startX, startY});
        while (!open.isEmpty()) {
            int[] at = open.remove();
            for (int dy = -1; dy <= 1; dy++) {
                for (int dx = -1; dx <= 1; dx++) {
                    int x = at[0] + dx;
                    int y = at[1] + dy;
                    if ((corners || dx == 0 || dy == 0)
                            && x >= -1
                            && y >= -1
                            && x <= mask.width()
                            && y <= mask.height()
                            && inside(mask, x, y) == object
                            && !seen.get(index(mask, x, y))) {
                        seen.set(index(mask, x, y));
                        open.add(new int[] {x, y});
                    }
                }
            }
        }
    }

    private static boolean inside(BitMask mask, int x, int y) {
        return x >= 0 && y >= 0 && x < mask.width() && y < mask.height() && mask.contains(x, y);
    }

    private static int index(BitMask mask, int x, int y) {
        return (y + 1) * (mask.width() + 2) + x + 1;
    }
}
