package dev.paligemma.detection.internal;

import dev.paligemma.vision.PixelBox;
import java.util.List;

/** Draws tags that have their places. */
public final class TagPainter {
    private TagPainter() {}

    /**
     * Draws them, and lines from those that stand apart to their boxes.
     *
     * @param colours of the tags, in their order
     */
    public static void paint(
            Canvas canvas, List<Tag> tags, List<PlacedTag> placed, int[] colours, int line, Lettering lettering) {
        for (PlacedTag tag : placed) {
            lead(canvas, tag.box(), tags.get(tag.index()).target(), Math.max(1, line / 2), colours[tag.index()]);
        }
        for (PlacedTag tag : placed) {
            int colour = colours[tag.index()];
            int ink = Ink.on(colour);
            PixelBox box = tag.box();
            canvas.fill(box, colour);
            canvas.ring(box, TagLayout.border(tag.size()), ink, Canvas.OPAQUE);
            int insetX = TagLayout.insetX(tag.size());
            int insetY = TagLayout.insetY(tag.size());
            PixelBox room =
                    new PixelBox(box.left() + insetX, box.top() + insetY, box.right() - insetX, box.bottom() - insetY);
            lettering.write(canvas, tag.text(), tag.size(), room, ink);
        }
    }

    private static void lead(Canvas canvas, PixelBox tag, PixelBox target, int thickness, int colour) {
        int fromX = (tag.left() + tag.right()) / 2;
        int fromY = (tag.top() + tag.bottom()) / 2;
        int toX = Math.max(target.left(), Math.min(fromX, target.right() - 1));
        int toY = Math.max(target.top(), Math.min(fromY, target.bottom() - 1));
        if (TagLayout.gap(tag, target) == 0) {
            return;
        }
        canvas.line(fromX, fromY, toX, toY, thickness + 2, Ink.on(colour));
        canvas.line(fromX, fromY, toX, toY, thickness, colour);
    }
}
