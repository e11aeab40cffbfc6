package dev.paligemma.pytorch;

import static dev.paligemma.pytorch.TorchTrainingTest.ADAM;
import static dev.paligemma.pytorch.TorchTrainingTest.TWO;
import static dev.paligemma.pytorch.TorchTrainingTest.engine;
import static dev.paligemma.pytorch.TorchTrainingTest.read;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import ai.djl.pytorch.jni.JniUtils;
import dev.paligemma.base.PaliGemmaException;
import dev.paligemma.engine.EngineException;
import dev.paligemma.engine.contract.GoldenWeights;
import dev.paligemma.engine.graph.Weight;
import dev.paligemma.engine.spi.HostTensor;
import dev.paligemma.engine.training.SequenceRows;
import dev.paligemma.engine.training.TrainedParts;
import dev.paligemma.engine.training.TrainingBatch;
import dev.paligemma.engine.training.TrainingOptions;
import dev.paligemma.engine.training.TrainingProgram;
import dev.paligemma.engine.training.TrainingProgram.Numbers;
import dev.paligemma.engine.weights.DType;
import java.io.BufferedReader;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** What goes wrong is an exception, and the program and the thread are as they were. */
class TorchTrainingMisuseTest {
    private static final SmallDecoder.Recorded PLAIN = SmallDecoder.plain();

    @TempDir
    Path folder;

    private TrainingProgram program(TrainedParts parts) {
        try (GoldenWeights weights = SmallDecoder.weights(folder, PLAIN.graph(), DType.F32, x -> x)) {
            return engine().compileTraining(PLAIN.graph(), weights, parts, TrainingOptions.defaults());
        }
    }

    @Test
    void nothingRunsOnceClosed() {
        TrainingProgram program = program(PLAIN.adapter());
        program.close();
        program.close();

        assertThatIllegalStateException().isThrownBy(() -> program.step(SmallDecoder.batch(1, TWO)));
        assertThatIllegalStateException().isThrownBy(() -> program.evaluate(SmallDecoder.batch(1, TWO)));
        assertThatIllegalStateException().isThrownBy(() -> program.update(ADAM));
        assertThatIllegalStateException().isThrownBy(program::clearGradients);
        assertThatIllegalStateException()
                .isThrownBy(() -> program.read("layers.0.q.up", Numbers.VALUE, FloatBuffer.allocate(32 * 3)));
    }

    @Test
    void batchesThatDoNotFitAreRefused() {
        TrainingBatch fits = SmallDecoder.batch(1, TWO);
        try (TrainingProgram program = program(PLAIN.adapter())) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> program.step(new TrainingBatch(
                            fits.inputs(), fits.targets(), fits.factors(), List.of(new SequenceRows(11, 4)), 1)));
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> program.step(with(fits, "ends", HostTensor.ofLongs(1))));
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> program.step(with(fits, "layers.0.q.up", HostTensor.ofLongs(1))));
            assertThat(program.step(fits).rows()).isEqualTo(5);
        }
    }

    private static TrainingBatch with(TrainingBatch batch, String input, HostTensor tensor) {
        Map<String, HostTensor> inputs = new HashMap<>(batch.inputs());
        inputs.put(input, tensor);
        return new TrainingBatch(inputs, batch.targets(), batch.factors(), batch.sequences(), batch.noise());
    }

    /** After a failure the thread computes gradients or not as it did before, and the program goes on. */
    @Test
    void indexOutOfRangeIsAnExceptionAfterWhichAllGoesOn() {
        TrainingBatch fits = SmallDecoder.batch(1, TWO);
        HostTensor wrong = HostTensor.ofLongs(3, 4, 5, 6, 99);
        for (boolean gradients : new boolean[] {false, true}) {
            try (TrainingProgram program = program(PLAIN.adapter())) {
                float[] expected = program.step(fits).losses();
                JniUtils.setGradMode(gradients);
                assertThatExceptionOfType(EngineException.class)
                        .isThrownBy(() -> program.step(with(fits, "ends", wrong)))
                        .withMessageContaining("small");
                assertThat(JniUtils.isGradMode()).isEqualTo(gradients);
                program.clearGradients();
                assertThat(program.step(fits).losses()).isEqualTo(expected);
                assertThat(JniUtils.isGradMode()).isEqualTo(gradients);
            } finally {
                JniUtils.setGradMode(true);
            }
        }
    }

    @Test
    void partsThatTheGraphHasNotAreRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> program(TrainedParts.ofWeights(Set.of("other"))))
                .withMessageContaining("other");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> program(TrainedParts.ofInputs(Map.of("layers.0.q.up", List.of(4L, 4L)))));
        Map<String, TrainedParts.InverseNorm> norms =
                Map.of("cos", new TrainedParts.InverseNorm("other", "layers.0.q.down", "layers.0.q.up", 1));
        assertThatIllegalArgumentException()
                .isThrownBy(
                        () -> program(new TrainedParts(Set.of(), PLAIN.adapter().inputs(), norms, Set.of())))
                .withMessageContaining("cos");
    }

    @Test
    void weightThatIsMissingIsTheErrorOfItsSource() throws IOException {
        SmallDecoder.Recorded dora = SmallDecoder.dora();
        Map<String, float[]> numbers = new HashMap<>();
        dora.graph().weights().forEach(weight -> numbers.put(weight.name(), new float[(int) weight.elementCount()]));
        dev.paligemma.engine.graph.GraphBuilder g = new dev.paligemma.engine.graph.GraphBuilder("other");
        var ids = g.input(
                "ids", dev.paligemma.engine.graph.ElementType.INT64, dev.paligemma.engine.graph.Shape.of("rows"));
        g.output("logits", g.embedding(ids, Weight.of("unknown", 3, 4)));
        try (GoldenWeights weights = SmallDecoder.weights(folder, dora.graph(), DType.F32, numbers)) {
            assertThatExceptionOfType(PaliGemmaException.class)
                    .isThrownBy(() -> engine().compileTraining(
                                    g.build(),
                                    weights,
                                    TrainedParts.ofWeights(Set.of("unknown")),
                                    TrainingOptions.defaults()))
                    .withMessageContaining("unknown");
        }
    }

    @Test
    void wantOfMemoryNamesRemedies() {
        EngineException onCpu = TorchTrainingProgram.failed(
                "train graph g",
                new ai.djl.engine.EngineException("DefaultCPUAllocator: can't allocate memory: you tried to allocate"));
        EngineException other =
                TorchTrainingProgram.failed("train graph g", new ai.djl.engine.EngineException("index out of range"));

        assertThat(onCpu)
                .hasMessageContaining("not enough memory to train graph g")
                .hasMessageContaining("recompute");
        assertThat(other).hasMessage("PyTorch failed to train graph g: index out of range");
    }

    @Test
    void parametersKeepTheirOrderAndBeginAsTheyShould() {
        try (TrainingProgram program = program(PLAIN.with(SmallDecoder.NORM))) {
            assertThat(program.parameters().keySet())
                    .startsWith("layers.0.q.down", "layers.0.q.up")
                    .endsWith(SmallDecoder.NORM.name());
            assertThat(read(program, Numbers.VALUE).get("layers.0.q.up")).containsOnly(0);
            float[] norm = new float[32];
            try (GoldenWeights weights = SmallDecoder.weights(folder, PLAIN.graph(), DType.F32, x -> x)) {
                weights.readFloats(weights.tensor(SmallDecoder.NORM.name()), 0, FloatBuffer.wrap(norm));
            }
            assertThat(read(program, Numbers.VALUE).get(SmallDecoder.NORM.name()))
                    .isEqualTo(norm);
        }
    }

    /** In a process of its own whose heap has its full size from the start: what grows is native. */
    @Test
    @EnabledOnOs(OS.LINUX)
    void manyStepsNeedNoMoreNativeMemoryThanFew() throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xms96m",
                        "-Xmx96m",
                        "-XX:+AlwaysPreTouch",
                        "-cp",
                        System.getProperty("java.class.path"),
                        ManySteps.class.getName(),
                        Files.createDirectories(folder.resolve("steps")).toString(),
                        "240")
                .redirectError(Redirect.DISCARD);
        builder.environment().put("OMP_WAIT_POLICY", "PASSIVE");
        Process process = builder.start();
        try (BufferedReader output = process.inputReader(StandardCharsets.UTF_8)) {
            List<Long> resident = output.lines().map(Long::valueOf).toList();
            assertThat(process.waitFor()).isZero();
            assertThat(resident).hasSize(4);
            // A leak of one tensor [rows, width] in each step would be 24 KiB; all activations of one are some MiB.
            assertThat(resident.get(3) - resident.get(1)).as("%s", resident).isLessThan(20);
        } finally {
            process.destroy();
        }
    }
}
