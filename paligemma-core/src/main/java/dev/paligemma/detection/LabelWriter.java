package dev.paligemma.detection;

import java.awt.Color;
import java.awt.Font;
import java.awt.FontMetrics;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Writes names onto a picture, on a bar of the box's colour. Confined to one thread. */
final class LabelWriter implements AutoCloseable {
    private final int imageWidth;
    private final int imageHeight;
    private final Graphics2D graphics;
    private final FontMetrics metrics;

    private LabelWriter(BufferedImage canvas, Graphics2D graphics, FontMetrics metrics) {
        this.imageWidth = canvas.getWidth();
        this.imageHeight = canvas.getHeight();
        this.graphics = graphics;
        this.metrics = metrics;
    }

    /**
     * A writer, or null where there are no fonts: slim servers have none, and the JDK then fails with errors of many
     * kinds, depending on its version and on what is missing.
     */
    static @Nullable LabelWriter of(BufferedImage canvas, int fontSize, Function<Graphics2D, FontMetrics> metricsOf) {
        Graphics2D graphics = null;
        try {
            graphics = canvas.createGraphics();
            graphics.setRenderingHint(RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
            graphics.setFont(new Font(Font.SANS_SERIF, Font.PLAIN, fontSize));
            FontMetrics metrics = metricsOf.apply(graphics);
            metrics.stringWidth("x"); // loads the font
            return new LabelWriter(canvas, graphics, metrics);
        } catch (RuntimeException | LinkageError | InternalError e) {
            if (graphics != null) {
                graphics.dispose();
            }
            return null;
        }
    }

    /** Writes above a box, or at its upper edge if there is no room above; moved to the left to fit into the picture. */
    void write(String text, int left, int top, int colour) {
        int padding = metrics.getDescent() / 2 + 1;
        int width = Math.min(imageWidth, metrics.stringWidth(text) + 2 * padding);
        int height = Math.min(imageHeight, metrics.getHeight());
        int x = Math.max(0, Math.min(left, imageWidth - width));
        int y = top >= height ? top - height : Math.min(top, imageHeight - height);
        graphics.setColor(new Color(colour));
        graphics.fillRect(x, y, width, height);
        graphics.setColor(isLight(colour) ? Color.BLACK : Color.WHITE);
        graphics.setClip(x, y, width, height);
        graphics.drawString(text, x + padding, y + metrics.getAscent());
        graphics.setClip(null);
    }

    private static boolean isLight(int colour) {
        int red = colour >> 16 & 255;
        int green = colour >> 8 & 255;
        int blue = colour & 255;
        return 299 * red + 587 * green + 114 * blue > 140_000; // the luma of broadcasting, of 255,000
    }

    @Override
    public void close() {
        graphics.dispose();
    }
}
