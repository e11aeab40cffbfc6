package dev.paligemma.cli.report;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.paligemma.detection.BoundingBox;
import dev.paligemma.detection.Detection;
import dev.paligemma.detection.Fragment;
import dev.paligemma.detection.LocationCodes;
import dev.paligemma.detection.ParsedAnswer;
import dev.paligemma.detection.Segment;
import dev.paligemma.vision.PixelBox;
import dev.paligemma.vision.mask.BitMask;
import dev.paligemma.vision.mask.MaskPolygon;
import dev.paligemma.vision.mask.PixelRing;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Shows what was found, as a table or as JSON.
 *
 * @param answer what the model wrote
 * @param segments the boxes of it, perhaps with masks
 * @param withMasks whether masks were asked for
 * @param cutOff whether the model would have written more
 */
public record BoxReport(ParsedAnswer answer, List<Segment> segments, boolean withMasks, boolean cutOff) {
    private static final Pattern NOT_PRINTABLE = Pattern.compile("[\\s\\p{Cntrl}]+");
    private static final double MASK_THRESHOLD = 0.5;

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
        int discarded = answer.discarded().size();
        if (discarded > 0) {
            line(table, "set aside (--min-confidence, --nms): " + discarded);
        }
        for (Fragment fragment : answer.fragments()) {
            line(
                    table,
                    "not a box (" + nameOf(fragment.reason()) + "): "
                            + printable(fragment.piece().text()));
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
                Double.isNaN(segment.confidence()) ? "-" : String.format(Locale.ROOT, "%.4f", segment.confidence()),
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

    /** Writes boxes, masks and all else the model wrote. */
    public void writeTo(JsonGenerator json) throws IOException {
        json.writeNumberField("imageWidth", answer.imageWidth());
        json.writeNumberField("imageHeight", answer.imageHeight());
        json.writeArrayFieldStart(withMasks ? "segments" : "detections");
        for (Segment segment : segments) {
            json.writeStartObject();
            write(json, segment.detection());
            if (withMasks) {
                writeMask(json, segment);
            }
            json.writeEndObject();
        }
        json.writeEndArray();
        json.writeArrayFieldStart("discarded");
        for (Detection detection : answer.discarded()) {
            json.writeStartObject();
            write(json, detection);
            json.writeEndObject();
        }
        json.writeEndArray();
        json.writeArrayFieldStart("fragments");
        for (Fragment fragment : answer.fragments()) {
            json.writeStartObject();
            json.writeStringField("reason", nameOf(fragment.reason()));
            json.writeStringField("text", fragment.piece().text());
            json.writeNumberField("start", fragment.piece().start());
            json.writeEndObject();
        }
        json.writeEndArray();
    }

    private void write(JsonGenerator json, Detection detection) throws IOException {
        json.writeStringField("label", detection.label());
        Json.writeNumber(json, "confidence", detection.confidence());
        PixelBox pixels = detection.pixels();
        json.writeObjectFieldStart("box");
        json.writeNumberField("left", pixels.left());
        json.writeNumberField("top", pixels.top());
        json.writeNumberField("right", pixels.right());
        json.writeNumberField("bottom", pixels.bottom());
        json.writeEndObject();
        BoundingBox box = detection.box();
        writeEdges(json, "boxNormalised", box.left(), box.top(), box.right(), box.bottom());
        Detection.Edges spread = detection.spread();
        writeEdges(json, "spread", spread.left(), spread.top(), spread.right(), spread.bottom());
        Json.writeInts(json, "codes", detection.codes().map(BoxReport::inOrder).orElse(new int[0]));
        if (withMasks) {
            Json.writeInts(
                    json,
                    "segmentationCodes",
                    detection.segmentationCodes().stream()
                            .mapToInt(Integer::intValue)
                            .toArray());
        }
    }

    private static int[] inOrder(LocationCodes codes) {
        return new int[] {codes.top(), codes.left(), codes.bottom(), codes.right()};
    }

    private static void writeEdges(
            JsonGenerator json, String name, double left, double top, double right, double bottom) throws IOException {
        json.writeObjectFieldStart(name);
        Json.writeNumber(json, "left", left);
        Json.writeNumber(json, "top", top);
        Json.writeNumber(json, "right", right);
        Json.writeNumber(json, "bottom", bottom);
        json.writeEndObject();
    }

    /** In the forms of COCO: run lengths, and outlines as x and y in turn. Nothing without a mask. */
    private static void writeMask(JsonGenerator json, Segment segment) throws IOException {
        Optional<BitMask> mask = segment.bitMask(MASK_THRESHOLD);
        if (mask.isEmpty()) {
            return;
        }
        BitMask pixels = mask.get();
        json.writeNumberField("area", pixels.area());
        json.writeObjectFieldStart("rle");
        Json.writeInts(json, "size", new int[] {pixels.height(), pixels.width()});
        json.writeStringField("counts", pixels.toRle().compressed());
        json.writeEndObject();
        json.writeArrayFieldStart("polygons");
        for (MaskPolygon polygon : pixels.polygons()) {
            json.writeStartObject();
            Json.writeInts(json, "exterior", polygon.exterior().toArray());
            json.writeArrayFieldStart("holes");
            for (PixelRing hole : polygon.holes()) {
                int[] corners = hole.toArray();
                json.writeArray(corners, 0, corners.length);
            }
            json.writeEndArray();
            json.writeEndObject();
        }
        json.writeEndArray();
    }
}
