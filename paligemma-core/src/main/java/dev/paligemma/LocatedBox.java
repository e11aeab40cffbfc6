package dev.paligemma;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A box as the model writes it: four location codes and a label. Immutable.
 *
 * @param top upper edge in 1/1024 of the image's height, 0 to 1023
 * @param left left edge in 1/1024 of the image's width, 0 to 1023
 * @param bottom lower edge, like {@code top}
 * @param right right edge, like {@code left}
 * @param label what is in the box, without surrounding blanks; may be empty
 */
record LocatedBox(int top, int left, int bottom, int right, String label) {
    private static final String CODE = "<loc(0\\d{3}|10[01]\\d|102[0-3])>";

    /** Segmentation codes may stand between a box and its label; a label ends where the next box may begin. */
    private static final Pattern BOX = Pattern.compile(CODE.repeat(4) + "(?:<seg\\d{3}>)*+([^;<]*+)");

    /** The boxes of an answer in their order; what is no box is skipped. */
    static List<LocatedBox> parse(String answer) {
        List<LocatedBox> boxes = new ArrayList<>();
        Matcher matcher = BOX.matcher(answer);
        while (matcher.find()) {
            boxes.add(new LocatedBox(
                    Integer.parseInt(matcher.group(1)),
                    Integer.parseInt(matcher.group(2)),
                    Integer.parseInt(matcher.group(3)),
                    Integer.parseInt(matcher.group(4)),
                    matcher.group(5).strip()));
        }
        return boxes;
    }

    /** Intersection over union, from 0 to 1; 1 for equal edges even if there is no area between them. */
    double iou(LocatedBox other) {
        if (top == other.top && left == other.left && bottom == other.bottom && right == other.right) {
            return 1;
        }
        long height = Math.max(0, Math.min(bottom, other.bottom) - Math.max(top, other.top));
        long width = Math.max(0, Math.min(right, other.right) - Math.max(left, other.left));
        long union = area() + other.area() - height * width;
        return union > 0 ? (double) (height * width) / union : 0;
    }

    // A box with swapped edges has no area, whatever its numbers say.
    private long area() {
        return (long) Math.max(0, bottom - top) * Math.max(0, right - left);
    }
}
