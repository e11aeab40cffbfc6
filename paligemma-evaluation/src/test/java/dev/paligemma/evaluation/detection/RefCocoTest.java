package dev.paligemma.evaluation.detection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.paligemma.base.internal.JsonObject;
import dev.paligemma.evaluation.internal.JsonRows;
import dev.paligemma.evaluation.internal.Shapes;
import dev.paligemma.evaluation.metric.EvaluationException;
import dev.paligemma.evaluation.metric.Scores;
import dev.paligemma.tiny.TinyModel;
import dev.paligemma.vision.mask.BitMask;
import dev.paligemma.vision.mask.MaskCodec;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** Compares with src/reference/evaluation/make_refcoco_goldens.py; more cases of it by {@code -Drefcoco.cases=FILE}. */
class RefCocoTest {
    private final RefCoco metric = new RefCoco(MaskCodec.read(TinyModel.folder().resolve("vae-oid.npz")));

    @Test
    void figuresAreThoseOfBigVision() throws Exception {
        Path golden = Path.of(Objects.requireNonNull(RefCocoTest.class.getResource("/refcoco.jsonl"))
                .toURI());
        List<RefCoco.Reference> references = new ArrayList<>();
        List<String> answers = new ArrayList<>();
        List<JsonObject> rows = new ArrayList<>();
        JsonRows.read(Path.of(System.getProperty("refcoco.cases", golden.toString())), row -> {
            int width = row.integer("width", 0, 1, 1000);
            int height = row.integer("height", 0, 1, 1000);
            BitMask mask = Shapes.mask(row.members().get("mask"), width, height, row.where())
                    .toMask();
            references.add(new RefCoco.Reference(Shapes.id(row, "id"), CocoBox.of(Shapes.box(row, "bbox")), mask));
            answers.add(Objects.requireNonNull(row.stringOrNull("answer")));
            rows.add(row);
        });
        Scores scores = metric.score(references, answers);
        double boxes50 = 0;
        double boxes75 = 0;
        double invalid = 0;
        int others = 0;
        for (int i = 0; i < rows.size(); i++) {
            JsonObject row = rows.get(i);
            double expected = row.number("iou", 0, 0, 1);
            double difference = Math.abs(scores.scoreOf(i) - expected);
            others += difference > 1e-9 ? 1 : 0;
            assertThat(difference)
                    .as(row.where())
                    .isLessThanOrEqualTo(1.0 / references.get(i).mask().area());
            boxes50 += row.number("boxIou", 0, 0, 1) >= 0.5 ? 1 : 0;
            boxes75 += row.number("boxIou", 0, 0, 1) >= 0.75 ? 1 : 0;
            invalid += row.bool("valid", true) ? 0 : 1;
        }
        // torch rounds the mask decoder in another order, so that a value beside zero may have the other sign: one
        // pixel.
        assertThat(others).isLessThanOrEqualTo(rows.size() / 1000);
        assertThat(scores.parts().get("boxAccuracy50")).isEqualTo(boxes50 / rows.size());
        assertThat(scores.parts().get("boxAccuracy75")).isEqualTo(boxes75 / rows.size());
        assertThat(scores.parts().get("invalid")).isEqualTo(invalid);
    }

    @Test
    void refusesWhatCannotBeCompared() {
        BitMask empty = BitMask.of(4, 4, new BitSet());
        CocoBox box = new CocoBox(0, 0, 2, 2);
        assertThatThrownBy(() -> new RefCoco.Reference("e1", box, empty)).hasMessageContaining("e1");
        assertThatThrownBy(() -> metric.score(List.of(), List.of())).isInstanceOf(EvaluationException.class);
    }
}
