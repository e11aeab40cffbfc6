package dev.paligemma.evaluation.run;

import dev.paligemma.base.internal.FailureReason;
import dev.paligemma.evaluation.metric.EvaluationException;
import dev.paligemma.evaluation.metric.Scores;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A run as one HTML file for people: score and interval, what it depends on, a comparison if there is one, and the worst
 * cases with their pictures, scaled down, in the file itself. It needs no network and runs no script; whatever data set or
 * model wrote is shown as text. Stateless.
 */
public final class HtmlReport {
    /** How many of the worst cases are shown, at most. */
    public static final int WORST = 24;

    private static final int LONGEST_TEXT = 1000;
    private static final int MOST_REFERENCES = 10;

    private static final Map<Integer, String> ENTITIES =
            Map.of((int) '&', "&amp;", (int) '<', "&lt;", (int) '>', "&gt;", (int) '"', "&quot;", (int) '\'', "&#39;");

    private static final String STYLE = """
            :root{color-scheme:light dark}
            body{font:16px/1.5 system-ui,sans-serif;max-width:72rem;margin:0 auto;padding:1rem 1.25rem 4rem}
            h1{font-size:1.5rem;margin:.5rem 0}h2{font-size:1.2rem;margin:2rem 0 .75rem}
            .score{font-size:2.5rem;font-weight:650;line-height:1.2}
            .note{opacity:.8}
            .failed{color:#b3261e;font-weight:600}
            @media(prefers-color-scheme:dark){.failed{color:#ff8a80}}
            table{border-collapse:collapse;margin:.5rem 0}
            th,td{text-align:left;padding:.2rem 1.25rem .2rem 0;vertical-align:top;overflow-wrap:anywhere}
            th{font-weight:600}td.n{text-align:right;font-variant-numeric:tabular-nums}
            .cases{display:grid;grid-template-columns:repeat(auto-fill,minmax(19rem,1fr));gap:1rem}
            article{border:1px solid #8886;border-radius:.5rem;padding:.75rem;overflow:hidden}
            article h3{font-size:.95rem;margin:0 0 .5rem;overflow-wrap:anywhere}
            article img{display:block;max-width:100%;height:auto;margin:0 0 .5rem;border-radius:.25rem}
            dl{margin:0}dt{font-size:.8rem;opacity:.75}dd{margin:0 0 .4rem;white-space:pre-wrap;overflow-wrap:anywhere}
            """;

    private HtmlReport() {}

    /** Writes a report of one run, in place of what is there. */
    public static void write(EvaluationRun run, Path file) {
        write(run, null, file);
    }

    /** Writes a report of the second run of a comparison. */
    public static void write(Comparison comparison, Path file) {
        write(comparison.second(), comparison, file);
    }

    private static void write(EvaluationRun run, @Nullable Comparison comparison, Path file) {
        Path part = file.resolveSibling(file.getFileName() + ".part");
        try {
            Files.writeString(part, html(run, comparison), StandardCharsets.UTF_8);
            Files.move(part, file, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new EvaluationException("cannot write " + file + ": " + FailureReason.of(e, file), e);
        }
    }

    private static String html(EvaluationRun run, @Nullable Comparison comparison) {
        Scores scores = run.scores();
        StringBuilder page = new StringBuilder();
        page.append("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n")
                .append("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:;")
                .append(" style-src 'unsafe-inline'\">\n")
                .append("<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n")
                .append("<title>")
                .append(escaped(title(run)))
                .append("</title>\n<style>\n")
                .append(STYLE)
                .append("</style></head><body>\n<main>\n<h1>")
                .append(escaped(title(run)))
                .append("</h1>\n");
        score(run, page);
        if (comparison != null) {
            compare(comparison, page);
        }
        if (!scores.parts().isEmpty()) {
            page.append("<h2>Figures</h2>\n<table>\n");
            scores.parts().forEach((name, value) -> row(page, name, number(value), true));
            page.append("</table>\n");
        }
        page.append("<h2>Run</h2>\n<table>\n");
        run.settings().forEach((name, value) -> row(page, name, value, false));
        page.append("</table>\n");
        cases(run, page);
        return page.append("</main>\n</body></html>\n").toString();
    }

    private static String title(EvaluationRun run) {
        String task = run.settings().get("task");
        String metric = run.scores().metric();
        return task == null || task.equals(metric) ? metric : task + ", " + metric;
    }

    private static void score(EvaluationRun run, StringBuilder page) {
        page.append("<p class=\"score\">")
                .append(number(run.scores().score()))
                .append("</p>\n<p>95 % interval ")
                .append(number(run.interval().low()))
                .append(" to ")
                .append(number(run.interval().high()))
                .append(", over ")
                .append(run.scores().cases())
                .append(run.scores().cases() == 1 ? " case" : " cases")
                .append("</p>\n");
        if (run.failed() > 0) {
            page.append("<p class=\"failed\">")
                    .append(run.failed())
                    .append(
                            run.failed() == 1
                                    ? " of them could not be asked and counts"
                                    : " of them could not be asked and count")
                    .append(" as wrong</p>\n");
        }
    }

    private static void compare(Comparison comparison, StringBuilder page) {
        Interval interval = comparison.interval();
        boolean told = interval.low() > 0 || interval.high() < 0;
        page.append("<h2>Compared with ")
                .append(escaped(name(comparison.first())))
                .append("</h2>\n<table>\n");
        row(
                page,
                "score of " + name(comparison.first()),
                number(comparison.first().scores().score()),
                true);
        row(page, "difference", signed(comparison.difference()), true);
        row(page, "95 % interval of the difference", signed(interval.low()) + " to " + signed(interval.high()), true);
        row(page, "cases better", String.valueOf(comparison.better()), true);
        row(page, "cases worse", String.valueOf(comparison.worse()), true);
        page.append("</table>\n<p class=\"note\">")
                .append(
                        told
                                ? "0 is outside of the interval: chance hardly explains the difference."
                                : "0 is inside of the interval: chance may explain the difference.")
                .append("</p>\n");
    }

    private static String name(EvaluationRun run) {
        String model = run.settings().getOrDefault("model", "the other run");
        String precision = run.settings().get("precision");
        return precision == null ? model : model + ", " + precision;
    }

    private static void cases(EvaluationRun run, StringBuilder page) {
        Scores scores = run.scores();
        double best = IntStream.range(0, scores.cases())
                .mapToDouble(scores::scoreOf)
                .max()
                .orElse(0);
        List<Integer> worst = IntStream.range(0, scores.cases())
                .filter(i -> failed(run, i) || (scores.scoreOf(i) >= 0 && scores.scoreOf(i) < Math.max(best, 1e-9)))
                .boxed()
                .sorted(Comparator.comparing((Integer i) -> !failed(run, i)).thenComparing(scores::scoreOf))
                .limit(WORST)
                .toList();
        page.append("<h2>Worst cases</h2>\n");
        if (worst.isEmpty()) {
            page.append("<p>None: every case scores the same.</p>\n");
            return;
        }
        page.append("<p class=\"note\">The ")
                .append(worst.size())
                .append(" lowest of ")
                .append(scores.cases())
                .append(", those that could not be asked first.</p>\n<div class=\"cases\">\n");
        for (int i : worst) {
            article(run.questions().get(i), run.answers().get(i), scores.scoreOf(i), page);
        }
        page.append("</div>\n");
    }

    private static boolean failed(EvaluationRun run, int index) {
        return run.answers().get(index).error().isPresent();
    }

    private static void article(Question question, Answered answered, double score, StringBuilder page) {
        page.append("<article><h3>")
                .append(escaped(shortened(question.id())))
                .append(" · ")
                .append(
                        answered.error().isPresent()
                                ? "<span class=\"failed\">failed</span>"
                                : number(Math.max(0, score)))
                .append("</h3>\n");
        Optional<String> picture = answered.error().isPresent() ? Optional.empty() : Thumbnail.of(question, answered);
        picture.ifPresent(data -> page.append("<img alt=\"")
                .append(escaped(shortened(question.name())))
                .append("\" src=\"")
                .append(data)
                .append("\">\n"));
        page.append("<dl>");
        item(page, "picture", question.name());
        item(page, "prompt", question.prompt());
        answered.error().ifPresent(error -> item(page, "error", error));
        if (answered.error().isEmpty()) {
            item(page, "answer", answered.answer());
        }
        if (question.truth() instanceof Truth.Texts texts) {
            List<String> shown = texts.references().stream().distinct().toList();
            item(
                    page,
                    shown.size() == 1 ? "right answer" : "references",
                    String.join("\n", shown.subList(0, Math.min(MOST_REFERENCES, shown.size()))));
        } else {
            item(page, "boxes", "green: of the data set; red: found");
        }
        page.append("</dl></article>\n");
    }

    private static void item(StringBuilder page, String name, String text) {
        page.append("<dt>")
                .append(name)
                .append("</dt><dd>")
                .append(text.isBlank() ? "–" : escaped(shortened(text)))
                .append("</dd>");
    }

    private static void row(StringBuilder page, String name, String value, boolean numeric) {
        page.append("<tr><th scope=\"row\">")
                .append(escaped(name))
                .append(numeric ? "</th><td class=\"n\">" : "</th><td>")
                .append(escaped(value))
                .append("</td></tr>\n");
    }

    private static String number(double value) {
        return value == Math.rint(value) && Math.abs(value) < 1e9 && value != 0 && value != 1
                ? String.valueOf((long) value)
                : String.format(Locale.ROOT, "%.4f", value);
    }

    private static String signed(double value) {
        return String.format(Locale.ROOT, "%+.4f", value);
    }

    private static String shortened(String text) {
        int length = text.codePointCount(0, text.length());
        return length <= LONGEST_TEXT ? text : text.substring(0, text.offsetByCodePoints(0, LONGEST_TEXT)) + "...";
    }

    /** As text, in elements and attributes; characters that HTML does not allow are shown as missing. */
    static String escaped(String text) {
        StringBuilder out = new StringBuilder();
        text.codePoints().forEach(c -> {
            String entity = ENTITIES.get(c);
            boolean allowed = c == '\n'
                    || c == '\t'
                    || (!Character.isISOControl(c) && Character.getType(c) != Character.SURROGATE);
            // Marks of direction would let a text reach beyond its own place.
            boolean turns = (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
            if (entity != null) {
                out.append(entity);
            } else {
                out.appendCodePoint(allowed && !turns ? c : 0xFFFD);
            }
        });
        return out.toString();
    }
}
