package dev.paligemma.detection;

import dev.paligemma.detection.internal.Canvas;
import dev.paligemma.detection.internal.Lettering;
import dev.paligemma.detection.internal.Stroke;
import dev.paligemma.detection.internal.SystemLettering;
import dev.paligemma.detection.internal.Tag;
import dev.paligemma.detection.internal.TagLayout;
import dev.paligemma.detection.internal.TagPainter;
import dev.paligemma.vision.PixelBox;
import dev.paligemma.vision.RgbImage;
import dev.paligemma.vision.mask.ImageMask;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/**
 * Draws boxes, masks and names onto a picture. Stateless, thread-safe; needs no display.
 *
 * <p>Lines and letters grow with the picture. Each line has a thin dark or light one beside it, so that it is seen on a
 * picture of its colour. A name stands above, below, inside or beside its box, inside of the picture and never on another
 * name; on crowded pictures names become smaller, and a line leads to the box of one that stands apart. Long names are cut.
 * Names are written in the machine's sans-serif font, or in another one that has their letters; where the machine has no
 * fonts, in plain letters of the library's own.
 */
public final class Annotations {
    private static final int LONGEST_NAME = 80;

    private Annotations() {}

    /** As {@link #draw(RgbImage, List, List, AnnotationOptions)}, with the default options. */
    public static BufferedImage draw(RgbImage image, List<Detection> detections, List<Segment> segments) {
        return draw(image, detections, segments, AnnotationOptions.defaults());
    }

    /**
     * Draws what was found onto a copy of a picture.
     *
     * @param detections each as a frame just inside its box, with its label and its confidence, if known, in the form
     *     {@code cat 0.87}; one that is among the segments, too, is drawn once
     * @param segments drawn likewise, their masks translucent and with an outline, which are the pixels of
     *     {@link Segment#bitMask} at 0.5
     * @return a new picture of {@link BufferedImage#TYPE_3BYTE_BGR}
     * @throws IllegalArgumentException if a box or a mask is not of a picture of this size
     */
    public static BufferedImage draw(
            RgbImage image, List<Detection> detections, List<Segment> segments, AnnotationOptions options) {
        return draw(image, detections, segments, options, () -> SystemLettering.orPixels(Graphics2D::getFontMetrics));
    }

    static BufferedImage draw(
            RgbImage image,
            List<Detection> detections,
            List<Segment> segments,
            AnnotationOptions options,
            Supplier<Lettering> letterings) {
        List<Segment> things = things(image, detections, segments);
        int[] colours = LabelColours.of(things.stream().map(Segment::label).toList(), options.colourBy());
        Canvas canvas = new Canvas(image.toBufferedImage());
        int side = Math.min(image.width(), image.height());
        int line = options.lineWidth() > 0
                ? options.lineWidth()
                : Math.max(1, Math.min(Math.round(side / 270f), AnnotationOptions.MAX_LINE_WIDTH));
        Stroke stroke = new Stroke(line);
        // Large ones first, so that small ones are not hidden.
        List<Integer> order = IntStream.range(0, things.size())
                .boxed()
                .sorted(Comparator.comparingLong(i -> -area(things.get(i).pixels())))
                .toList();
        int opacity = (int) Math.round(options.maskOpacity() * Canvas.OPAQUE);
        for (int i : order) {
            things.get(i).imageMask().ifPresent(mask -> Stroke.tint(canvas, mask, colours[i], opacity));
        }
        for (int i : order) {
            Optional<ImageMask> mask = things.get(i).imageMask();
            stroke.frame(canvas, seen(things.get(i), image), colours[i]);
            mask.ifPresent(shape -> stroke.outline(canvas, shape, colours[i]));
        }
        if (options.labels()) {
            int size = options.textSize() > 0 ? options.textSize() : Math.max(10, Math.round(side / 34f));
            write(canvas, tags(image, things, options.confidence()), colours, line, size, letterings);
        }
        return canvas.image();
    }

    /** Segments first; a detection is one without a mask. */
    private static List<Segment> things(RgbImage image, List<Detection> detections, List<Segment> segments) {
        List<Segment> things = new ArrayList<>(segments);
        List<Detection> drawn = segments.stream().map(Segment::detection).toList();
        for (Detection detection : detections) {
            if (!drawn.contains(detection)) {
                things.add(new Segment(detection, Optional.empty(), image.width(), image.height()));
            }
        }
        for (Segment thing : things) {
            PixelBox box = thing.pixels();
            if (box.left() < 0 || box.top() < 0 || box.right() > image.width() || box.bottom() > image.height()) {
                throw new IllegalArgumentException(box + " reaches out of " + image);
            }
            if (thing.imageWidth() != image.width() || thing.imageHeight() != image.height()) {
                throw new IllegalArgumentException("a segment of a picture of " + thing.imageWidth() + "x"
                        + thing.imageHeight() + " cannot be drawn onto " + image);
            }
        }
        return things;
    }

    /** The box of a thing, of which one that is thinner than a pixel has one. */
    private static PixelBox seen(Segment thing, RgbImage image) {
        PixelBox box = thing.pixels();
        int left = Math.min(box.left(), image.width() - 1);
        int top = Math.min(box.top(), image.height() - 1);
        return new PixelBox(left, top, Math.max(box.right(), left + 1), Math.max(box.bottom(), top + 1));
    }

    private static List<Tag> tags(RgbImage image, List<Segment> things, boolean confidence) {
        return things.stream()
                .map(thing -> new Tag(
                        nameOf(thing.label()),
                        confidence && !Double.isNaN(thing.confidence())
                                ? String.format(Locale.ROOT, "%.2f", thing.confidence())
                                : "",
                        seen(thing, image)))
                .toList();
    }

    /** Without what would change the direction of the letters behind it, or end the line. */
    static String nameOf(String label) {
        String name = label.replaceAll("[\\s\\p{Cntrl}]+", " ")
                .replaceAll("[\\u202A-\\u202E\\u2066-\\u2069]", "")
                .strip();
        return name.codePointCount(0, name.length()) <= LONGEST_NAME
                ? name
                : name.substring(0, name.offsetByCodePoints(0, LONGEST_NAME)) + "\u2026";
    }

    private static void write(
            Canvas canvas, List<Tag> all, int[] colours, int line, int size, Supplier<Lettering> letterings) {
        int[] named = IntStream.range(0, all.size())
                .filter(i ->
                        !all.get(i).name().isEmpty() || !all.get(i).figure().isEmpty())
                .toArray();
        if (named.length > 0) {
            List<Tag> tags = IntStream.of(named).mapToObj(all::get).toList();
            int[] coloursOfTags = IntStream.of(named).map(i -> colours[i]).toArray();
            Lettering lettering = letterings.get();
            PixelBox bounds = canvas.bounds();
            TagPainter.paint(
                    canvas,
                    tags,
                    TagLayout.place(tags, bounds.right(), bounds.bottom(), size, lettering),
                    coloursOfTags,
                    line,
                    lettering);
        }
    }

    private static long area(PixelBox box) {
        return box.width() * box.height();
    }
}
