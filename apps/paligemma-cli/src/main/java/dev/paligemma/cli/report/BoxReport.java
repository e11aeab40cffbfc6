package dev.paligemma.cli.report;

import dev.paligemma.detection.BoundingBox;
import dev.paligemma.detection.Detection;
import dev.paligemma.detection.Fragment;
import dev.paligemma.detection.LocationCodes;
import dev.paligemma.detection.ParsedAnswer;
import dev.paligemma.detection.Segment;
import dev.paligemma.vision.PixelBox;
import dev.paligemma.vision.mask.PixelRing;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Shows what was found, as a table or as JSON.
 *
 * @param answer what the model wrote
 * @param segments the boxes of it that were asked for, perhaps with masks
 * @param withMasks whether masks were asked for
 * @param unasked the boxes of it whose names nobody asked for
 * @param cutOff whether the model would have written more
 */
public record BoxReport(
        ParsedAnswer answer, List<Segment> segments, List<Segment> unasked, boolean withMasks, boolean cutOff) {
    private static final Pattern NOT_PRINTABLE = Pattern.compile("[\\s\\p{Cntrl}]+");
    private static final double MASK_THRESHOLD = 0.5;

    /**
     * Reports all boxes, perhaps with masks.
     *
     * @param asked what was asked for; empty to let every name pass
     */
    public static BoxReport of(
            ParsedAnswer answer, List<Segment> all, List<String> asked, boolean withMasks, boolean cutOff) {
        AskedLabels labels = new AskedLabels(asked);
        Predicate<Segment> isAsked = segment -> asked.isEmpty() || labels.has(segment.label());
        List<Segment> unasked = all.stream().filter(isAsked.negate()).toList();
        return new BoxReport(answer, all.stream().filter(isAsked).toList(), unasked, withMasks, cutOff);
    }

    /** Whether something that was asked for has a mask that could not be decoded. */
    public boolean lacksMasks() {
        return withMasks
                && segments.stream()
                        .anyMatch(segment ->
                                segment.detection().hasMask() && segment.mask().isEmpty());
    }

    /** A line for each box, then what else there is to know. */
    public String table() {
        StringBuilder table = new StringBuilder();
        if (segments.isEmpty()) {
            line(table, "nothing found");
        } else {
            int width = segments.stream()
                    .map(segment -> printable(segment.label()))
                    .mapToInt(label -> label.codePointCount(0, label.length()))
                    .reduce("label".length(), Math::max);
            row(table, width, "label", "confidence", "left", "top", "right", "bottom", withMasks ? "mask area" : "");
            segments.forEach(segment -> row(table, width, segment));
        }
        if (!unasked.isEmpty()) {
            line(
                    table,
                    "not asked for (--any-label): "
                            + unasked.stream()
                                    .map(segment -> printable(segment.label()) + " " + confidence(segment))
                                    .collect(Collectors.joining(", ")));
        }
        int discarded = answer.discarded().size();
        if (discarded > 0) {
            line(table, "set aside (--min-confidence, --nms): " + discarded);
        }
        for (Fragment fragment : answer.fragments()) {
            String text = printable(fragment.piece().text());
            line(table, "not a box (" + nameOf(fragment.reason()) + "): " + text);
        }
        if (cutOff) {
            line(table, "cut off (--max-new-tokens)");
        }
        return table.toString();
    }

    private void row(StringBuilder table, int width, Segment segment) {
        PixelBox box = segment.pixels();
        row(
                table,
                width,
                printable(segment.label()),
                confidence(segment),
                String.valueOf(box.left()),
                String.valueOf(box.top()),
                String.valueOf(box.right()),
                String.valueOf(box.bottom()),
                withMasks
                        ? segment.bitMask(MASK_THRESHOLD)
                                .map(mask -> "" + mask.area())
                                .orElse("-")
                        : "");
    }

    private static String confidence(Segment segment) {
        return Double.isNaN(segment.confidence()) ? "-" : String.format(Locale.ROOT, "%.4f", segment.confidence());
    }

    private static void row(StringBuilder table, int width, String label, String... columns) {
        StringBuilder row = new StringBuilder(label);
        row.append(" ".repeat(Math.max(0, width - label.codePointCount(0, label.length()))));
        row.append(String.format("%12s%8s%8s%8s%8s%11s", (Object[]) columns));
        line(table, row.toString().stripTrailing());
    }

    private static void line(StringBuilder table, String text) {
        table.append(text).append(System.lineSeparator());
    }

    /** What a model writes may hold line breaks and control characters; a line of the table stays one. */
    private static String printable(String text) {
        return NOT_PRINTABLE.matcher(text).replaceAll(" ").strip();
    }

    private static String nameOf(Fragment.Reason reason) {
        return reason.name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }

    /** Boxes, masks and all else the model wrote, for programs. */
    public Facts facts() {
        return new Facts()
                .value("imageWidth", answer.imageWidth())
                .value("imageHeight", answer.imageHeight())
                .value(withMasks ? "segments" : "detections", facts(segments))
                .value("unasked", facts(unasked))
                .value("discarded", answer.discarded().stream().map(this::facts).toList())
                .value(
                        "fragments",
                        answer.fragments().stream()
                                .map(fragment -> new Facts()
                                        .value("reason", nameOf(fragment.reason()))
                                        .value("text", fragment.piece().text())
                                        .value("start", fragment.piece().start()))
                                .toList());
    }

    private List<Facts> facts(List<Segment> some) {
        return some.stream()
                .map(segment -> facts(segment.detection()).all(mask(segment)))
                .toList();
    }

    private Facts facts(Detection detection) {
        PixelBox pixels = detection.pixels();
        BoundingBox box = detection.box();
        Detection.Edges spread = detection.spread();
        Facts facts = new Facts()
                .value("label", detection.label())
                .value("confidence", known(detection.confidence()))
                .value("box", edges(pixels.left(), pixels.top(), pixels.right(), pixels.bottom()))
                .value("boxNormalised", edges(box.left(), box.top(), box.right(), box.bottom()))
                .value("spread", edges(spread.left(), spread.top(), spread.right(), spread.bottom()))
                .value("codes", detection.codes().map(BoxReport::inOrder).orElse(new int[0]));
        return withMasks ? facts.value("segmentationCodes", detection.segmentationCodes()) : facts;
    }

    private static int[] inOrder(LocationCodes codes) {
        return new int[] {codes.top(), codes.left(), codes.bottom(), codes.right()};
    }

    private static Facts edges(Number left, Number top, Number right, Number bottom) {
        return new Facts()
                .value("left", known(left))
                .value("top", known(top))
                .value("right", known(right))
                .value("bottom", known(bottom));
    }

    private static @Nullable Number known(Number value) {
        return Double.isFinite(value.doubleValue()) ? value : null;
    }

    /** In the forms of COCO: run lengths, and outlines as x and y in turn. Nothing without a mask. */
    private Facts mask(Segment segment) {
        Facts facts = new Facts();
        if (withMasks) {
            segment.bitMask(MASK_THRESHOLD)
                    .ifPresent(mask -> facts.value("area", mask.area())
                            .value(
                                    "rle",
                                    new Facts()
                                            .value("size", new int[] {mask.height(), mask.width()})
                                            .value("counts", mask.toRle().compressed()))
                            .value(
                                    "polygons",
                                    mask.polygons().stream()
                                            .map(polygon -> new Facts()
                                                    .value(
                                                            "exterior",
                                                            polygon.exterior().toArray())
                                                    .value(
                                                            "holes",
                                                            polygon.holes().stream()
                                                                    .map(PixelRing::toArray)
                                                                    .toList()))
                                            .toList()));
        }
        return facts;
    }
}
