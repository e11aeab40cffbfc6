package dev.paligemma.evaluation.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.paligemma.base.internal.JsonObject;
import dev.paligemma.evaluation.GoldenCases;
import dev.paligemma.evaluation.Metrics;
import dev.paligemma.evaluation.metric.Scores;
import java.net.URISyntaxException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Compares with src/reference/evaluation/make_caption_goldens.py, that is with pycocoevalcap. */
class CaptionGoldenTest {
    private static final double TOLERANCE = 1e-9;

    @Test
    void tokensAreThoseOfTheReference() throws URISyntaxException {
        List<JsonObject> rows = GoldenCases.rows(GoldenCases.file("paligemma.evaluation.tokens", "/tokens.jsonl"));

        List<String> tokens = CaptionTokens.of(
                rows.stream().map(row -> row.stringOrNull("caption")).toList());

        assertThat(tokens)
                .isEqualTo(rows.stream().map(row -> row.stringOrNull("tokens")).toList());
    }

    @Test
    void scoresAreThoseOfTheReference() throws URISyntaxException {
        List<JsonObject> rows = GoldenCases.rows(GoldenCases.file("paligemma.evaluation.captions", "/captions.jsonl"));
        Map<String, Object> all = rows.get(0).object("scores").members();
        GoldenCases golden = GoldenCases.of(rows.subList(1, rows.size()));

        assertThat(all).hasSize(6);
        all.forEach((metric, score) -> {
            Scores scores = Metrics.named(metric).score(golden.cases());
            assertThat(scores.score()).as(metric).isEqualTo((double) score, within(TOLERANCE));
            for (int i = 0; i < scores.cases(); i++) {
                assertThat(scores.scoreOf(i))
                        .as("%s of case %d", metric, i)
                        .isEqualTo(((Number) golden.scores().get(i).get(metric)).doubleValue(), within(TOLERANCE));
            }
        });
    }
}
