package dev.paligemma.detection.internal;

import dev.paligemma.vision.PixelBox;
import java.awt.Color;
import java.awt.Font;
import java.awt.FontMetrics;
import java.awt.Graphics2D;
import java.awt.GraphicsEnvironment;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;

/** Letters of the machine's sans-serif font; for writings that it lacks, of another font that has them. */
public final class SystemLettering implements Lettering {
    private final Graphics2D graphics;
    private final Function<Graphics2D, FontMetrics> metricsOf;
    private final Map<String, Font> fonts = new HashMap<>();

    private SystemLettering(Function<Graphics2D, FontMetrics> metricsOf) {
        this.graphics = new BufferedImage(1, 1, BufferedImage.TYPE_3BYTE_BGR).createGraphics();
        this.metricsOf = metricsOf;
    }

    /**
     * The letters of the machine, or {@link PixelLettering} where there are no fonts: slim servers have none, and the JDK
     * then fails with errors of many kinds, depending on its version and on what is missing.
     */
    public static Lettering orPixels(Function<Graphics2D, FontMetrics> metricsOf) {
        try {
            SystemLettering lettering = new SystemLettering(metricsOf);
            lettering.width("x", 12); // loads the font
            return lettering;
        } catch (RuntimeException | LinkageError | InternalError e) {
            return new PixelLettering();
        }
    }

    @Override
    public int width(String text, int size) {
        return metrics(text, size).stringWidth(text);
    }

    @Override
    public int height(String text, int size) {
        FontMetrics metrics = metrics(text, size);
        return metrics.getAscent() + metrics.getDescent();
    }

    @Override
    public void write(Canvas canvas, String text, int size, PixelBox room, int colour) {
        Graphics2D brush = canvas.image().createGraphics();
        brush.setRenderingHint(RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
        brush.setFont(font(text, size));
        brush.setColor(new Color(colour));
        brush.clipRect(room.left(), room.top(), (int) room.width(), (int) room.height());
        brush.drawString(text, room.left(), room.top() + metrics(text, size).getAscent());
        brush.dispose();
    }

    private FontMetrics metrics(String text, int size) {
        graphics.setFont(font(text, size));
        return metricsOf.apply(graphics);
    }

    private Font font(String text, int size) {
        return fonts.computeIfAbsent(text, SystemLettering::fontFor).deriveFont((float) size);
    }

    private static Font fontFor(String text) {
        Font usual = new Font(Font.SANS_SERIF, Font.PLAIN, 12);
        if (usual.canDisplayUpTo(text) < 0) {
            return usual;
        }
        return Stream.of(GraphicsEnvironment.getLocalGraphicsEnvironment().getAllFonts())
                .filter(font -> font.canDisplayUpTo(text) < 0)
                .findFirst()
                .orElse(usual);
    }
}
