package dev.paligemma.detection;

import dev.paligemma.constraint.GeneratedToken;
import dev.paligemma.constraint.LocationDistribution;
import dev.paligemma.detection.Fragment.Reason;
import dev.paligemma.vision.mask.MaskCodec;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Cuts an answer into boxes and fragments while it grows. Confined to one thread.
 *
 * <p>A box is four location codes in a row, then segmentation codes if any, then a label up to the next semicolon or the
 * next code. Whatever else comes is a fragment up to the next semicolon or the next location code. Nothing that is
 * written can fail.
 */
final class AnswerGrammar {
    private static final int LOCATIONS_OF_A_BOX = 4;

    private final AnswerText answer;
    private final LocationScale scale;
    private final int imageWidth;
    private final int imageHeight;
    private final List<AnswerPart> parts = new ArrayList<>();

    /** Where that begins which is being read: a box if there are location codes, else a fragment or nothing yet. */
    private int start;

    private final List<Integer> locations = new ArrayList<>();
    private final List<GeneratedToken> locationTokens = new ArrayList<>();
    private final List<Code> maskCodes = new ArrayList<>();

    /** The end of the last code of the box being read. */
    private int codesEnd;

    /** What the piece would be if it turned out to be a fragment. */
    private Reason reason = Reason.TEXT;

    private record Code(int value, int from, int to) {}

    AnswerGrammar(AnswerText answer, LocationScale scale, int imageWidth, int imageHeight) {
        this.answer = answer;
        this.scale = scale;
        this.imageWidth = imageWidth;
        this.imageHeight = imageHeight;
    }

    /** All that was cut so far. */
    List<AnswerPart> parts() {
        return parts;
    }

    /** Takes a location code at the end of the text; gives the box that it ends. */
    @Nullable
    Detection location(int code, int from) {
        Detection ended = null;
        if (locations.isEmpty() || isBox()) {
            ended = end(from);
            start = from;
        }
        locations.add(code);
        GeneratedToken token = answer.lastToken();
        if (token != null) {
            locationTokens.add(token);
        }
        codesEnd = answer.length();
        return ended;
    }

    /** Takes a segmentation code at the end of the text; gives the box that it ends. */
    @Nullable
    Detection segmentation(int code, int from) {
        if (isBox() && answer.skipBlanks(codesEnd, from) == from) {
            codesEnd = answer.length();
            maskCodes.add(new Code(code, from, codesEnd));
            return null;
        }
        Detection ended = null;
        if (isBox()) {
            ended = end(from);
            start = from;
        }
        breakOff();
        if (reason == Reason.TEXT) {
            reason = Reason.STRAY_MASK_CODES;
        }
        return ended;
    }

    /** Takes the text from a position to its end; gives the box that a semicolon in it ends. */
    @Nullable
    Detection text(int from) {
        Detection ended = null;
        for (int i = from; i < answer.length(); i++) {
            if (answer.charAt(i) == ';') {
                Detection atSemicolon = end(i);
                ended = ended == null ? atSemicolon : ended;
                start = i + 1;
            } else if (!isBox()) {
                breakOff();
            }
        }
        return ended;
    }

    /** Takes the end of the text; gives the box that it ends. */
    @Nullable
    Detection finish() {
        Detection ended = end(answer.length());
        start = answer.length();
        return ended;
    }

    private boolean isBox() {
        return locations.size() == LOCATIONS_OF_A_BOX;
    }

    /** Fewer than four location codes are no box once something else follows. */
    private void breakOff() {
        if (!locations.isEmpty()) {
            clear();
            reason = Reason.INCOMPLETE_BOX;
        }
    }

    private void clear() {
        locations.clear();
        locationTokens.clear();
        maskCodes.clear();
    }

    /** Ends what is being read before a position. */
    private @Nullable Detection end(int position) {
        Detection detection = null;
        if (isBox()) {
            detection = endBox(position);
        } else {
            breakOff();
            int from = answer.skipBlanks(start, position);
            int to = answer.skipBlanksBefore(position, from);
            if (from < to) {
                parts.add(Fragment.of(reason, answer.piece(from, to)));
            }
        }
        clear();
        reason = Reason.TEXT;
        return detection;
    }

    private @Nullable Detection endBox(int position) {
        int labelStart = answer.skipBlanks(codesEnd, position);
        int labelEnd = answer.skipBlanksBefore(position, labelStart);
        String label = answer.substring(labelStart, labelEnd);
        AnswerSpan piece = answer.piece(start, label.isEmpty() ? codesEnd : labelEnd);
        LocationCodes codes = new LocationCodes(locations.get(0), locations.get(1), locations.get(2), locations.get(3));
        if (codes.isInverted()) {
            parts.add(new Fragment(Reason.INVERTED_BOX, piece, Optional.of(codes), label));
            return null;
        }
        List<GeneratedToken> labelTokens = label.isEmpty() ? List.of() : answer.visibleTokens(labelStart, labelEnd);
        BoundingBox box = codes.toBox(scale);
        Detection detection = new Detection(
                label,
                box,
                box.toPixels(imageWidth, imageHeight),
                Optional.of(codes),
                confidence(codes, labelTokens),
                edges(true),
                edges(false),
                mask(),
                piece);
        parts.add(detection);
        addStrayMaskCodes();
        return detection;
    }

    /** The formula is that of {@link Detection}. */
    private double confidence(LocationCodes codes, List<GeneratedToken> labelTokens) {
        List<LocationDistribution> edges = locationTokens.stream()
                .flatMap(token -> token.location().stream())
                .toList();
        if (edges.size() < LOCATIONS_OF_A_BOX) {
            return Double.NaN;
        }
        double confidence = BoxOverlap.probability(codes, edges);
        for (LocationDistribution edge : edges) {
            confidence *= edge.mass();
        }
        for (GeneratedToken token : answer.separatorTokens(start)) {
            confidence *= token.probability();
        }
        for (GeneratedToken token : labelTokens) {
            confidence *= token.probability();
        }
        return confidence;
    }

    private Detection.Edges edges(boolean means) {
        if (locationTokens.isEmpty()) {
            return Detection.Edges.UNKNOWN;
        }
        double[] edges = locationTokens.stream()
                .mapToDouble(token -> (means ? token.locationMean() : token.locationSpread()) / scale.divisor())
                .toArray();
        return new Detection.Edges(edges[1], edges[0], edges[3], edges[2]);
    }

    private List<Integer> mask() {
        return maskCodes.size() < MaskCodec.CODES
                ? List.of()
                : maskCodes.stream().limit(MaskCodec.CODES).map(Code::value).toList();
    }

    private void addStrayMaskCodes() {
        int used = mask().size();
        if (maskCodes.size() > used) {
            Code first = maskCodes.get(used);
            Code last = maskCodes.get(maskCodes.size() - 1);
            parts.add(Fragment.of(Reason.STRAY_MASK_CODES, answer.piece(first.from, last.to)));
        }
    }
}
