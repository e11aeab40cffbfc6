package dev.paligemma.training.internal.run;

import dev.paligemma.engine.graph.ElementType;
import dev.paligemma.engine.spi.HostTensor;
import dev.paligemma.engine.training.SequenceRows;
import dev.paligemma.engine.training.TrainingBatch;
import dev.paligemma.engine.training.TrainingProgram;
import dev.paligemma.training.internal.state.CheckpointStore;
import dev.paligemma.training.internal.state.Output;
import dev.paligemma.training.internal.state.ProgramState;
import dev.paligemma.training.internal.state.RunIdentity;
import dev.paligemma.training.internal.state.RunState;
import dev.paligemma.training.internal.state.StateJson;
import dev.paligemma.training.recipe.Recipe;
import dev.paligemma.training.recipe.Schedule;
import dev.paligemma.training.run.FineTuningListener;
import dev.paligemma.training.run.FineTuningResult;
import dev.paligemma.training.run.Metric;
import dev.paligemma.training.run.StopSignal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A run of a {@link FakeProgram}. */
final class FakeRun {
    static final Recipe RECIPE = Recipe.lora(2)
            .learningRate(0.1)
            .steps(20)
            .schedule(Schedule.cosine().warmup(3));
    static final Output OUTPUT =
            (program, folder) -> Files.writeString(folder.resolve("adapter.txt"), "adapter", StandardCharsets.UTF_8);

    final FakeProgram program = new FakeProgram();
    final Path folder;
    Recipe recipe = RECIPE;
    long count = 20;
    long poisoned = -1;
    Output output = OUTPUT;
    Pace pace = new Pace(0, 5, 0);
    Optional<Evaluator> evaluator = Optional.empty();
    StopSignal stop = new StopSignal();
    FineTuningListener listener = FineTuningListener.NONE;

    FakeRun(Path folder) {
        this.folder = folder;
    }

    CheckpointStore store() {
        RunIdentity identity = new RunIdentity("base", "b", "data", "d", "t", recipe, 30);
        return new CheckpointStore(folder, identity, output, Map.of("java", "17"));
    }

    FineTuningResult run() {
        return loop().run(new RunState());
    }

    FineTuningResult resume() {
        Path checkpoint = CheckpointStore.newest(folder).orElseThrow();
        ProgramState.read(checkpoint.resolve(CheckpointStore.NUMBERS), true, program);
        return loop().run(StateJson.read(checkpoint.resolve(CheckpointStore.STATE))
                .state());
    }

    private TrainingLoop loop() {
        return new TrainingLoop(program, recipe, updates(), store(), evaluator, pace, stop, listener);
    }

    private Updates updates() {
        return new Updates() {
            @Override
            public long count() {
                return count;
            }

            @Override
            public double epochs(long updates) {
                return updates / 4.0;
            }

            @Override
            public List<LabelledBatch> batches(long update) {
                return List.of(batch(update, update % 7), batch(update, update == poisoned ? FakeProgram.POISON : 3));
            }
        };
    }

    static LabelledBatch batch(long update, long target) {
        HostTensor targets = HostTensor.allocate(ElementType.INT64, 2);
        targets.longs().put(1).put(target);
        HostTensor factors = HostTensor.allocate(ElementType.FLOAT32, 2);
        factors.floats().put(0.25f).put(0.25f);
        TrainingBatch batch = new TrainingBatch(Map.of(), targets, factors, List.of(new SequenceRows(4, 2)), update);
        return new LabelledBatch(batch, List.of("line 1", "line " + target), new int[] {1, 1});
    }

    /** Whose figures are given, one evaluation after the other. */
    static Optional<Evaluator> evaluator(double... losses) {
        return Optional.of(new Evaluator() {
            private int next;

            @Override
            public List<Metric> metrics() {
                return List.of(Metric.LOSS);
            }

            @Override
            public Map<Metric, Double> evaluate(TrainingProgram program) {
                return Map.of(Metric.LOSS, losses[next++]);
            }
        });
    }
}
