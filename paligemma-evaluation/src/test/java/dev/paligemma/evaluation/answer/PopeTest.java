package dev.paligemma.evaluation.answer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.paligemma.evaluation.internal.JsonRows;
import dev.paligemma.evaluation.metric.Case;
import dev.paligemma.evaluation.metric.EvaluationException;
import dev.paligemma.evaluation.metric.Scores;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** Compares with src/reference/evaluation/make_refcoco_goldens.py. */
class PopeTest {
    @Test
    void figuresAreThoseOfTheReferences() throws Exception {
        Path golden = Path.of(Objects.requireNonNull(PopeTest.class.getResource("/pope.jsonl"))
                .toURI());
        JsonRows.read(golden, row -> {
            List<Case> cases = new ArrayList<>();
            for (Object each : Objects.requireNonNull(row.listOrNull("cases"))) {
                List<?> pair = (List<?>) each;
                cases.add(new Case("" + cases.size(), (String) pair.get(0), List.of((String) pair.get(1))));
            }
            Scores scores = new Pope().score(cases);
            assertThat(scores.score()).isEqualTo(row.number("accuracy", -1, 0, 1), within(1e-12));
            for (String part : List.of("precision", "recall", "f1", "yes", "valid")) {
                assertThat(scores.parts().get(part))
                        .as(row.where() + " " + part)
                        .isEqualTo(row.number(part, -1, 0, 1), within(1e-12));
            }
        });
    }

    @Test
    void refusesAReferenceThatIsNeitherYesNorNo() {
        assertThatThrownBy(() -> new Pope().score(List.of(new Case("7", "yes", List.of("maybe")))))
                .isInstanceOf(EvaluationException.class)
                .hasMessageContaining("case 7");
    }
}
