package dev.paligemma.training.internal.report;

import dev.paligemma.training.run.Evaluation;
import dev.paligemma.training.run.FineTuningResult;
import dev.paligemma.training.run.Metric;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Draws the losses of a run as SVG: each update, their running mean, and the examples held out. Stateless. */
final class LossCurve {
    private static final int WIDTH = 720;
    private static final int HEIGHT = 360;
    private static final int LEFT = 60;
    private static final int RIGHT = 20;
    private static final int TOP = 30;
    private static final int BOTTOM = 40;
    private static final int LINES = 5;

    /** More points than pixels show nothing more. */
    private static final int MOST_POINTS = 2000;

    private static final double SMOOTHING = 0.9;

    private LossCurve() {}

    private record Point(double update, double loss) {}

    private record Scale(double updates, double highest) {
        double x(double update) {
            return LEFT + (WIDTH - LEFT - RIGHT) * update / Math.max(1, updates);
        }

        double y(double loss) {
            return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * Math.min(loss, highest) / highest;
        }
    }

    /** The text of a file. */
    static String svg(FineTuningResult result) {
        List<Double> losses = result.losses();
        List<Point> heldOut = new ArrayList<>();
        for (Evaluation evaluation : result.evaluations()) {
            Double loss = evaluation.values().get(Metric.LOSS);
            if (loss != null) {
                heldOut.add(new Point(evaluation.update(), loss));
            }
        }
        double highest = Math.max(
                losses.stream().mapToDouble(Double::doubleValue).max().orElse(1),
                heldOut.stream().mapToDouble(Point::loss).max().orElse(0));
        Scale scale = new Scale(losses.size(), highest > 0 ? highest : 1);
        StringBuilder svg = new StringBuilder(String.format(
                Locale.ROOT,
                "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\""
                        + " font-size=\"12\">%n<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>%n",
                WIDTH,
                HEIGHT));
        grid(scale, svg);
        line(each(losses, 0), scale, "#b8c8e0", 1, svg);
        line(each(losses, SMOOTHING), scale, "#1f5fb4", 2, svg);
        line(heldOut, scale, "#d1491b", 2, svg);
        for (Point point : heldOut) {
            svg.append(String.format(
                    Locale.ROOT,
                    "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\" fill=\"#d1491b\"/>%n",
                    scale.x(point.update()),
                    scale.y(point.loss())));
        }
        text(
                LEFT,
                18,
                "loss of each update, running mean" + (heldOut.isEmpty() ? "" : ", examples held out (red)"),
                svg);
        return svg.append("</svg>").append(System.lineSeparator()).toString();
    }

    private static List<Point> each(List<Double> losses, double smoothing) {
        List<Point> points = new ArrayList<>();
        int step = Math.max(1, losses.size() / MOST_POINTS);
        double mean = losses.isEmpty() ? 0 : losses.get(0);
        for (int i = 0; i < losses.size(); i++) {
            mean = smoothing * mean + (1 - smoothing) * losses.get(i);
            if (i % step == 0 || i == losses.size() - 1) {
                points.add(new Point(i + 1.0, mean));
            }
        }
        return points;
    }

    private static void grid(Scale scale, StringBuilder svg) {
        for (int i = 0; i <= LINES; i++) {
            double loss = scale.highest() * i / LINES;
            svg.append(String.format(
                    Locale.ROOT, "<path d=\"M%d %.1fH%d\" stroke=\"#dddddd\"/>%n", LEFT, scale.y(loss), WIDTH - RIGHT));
            text(8, scale.y(loss) + 4, String.format(Locale.ROOT, "%.3g", loss), svg);
        }
        text(LEFT, HEIGHT - 14, "0", svg);
        text(WIDTH - RIGHT - 100, HEIGHT - 14, (long) scale.updates() + " updates", svg);
    }

    private static void text(double x, double y, String text, StringBuilder svg) {
        svg.append(String.format(Locale.ROOT, "<text x=\"%.1f\" y=\"%.1f\">%s</text>%n", x, y, text));
    }

    private static void line(List<Point> points, Scale scale, String colour, int width, StringBuilder svg) {
        if (points.size() < 2) {
            return;
        }
        svg.append("<polyline fill=\"none\" stroke=\"")
                .append(colour)
                .append("\" stroke-width=\"")
                .append(width)
                .append("\" points=\"");
        for (Point point : points) {
            svg.append(String.format(Locale.ROOT, "%.1f,%.1f ", scale.x(point.update()), scale.y(point.loss())));
        }
        svg.append("\"/>").append(System.lineSeparator());
    }
}
