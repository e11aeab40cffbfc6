package dev.paligemma.evaluation.run;

import dev.paligemma.evaluation.detection.CocoBox;
import dev.paligemma.vision.RgbImage;
import dev.paligemma.vision.format.ImageException;
import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.geom.Rectangle2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import javax.imageio.ImageIO;

/** Small pictures with their boxes, as addresses that hold the picture themselves. Stateless. */
final class Thumbnail {
    private static final int LONGEST_SIDE = 320;
    private static final Color TRUE = new Color(0x1B, 0xA0, 0x4A);
    private static final Color FOUND = new Color(0xD9, 0x2D, 0x20);

    private Thumbnail() {}

    /** The picture of a question; empty if it cannot be read any more. */
    static Optional<String> of(Question question, Answered answered) {
        try {
            return Optional.of(of(RgbImage.read(question.picture()), truth(question), answered.found()));
        } catch (ImageException e) {
            return Optional.empty();
        }
    }

    private static List<CocoBox> truth(Question question) {
        if (question.truth() instanceof Truth.Things things) {
            return things.things().stream().map(Truth.Thing::box).toList();
        }
        return question.truth() instanceof Truth.Referred referred ? List.of(referred.box()) : List.of();
    }

    private static String of(RgbImage picture, List<CocoBox> truth, List<Answered.Found> found) {
        double scale = Math.min(1, (double) LONGEST_SIDE / Math.max(picture.width(), picture.height()));
        int width = (int) Math.max(1, Math.round(scale * picture.width()));
        int height = (int) Math.max(1, Math.round(scale * picture.height()));
        BufferedImage small = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = small.createGraphics();
        graphics.drawImage(picture.resize(width, height).toBufferedImage(), 0, 0, null);
        graphics.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
        graphics.setStroke(new BasicStroke(2));
        graphics.setColor(TRUE);
        truth.forEach(box -> draw(graphics, box, scale));
        graphics.setColor(FOUND);
        found.forEach(each -> draw(graphics, each.box(), scale));
        graphics.dispose();
        ByteArrayOutputStream jpeg = new ByteArrayOutputStream();
        try {
            ImageIO.write(small, "jpg", jpeg);
        } catch (IOException e) {
            throw new UncheckedIOException("writing to memory does not fail", e);
        }
        return "data:image/jpeg;base64," + Base64.getEncoder().encodeToString(jpeg.toByteArray());
    }

    private static void draw(Graphics2D graphics, CocoBox box, double scale) {
        graphics.draw(
                new Rectangle2D.Double(box.x() * scale, box.y() * scale, box.width() * scale, box.height() * scale));
    }
}
