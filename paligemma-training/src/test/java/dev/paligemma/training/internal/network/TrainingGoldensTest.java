package dev.paligemma.training.internal.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.paligemma.checkpoint.Checkpoint;
import dev.paligemma.checkpoint.adapter.LoraAdapter;
import dev.paligemma.engine.Device;
import dev.paligemma.engine.EngineOptions;
import dev.paligemma.engine.Precision;
import dev.paligemma.engine.graph.Graph;
import dev.paligemma.engine.graph.Weight;
import dev.paligemma.engine.spi.Engine;
import dev.paligemma.engine.spi.Engines;
import dev.paligemma.engine.spi.HostTensor;
import dev.paligemma.engine.spi.Program;
import dev.paligemma.engine.training.RowLosses;
import dev.paligemma.engine.training.TrainedParts;
import dev.paligemma.engine.training.TrainingBatch;
import dev.paligemma.engine.training.TrainingEngine;
import dev.paligemma.engine.training.TrainingOptions;
import dev.paligemma.engine.training.TrainingProgram;
import dev.paligemma.engine.training.TrainingProgram.Numbers;
import dev.paligemma.engine.training.UpdateRule;
import dev.paligemma.network.DecoderOptions;
import dev.paligemma.network.Networks;
import dev.paligemma.tokenizer.PaliGemmaTokenizer;
import dev.paligemma.training.data.Examples;
import dev.paligemma.training.data.LossAverage;
import dev.paligemma.training.internal.batch.Batcher;
import dev.paligemma.training.internal.batch.ImageInput;
import dev.paligemma.training.internal.batch.ImagePixels;
import dev.paligemma.training.internal.batch.ImageRows;
import dev.paligemma.training.internal.batch.LossShares;
import dev.paligemma.training.internal.batch.RowKeeping;
import dev.paligemma.training.internal.batch.TokenisedExample;
import dev.paligemma.training.internal.batch.TrainingTokens;
import dev.paligemma.training.internal.output.AdapterFiles;
import dev.paligemma.vision.ImageProcessor;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Trains from pictures and texts on, and compares each update with transformers and peft: losses within 1e-4, norms within
 * 1e-3 of theirs, the first gradients within 1e-4 of the largest element.
 */
class TrainingGoldensTest {
    private static final double LOSS = 1e-4;
    private static final double NORM = 1e-3;
    private static final double GRADIENT = 1e-4;

    /** Adam divides by small moments, so that parameters drift further apart than losses. */
    private static final double PARAMETER = 2e-3;

    static Stream<TrainingGolden> runs() {
        List<TrainingGolden> runs = new ArrayList<>();
        for (String model : List.of("tiny", "pg1")) {
            for (String run : List.of(
                    "lora",
                    "lora-zero",
                    "full",
                    "full-trainer",
                    "attention-sgd",
                    "lora-projector",
                    "dora",
                    "rslora",
                    "lora-towers",
                    "lora-tokens",
                    "lora-patterns",
                    "lora-accumulated",
                    "lora-per-example",
                    "lora-clipped")) {
                runs.add(TrainingGolden.of(model, run));
            }
        }
        for (String run : List.of("lora", "full", "full-trainer")) {
            runs.add(TrainingGolden.of("window", run));
        }
        return runs.stream();
    }

    @ParameterizedTest
    @MethodSource("runs")
    void eachUpdateIsThatOfTransformersAndPeft(TrainingGolden golden) {
        try (Run run = new Run(golden, TrainingOptions.defaults())) {
            run.compare();
        }
    }

    @ParameterizedTest
    @MethodSource("fewRuns")
    void computingBlocksAgainGivesTheSameUpdates(TrainingGolden golden) {
        try (Run run =
                new Run(golden, TrainingOptions.defaults().withRecompute(true).withHeadRows(3))) {
            run.compare();
        }
    }

    static Stream<TrainingGolden> fewRuns() {
        return Stream.of(
                TrainingGolden.of("tiny", "full"),
                TrainingGolden.of("tiny", "dora"),
                TrainingGolden.of("pg1", "lora-towers"),
                TrainingGolden.of("pg1", "lora-tokens"));
    }

    /** A run of a recipe with a program of PyTorch. */
    private static final class Run implements AutoCloseable {
        private final TrainingGolden golden;
        private final Checkpoint base;
        private final TrainingNetwork network;
        private final TrainingTokens tokens;
        private final Batcher batcher;
        private final @Nullable Program vision;
        private final TrainingProgram program;
        private final Examples examples = Examples.jsonl(TrainingGolden.data().resolve("train/annotations.jsonl"));

        Run(TrainingGolden golden, TrainingOptions options) {
            this.golden = golden;
            this.base = Networks.open(golden.base());
            Networks networks = Networks.record(base.config(), DecoderOptions.defaults());
            LoraAdapter start = golden.start() == null ? null : LoraAdapter.open(golden.start(), base);
            Trained trained = start == null
                    ? new Trained(null, weights(networks.all()), List.of())
                    : Trained.of(start, networks.all(), 0);
            this.network = TrainingNetwork.of(networks, base, trained);
            Engine engine = Engines.create("pytorch", new EngineOptions(Device.CPU, Precision.FLOAT32, 1));
            TrainedParts parts = ((List<?>) golden.recipe().get("undecayed")).isEmpty()
                    ? network.parts()
                    : network.partsSparingNorms();
            this.program = TrainingEngine.of(engine)
                    .compileTraining(network.graph(), base, parts, options.withDropout(network.dropout()));
            network.writeStart(program, base, 0, start);
            ImageEntry entry = network.images();
            ImageProcessor processor =
                    ImageProcessor.forResolution(base.config().vision().imageSize());
            this.vision = entry.frozen() == null ? null : engine.compile(entry.frozen(), base);
            ImageInput images = vision == null
                    ? new ImagePixels(entry.input(), processor)
                    : new ImageRows(
                            entry.input(),
                            vision,
                            entry.output(),
                            processor,
                            base.config().vision().patches(),
                            RowKeeping.inMemory(1 << 26));
            this.batcher = new Batcher(base.config().text(), images);
            this.tokens = new TrainingTokens(
                    PaliGemmaTokenizer.load(golden.base()),
                    base.config().vision().patches(),
                    base.config().text().sizes().vocabSize(),
                    4096);
        }

        private Set<String> weights(List<Graph> graphs) {
            Pattern trained = Pattern.compile((String) golden.recipe().get("trained"));
            Set<String> names = new LinkedHashSet<>();
            Graph.weights(graphs).stream()
                    .map(Weight::name)
                    .filter(name -> trained.matcher("model." + name).find())
                    .forEach(names::add);
            return names;
        }

        void compare() {
            LossAverage average =
                    "per-example".equals(golden.recipe().get("loss")) ? LossAverage.PER_EXAMPLE : LossAverage.PER_TOKEN;
            double[] losses = golden.numbers("losses");
            double[] norms = golden.numbers("gradientNorms");
            boolean gentle = "sgd".equals(golden.recipe().get("optimiser"));
            for (int update = 0; update < losses.length; update++) {
                List<List<TokenisedExample>> batches = golden.batches(update).stream()
                        .map(lines -> lines.stream()
                                .map(line -> tokens.encode(examples.get(line, 0, 0)))
                                .toList())
                        .toList();
                LossShares shares = LossShares.of(
                        average, batches.stream().flatMap(List::stream).toList());
                double loss = 0;
                for (List<TokenisedExample> batch : batches) {
                    loss += step(batch, shares);
                }
                if (update == 0) {
                    compare("gradient", Numbers.GRADIENT, GRADIENT);
                }
                double norm = program.update(rule(update));
                // Gradient descent without clipping is touchy: the reference itself differs between its precisions.
                assertThat(loss)
                        .as("loss of update %s", update)
                        .isCloseTo(losses[update], within(gentle ? 2e-3 : LOSS));
                assertThat(norm)
                        .as("norm of update %s", update)
                        .isCloseTo(norms[update], within((gentle ? 10 : 1) * NORM * norms[update]));
            }
            compare("final", Numbers.VALUE, PARAMETER);
        }

        private double step(List<TokenisedExample> examplesOfBatch, LossShares shares) {
            TrainingBatch batch = batcher.batch(examplesOfBatch, shares, 0);
            Map<String, HostTensor> inputs = new HashMap<>(batch.inputs());
            inputs.putAll(network.given());
            RowLosses rows = program.step(
                    new TrainingBatch(inputs, batch.targets(), batch.factors(), batch.sequences(), batch.noise()));
            FloatBuffer factors = batch.factors().floats();
            double loss = 0;
            for (int row = 0; row < rows.rows(); row++) {
                loss += (double) factors.get(row) * rows.losses()[row];
            }
            return loss;
        }

        private UpdateRule rule(int update) {
            double rate = golden.numbers("learningRates")[update];
            double decay = golden.number("weightDecay");
            double clip = golden.recipe().get("clip") == null ? Double.POSITIVE_INFINITY : golden.number("clip");
            return "sgd".equals(golden.recipe().get("optimiser"))
                    ? new UpdateRule.Sgd(rate, decay, clip)
                    : new UpdateRule.AdamW(rate, 0.9, 0.999, 1e-8, decay, clip, update + 1L);
        }

        private void compare(String what, Numbers which, double tolerance) {
            assertThat(network.parameters()).hasSameSizeAs(golden.list("parameters"));
            // The smallest gradients are sums of much larger numbers, and get their rounding: those of the image
            // tower's keys,
            // for example, are within 1e-4 of the largest gradient and not of their own largest element.
            double floor = golden.largest(what) / (golden.isPlain() ? 5 : 1);
            for (TrainingNetwork.Parameter parameter : network.parameters()) {
                String name = golden.start() == null ? "model." + parameter.name() : AdapterFiles.nameOf(parameter);
                int elements = Math.toIntExact(parameter.elements());
                FloatBuffer values = FloatBuffer.allocate(elements);
                program.read(parameter.name(), which, values);
                TrainingGolden.Size size = golden.size(name, what);
                float[] sample = Objects.requireNonNull(golden.sample(what + "." + name), name);
                for (int i = 0; i < sample.length; i++) {
                    assertThat((double) values.get((int) (7919L * i % elements)))
                            .as("%s of %s, sample %s", what, name, i)
                            .isCloseTo(sample[i], within(tolerance * Math.max(floor, size.largest())));
                }
                double sum = 0;
                for (float value : values.array()) {
                    sum += (double) value * value;
                }
                assertThat(Math.sqrt(sum))
                        .as("norm of the %s of %s", what, name)
                        .isCloseTo(size.norm(), within(10 * tolerance * Math.max(floor, size.norm())));
            }
        }

        @Override
        public void close() {
            program.close();
            if (vision != null) {
                vision.close();
            }
            base.close();
        }
    }
}
