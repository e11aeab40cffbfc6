package dev.paligemma.cli.demo;

import dev.paligemma.detection.BoundingBox;
import dev.paligemma.vision.RgbImage;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.geom.Path2D;
import java.awt.image.BufferedImage;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/**
 * A drawn picture of a star, in the manner of the pictures that the bundled model was trained on
 * ({@code src/reference/tiny/scenes.py}). Immutable.
 *
 * @param image what is drawn
 * @param colour the name of the star's colour
 * @param box where the star is
 */
record StarPicture(RgbImage image, String colour, BoundingBox box) {
    private static final int SIDE = 224;

    /** Drawn larger and made smaller, so that edges are smooth whatever draws them. */
    private static final int SCALE = 2;

    private static final int DRAWN = SIDE * SCALE;
    private static final int POINTS = 10;
    private static final double INNER_RADIUS = 0.4;
    private static final int SMALLEST = 100;
    private static final int LARGEST = 250;
    private static final int DARKEST_GROUND = 120;
    private static final int CONTRAST = 150;
    private static final int JITTER = 15;
    private static final int CODES = 1024;

    private record Paint(String name, Color colour) {}

    private static final List<Paint> PAINTS = List.of(
            new Paint("red", new Color(215, 40, 40)),
            new Paint("green", new Color(40, 160, 60)),
            new Paint("blue", new Color(45, 80, 220)),
            new Paint("yellow", new Color(238, 208, 40)),
            new Paint("purple", new Color(135, 55, 175)),
            new Paint("orange", new Color(242, 135, 25)),
            new Paint("black", new Color(22, 22, 22)));

    /** Draws a picture by chance. */
    static StarPicture draw(Random random) {
        Color ground = new Color(ground(random), ground(random), ground(random));
        List<Paint> visible = PAINTS.stream()
                .filter(paint -> distance(paint.colour(), ground) > CONTRAST)
                .toList();
        Paint paint = visible.get(random.nextInt(visible.size()));
        double size = SMALLEST + random.nextDouble() * (LARGEST - SMALLEST);
        double x = size / 2 + random.nextDouble() * (DRAWN - size);
        double y = size / 2 + random.nextDouble() * (DRAWN - size);
        Path2D star = star(x, y, size / 2);
        BufferedImage drawn = new BufferedImage(DRAWN, DRAWN, BufferedImage.TYPE_INT_RGB);
        Graphics2D pen = drawn.createGraphics();
        pen.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_OFF);
        pen.setColor(ground);
        pen.fillRect(0, 0, DRAWN, DRAWN);
        pen.setColor(jittered(paint.colour(), random));
        pen.fill(star);
        pen.dispose();
        var bounds = star.getBounds2D();
        BoundingBox box = BoundingBox.clipped(
                bounds.getMinX() / DRAWN, bounds.getMinY() / DRAWN, bounds.getMaxX() / DRAWN, bounds.getMaxY() / DRAWN);
        return new StarPicture(smaller(drawn), paint.name(), box);
    }

    private static int ground(Random random) {
        return DARKEST_GROUND + random.nextInt(256 - DARKEST_GROUND);
    }

    private static int distance(Color a, Color b) {
        return Math.abs(a.getRed() - b.getRed())
                + Math.abs(a.getGreen() - b.getGreen())
                + Math.abs(a.getBlue() - b.getBlue());
    }

    private static Color jittered(Color colour, Random random) {
        return new Color(
                jittered(colour.getRed(), random),
                jittered(colour.getGreen(), random),
                jittered(colour.getBlue(), random));
    }

    private static int jittered(int value, Random random) {
        return Math.max(0, Math.min(255, value + random.nextInt(2 * JITTER + 1) - JITTER));
    }

    /** Five points, the first of them straight up. */
    private static Path2D star(double x, double y, double radius) {
        Path2D star = new Path2D.Double();
        for (int i = 0; i < POINTS; i++) {
            double angle = -Math.PI / 2 + i * 2 * Math.PI / POINTS;
            double reach = radius * (i % 2 == 0 ? 1 : INNER_RADIUS);
            double px = x + reach * Math.cos(angle);
            double py = y + reach * Math.sin(angle);
            if (i == 0) {
                star.moveTo(px, py);
            } else {
                star.lineTo(px, py);
            }
        }
        star.closePath();
        return star;
    }

    /** Each pixel is the mean of those that it stands for. */
    private static RgbImage smaller(BufferedImage drawn) {
        byte[] rgb = new byte[3 * SIDE * SIDE];
        for (int y = 0; y < SIDE; y++) {
            for (int x = 0; x < SIDE; x++) {
                for (int channel = 0; channel < 3; channel++) {
                    int sum = 0;
                    for (int i = 0; i < SCALE * SCALE; i++) {
                        int pixel = drawn.getRGB(x * SCALE + i % SCALE, y * SCALE + i / SCALE);
                        sum += (pixel >> (16 - 8 * channel)) & 255;
                    }
                    rgb[3 * (y * SIDE + x) + channel] = (byte) ((sum + SCALE * SCALE / 2) / (SCALE * SCALE));
                }
            }
        }
        return RgbImage.of(SIDE, SIDE, rgb);
    }

    /** What the model should say about the whole picture. */
    String caption() {
        return (colour.equals("orange") ? "an " : "a ") + colour + " star";
    }

    /** What it should say about the place of the star. */
    String location() {
        return code(box.top()) + code(box.left()) + code(box.bottom()) + code(box.right()) + " star";
    }

    private static String code(double fraction) {
        return String.format(Locale.ROOT, "<loc%04d>", Math.min(CODES - 1, (int) (fraction * CODES)));
    }
}
