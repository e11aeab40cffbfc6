package dev.paligemma.pytorch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.paligemma.engine.Device;
import dev.paligemma.engine.training.TrainedParts;
import dev.paligemma.engine.training.TrainingOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class TrainingEmitterTest {
    private static final TorchDevice CPU = TorchDevice.of(Device.CPU);
    private static final TorchDevice GPU = TorchDevice.of(Device.cuda(1));
    private static final Pattern ENTRY =
            Pattern.compile("  def (\\w+)\\(self: __torch__.Network,\\s+inputs: List\\[Tensor\\]\\) -> Tensor:\n");

    private static TrainingScript emit(SmallDecoder.Recorded recorded, TrainedParts parts, TrainingOptions options) {
        return emit(recorded, parts, options, Target.single(CPU), NumberType.FLOAT32);
    }

    private static TrainingScript emit(
            SmallDecoder.Recorded recorded,
            TrainedParts parts,
            TrainingOptions options,
            Target target,
            NumberType stored) {
        List<String> names = new ArrayList<>(parts.inputs().keySet());
        names.addAll(parts.weights());
        return TrainingEmitter.emit(
                recorded.graph(),
                names,
                parts,
                options,
                new TrainingEmitter.Settings(target, 1 << 30, 8192, weight -> stored));
    }

    /** What a method of this kind gives becomes an array of Deep Java Library, so it must be one that is harmless. */
    @Test
    void methodsThatJavaCallsGiveNothingBack() {
        SmallDecoder.Recorded recorded = SmallDecoder.dora();
        String text =
                emit(recorded, recorded.adapter(), TrainingOptions.defaults()).text();
        List<String> entries = new ArrayList<>();
        for (String method : text.split("(?=\n  def )")) {
            var matcher = ENTRY.matcher(method);
            if (matcher.find()) {
                entries.add(matcher.group(1));
                assertThat(method.stripTrailing()).as(matcher.group(1)).endsWith("\n    return (self).done()");
                assertThat(method.split("return ")).as(matcher.group(1)).hasSize(2);
            }
        }
        assertThat(entries).contains("step", "evaluate", "adamw", "sgd", "measure", "get", "put", "add_mapped_weight");
        assertThat(text).contains("""
                  def done(self: __torch__.Network) -> Tensor:
                    return torch.zeros([1], dtype=6, layout=None, device=torch.device("cpu"))
                """);
    }

    @Test
    void cutsAtMarksAndBeforeTheRowsOfLogits() {
        SmallDecoder.Recorded recorded = SmallDecoder.plain();

        List<Segment> segments = Segment.of(recorded.graph());

        assertThat(segments.stream().map(segment -> segment.out().name()).toList())
                .containsExactly("scale", "layers.0.add_7", "layers.1.add_7", "gather", "softcap");
    }

    @Test
    void textForAGpuDiffersInConstantsOnly() {
        SmallDecoder.Recorded recorded = SmallDecoder.capped(5);
        TrainedParts parts = recorded.with(SmallDecoder.TABLE);
        Target there = new Target(GPU, NumberType.BFLOAT16, NumberType.BFLOAT16, Integer.MAX_VALUE);
        Target elsewhere = new Target(
                new TorchDevice("elsewhere", true), NumberType.BFLOAT16, NumberType.BFLOAT16, Integer.MAX_VALUE);

        String gpu = emit(recorded, parts, TrainingOptions.defaults(), there, NumberType.BFLOAT16)
                .text();
        String other = emit(recorded, parts, TrainingOptions.defaults(), elsewhere, NumberType.BFLOAT16)
                .text();

        assertThat(gpu.lines().filter(line -> line.contains("cuda:1")).count()).isGreaterThan(5);
        assertThat(gpu.replace("cuda:1", "elsewhere")).isEqualTo(other);
    }

    @Test
    void refusesDropoutWhereNothingIsMultiplied() {
        SmallDecoder.Recorded recorded = SmallDecoder.plain();
        TrainingOptions options =
                TrainingOptions.defaults().withDropout(Map.of("layers.0.q.down", 0.1f, "cos", 0.1f, "other", 0f));

        assertThatIllegalArgumentException()
                .isThrownBy(() -> emit(recorded, recorded.adapter(), options))
                .withMessageContaining("[")
                .withMessageContaining("cos")
                .withMessageContaining("other")
                .withMessageNotContaining("layers.0.q.down");
    }
}
