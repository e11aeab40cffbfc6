package dev.paligemma.server.internal.typed;

import dev.paligemma.vision.mask.BitMask;
import dev.paligemma.vision.mask.MaskPolygon;
import dev.paligemma.vision.mask.PixelRing;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;

/** How a mask is written into an answer. All of them are of the whole picture, in its own pixels. */
public enum MaskFormat {
    /** Run lengths as COCO has them, compressed. */
    RLE,
    /** Outlines: those around regions as COCO has them, and those around holes, which COCO cannot tell. */
    POLYGON,
    /** A picture in grey: white inside, black outside. */
    PNG,
    /** Not at all. */
    NONE;

    /** The members of a mask; not for {@link #NONE}. */
    Map<String, Object> json(BitMask mask) {
        return switch (this) {
            case RLE ->
                Map.of(
                        "rle",
                        inOrder(
                                "size",
                                List.of(mask.height(), mask.width()),
                                "counts",
                                mask.toRle().compressed()));
            case POLYGON -> polygons(mask.polygons());
            case PNG -> Map.of("png", Png.dataUri(mask.toBufferedImage()));
            case NONE -> throw new IllegalStateException("no mask is asked for");
        };
    }

    /** The name in a request. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }

    private static Map<String, Object> polygons(List<MaskPolygon> polygons) {
        return inOrder(
                "polygons",
                polygons.stream().map(polygon -> points(polygon.exterior())).toList(),
                "holes",
                polygons.stream()
                        .flatMap(polygon -> polygon.holes().stream())
                        .map(MaskFormat::points)
                        .toList());
    }

    private static Map<String, Object> inOrder(String name, Object value, String nextName, Object nextValue) {
        Map<String, Object> members = new LinkedHashMap<>();
        members.put(name, value);
        members.put(nextName, nextValue);
        return members;
    }

    private static List<Integer> points(PixelRing ring) {
        return IntStream.of(ring.toArray()).boxed().toList();
    }
}
