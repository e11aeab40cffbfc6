package dev.paligemma.vision.mask;

import java.awt.geom.Path2D;
import java.util.List;
import java.util.Objects;

/**
 * The outline of one connected region of a mask. Immutable and thread-safe.
 *
 * @param exterior around the region, clockwise
 * @param holes around each gap inside of the region, anticlockwise; copied
 */
public record MaskPolygon(PixelRing exterior, List<PixelRing> holes) {
    /** Copies the list. */
    public MaskPolygon {
        Objects.requireNonNull(exterior, "exterior");
        holes = List.copyOf(holes);
    }

    /**
     * Returns this outline for drawing or filling with {@link java.awt.Graphics2D}: a new path with the exterior and
     * the holes, to be filled with the even-odd rule.
     */
    public Path2D toPath() {
        Path2D path = new Path2D.Double(Path2D.WIND_EVEN_ODD);
        append(path, exterior);
        holes.forEach(hole -> append(path, hole));
        return path;
    }

    private static void append(Path2D path, PixelRing ring) {
        path.moveTo(ring.x(0), ring.y(0));
        for (int i = 1; i < ring.size(); i++) {
            path.lineTo(ring.x(i), ring.y(i));
        }
        path.closePath();
    }
}
