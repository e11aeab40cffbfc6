package dev.paligemma.detection;

import dev.paligemma.vision.PixelBox;
import dev.paligemma.vision.RgbImage;
import dev.paligemma.vision.mask.ImageMask;
import java.awt.FontMetrics;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;

/**
 * Draws boxes, masks and names onto a picture. Stateless, thread-safe; needs no display.
 *
 * <p>Things with one label share a colour. Lines and letters grow with the picture. Where the machine has no fonts, names
 * are left out and everything else is drawn.
 */
public final class Annotations {
    /** How much of a mask's colour covers the picture. */
    private static final float OPACITY = 0.5f;

    private static final int LONGEST_NAME = 80;

    private Annotations() {}

    /**
     * Draws what was found onto a copy of a picture.
     *
     * @param detections each as a frame just inside its box, with its label and its confidence, if known, in the form
     *     {@code cat 0.87}
     * @param segments drawn likewise, their masks translucent, beneath all frames
     * @return a new picture of {@link BufferedImage#TYPE_3BYTE_BGR}
     * @throws IllegalArgumentException if a box or a mask is not of a picture of this size
     */
    public static BufferedImage draw(RgbImage image, List<Detection> detections, List<Segment> segments) {
        return draw(image, detections, segments, Graphics2D::getFontMetrics);
    }

    static BufferedImage draw(
            RgbImage image,
            List<Detection> detections,
            List<Segment> segments,
            Function<Graphics2D, FontMetrics> metricsOf) {
        List<Detection> things = new ArrayList<>();
        segments.forEach(segment -> things.add(segment.detection()));
        things.addAll(detections);
        requireInside(image, things);
        LabelColours colours =
                new LabelColours(things.stream().map(Detection::label).toList());
        BufferedImage canvas = image.toBufferedImage();
        for (Segment segment : segments) {
            if (segment.imageWidth() != image.width() || segment.imageHeight() != image.height()) {
                throw new IllegalArgumentException("a segment of a picture of " + segment.imageWidth() + "x"
                        + segment.imageHeight() + " cannot be drawn onto " + image);
            }
            segment.imageMask().ifPresent(mask -> tint(canvas, mask, colours.of(segment.label())));
        }
        int side = Math.min(image.width(), image.height());
        int line = Math.max(1, Math.round(side / 200f));
        for (Detection thing : things) {
            frame(canvas, thing.pixels(), line, colours.of(thing.label()));
        }
        int fontSize = Math.max(10, Math.round(side / 30f));
        try (LabelWriter writer = LabelWriter.of(canvas, fontSize, metricsOf)) {
            for (Detection thing : things) {
                String name = nameOf(thing);
                if (writer != null && !name.isEmpty()) {
                    writer.write(name, thing.pixels().left(), thing.pixels().top(), colours.of(thing.label()));
                }
            }
        }
        return canvas;
    }

    private static void requireInside(RgbImage image, List<Detection> things) {
        for (Detection thing : things) {
            PixelBox box = thing.pixels();
            if (box.left() < 0 || box.top() < 0 || box.right() > image.width() || box.bottom() > image.height()) {
                throw new IllegalArgumentException(box + " reaches out of " + image);
            }
        }
    }

    private static void tint(BufferedImage canvas, ImageMask mask, int colour) {
        PixelBox box = mask.box();
        for (int y = box.top(); y < box.bottom(); y++) {
            for (int x = box.left(); x < box.right(); x++) {
                float share = OPACITY * mask.probability(x, y);
                canvas.setRGB(x, y, blend(canvas.getRGB(x, y), colour, share));
            }
        }
    }

    private static int blend(int under, int over, float share) {
        int blended = 0;
        for (int shift = 0; shift <= 16; shift += 8) {
            int from = under >> shift & 255;
            int to = over >> shift & 255;
            blended |= Math.round(from + (to - from) * share) << shift;
        }
        return blended;
    }

    /** Without Graphics2D, which looks for fonts. A box thinner than a pixel gets one. */
    private static void frame(BufferedImage canvas, PixelBox box, int line, int colour) {
        int left = Math.min(box.left(), canvas.getWidth() - 1);
        int top = Math.min(box.top(), canvas.getHeight() - 1);
        int right = Math.max(box.right(), left + 1);
        int bottom = Math.max(box.bottom(), top + 1);
        int across = Math.min(line, right - left);
        int down = Math.min(line, bottom - top);
        fill(canvas, left, top, right, top + down, colour);
        fill(canvas, left, bottom - down, right, bottom, colour);
        fill(canvas, left, top, left + across, bottom, colour);
        fill(canvas, right - across, top, right, bottom, colour);
    }

    private static void fill(BufferedImage canvas, int left, int top, int right, int bottom, int colour) {
        for (int y = top; y < bottom; y++) {
            for (int x = left; x < right; x++) {
                canvas.setRGB(x, y, colour);
            }
        }
    }

    private static String nameOf(Detection thing) {
        String name = thing.label().replaceAll("[\\s\\p{Cntrl}]+", " ");
        if (name.length() > LONGEST_NAME) {
            name = name.substring(0, LONGEST_NAME) + "...";
        }
        return Double.isNaN(thing.confidence())
                ? name
                : String.format(Locale.ROOT, "%s %.2f", name, thing.confidence())
                        .strip();
    }
}
