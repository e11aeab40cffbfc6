package dev.paligemma.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.paligemma.evaluation.metric.Case;
import dev.paligemma.evaluation.metric.EvaluationException;
import java.util.List;
import org.junit.jupiter.api.Test;

class MetricsTest {
    @Test
    void namesAreUniqueAndFindTheirMetric() {
        assertThat(Metrics.names())
                .doesNotHaveDuplicates()
                .allSatisfy(name -> assertThat(Metrics.named(name).name()).isEqualTo(name));
    }

    @Test
    void aTaskComparesTextsAsItsEvaluatorDoes() {
        assertThat(score("docvqa", "ABC", "abc")).isEqualTo(1);
        assertThat(score("docvqa", " abc", "abc")).isEqualTo(0.75);
        assertThat(score("chartqa", "Yes", "yes")).isEqualTo(1);
        assertThat(score("gqa", "Yes", "yes")).isZero();
        assertThat(score("ocrvqa", "Yes", "yes")).isEqualTo(1);
    }

    @Test
    void tasksSayWhereTheyComeFrom() {
        assertThat(Metrics.forTask("textvqa").metric().name()).isEqualTo("vqa");
        assertThat(Metrics.forTask("textvqa").prompt()).isEqualTo("answer en {question}");
        assertThat(Metrics.tasks()).hasSizeGreaterThan(30).allSatisfy(name -> {
            TaskMetric task = Metrics.forTask(name);
            assertThat(task.task()).isEqualTo(name);
            assertThat(task.source()).contains("transfers/").contains("big_vision");
            assertThat(Metrics.names()).contains(task.metric().name());
        });
    }

    @Test
    void messagesAboutUnknownNamesHaveThoseThatThereAre() {
        assertThatThrownBy(() -> Metrics.named("meteor"))
                .isInstanceOf(EvaluationException.class)
                .hasMessageContainingAll("meteor", "cider", "bleu4", "rouge-l", "vqa-plain");
        assertThatThrownBy(() -> Metrics.forTask("non-entailment"))
                .isInstanceOf(EvaluationException.class)
                .hasMessageContainingAll("non-entailment", "textvqa", "cococap");
    }

    private static double score(String task, String answer, String reference) {
        return Metrics.forTask(task)
                .metric()
                .score(List.of(new Case("1", answer, List.of(reference))))
                .score();
    }
}
