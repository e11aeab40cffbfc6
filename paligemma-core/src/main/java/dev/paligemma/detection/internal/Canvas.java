package dev.paligemma.detection.internal;

import dev.paligemma.vision.PixelBox;
import java.awt.image.BufferedImage;
import java.awt.image.DataBufferByte;

/**
 * The pixels of a picture that is drawn upon. Whatever lies outside of the picture is left out. Without Graphics2D, which
 * looks for fonts and rounds as it likes. Confined to one thread.
 */
public final class Canvas {
    /** What covers all that is below, as a share of colours. */
    public static final int OPAQUE = 256;

    private final BufferedImage image;
    private final int width;
    private final int height;

    /** uint8[height, width, 3], blue first. */
    private final byte[] samples;

    /** Draws upon this picture of {@link BufferedImage#TYPE_3BYTE_BGR} itself. */
    public Canvas(BufferedImage image) {
        if (image.getType() != BufferedImage.TYPE_3BYTE_BGR) {
            throw new IllegalArgumentException("expected a picture of TYPE_3BYTE_BGR, got type " + image.getType());
        }
        this.image = image;
        this.width = image.getWidth();
        this.height = image.getHeight();
        this.samples = ((DataBufferByte) image.getRaster().getDataBuffer()).getData();
    }

    /** The picture itself. */
    public BufferedImage image() {
        return image;
    }

    /** The whole picture as a box. */
    public PixelBox bounds() {
        return new PixelBox(0, 0, width, height);
    }

    /**
     * Mixes a colour into a pixel: {@code from + ((to - from) * share + 128 >> 8)} for each sample.
     *
     * @param share 0 (nothing happens) to {@link #OPAQUE}
     */
    public void blend(int x, int y, int colour, int share) {
        if (x < 0 || y < 0 || x >= width || y >= height) {
            return;
        }
        int p = (y * width + x) * 3;
        for (int shift = 16, i = p + 2; i >= p; i--, shift -= 8) {
            int from = samples[i] & 255;
            samples[i] = (byte) (from + (((colour >> shift & 255) - from) * share + 128 >> 8));
        }
    }

    /** Fills a box. */
    public void fill(PixelBox box, int colour) {
        fill(box, colour, OPAQUE);
    }

    private void fill(PixelBox box, int colour, int share) {
        PixelBox seen = box.intersect(bounds());
        for (int y = seen.top(); y < seen.bottom(); y++) {
            for (int x = seen.left(); x < seen.right(); x++) {
                blend(x, y, colour, share);
            }
        }
    }

    /** Draws a ring just inside of a box; the whole box if the ring has no inside. */
    public void ring(PixelBox box, int line, int colour, int share) {
        if (box.width() <= 2L * line || box.height() <= 2L * line) {
            fill(box, colour, share);
            return;
        }
        PixelBox inside = grow(box, -line);
        fill(new PixelBox(box.left(), box.top(), box.right(), inside.top()), colour, share);
        fill(new PixelBox(box.left(), inside.bottom(), box.right(), box.bottom()), colour, share);
        fill(new PixelBox(box.left(), inside.top(), inside.left(), inside.bottom()), colour, share);
        fill(new PixelBox(inside.right(), inside.top(), box.right(), inside.bottom()), colour, share);
    }

    /** Draws a straight line as squares side by side, ends included. */
    public void line(int fromX, int fromY, int toX, int toY, int thickness, int colour) {
        int steps = Math.max(1, Math.max(Math.abs(toX - fromX), Math.abs(toY - fromY)));
        for (int i = 0; i <= steps; i++) {
            int left = fromX + Math.round((toX - fromX) * (float) i / steps) - thickness / 2;
            int top = fromY + Math.round((toY - fromY) * (float) i / steps) - thickness / 2;
            fill(new PixelBox(left, top, left + thickness, top + thickness), colour);
        }
    }

    /** A box with more on every side, or with less if that is negative. */
    static PixelBox grow(PixelBox box, int by) {
        return new PixelBox(box.left() - by, box.top() - by, box.right() + by, box.bottom() + by);
    }
}
