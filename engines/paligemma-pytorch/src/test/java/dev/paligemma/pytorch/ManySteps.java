package dev.paligemma.pytorch;

import dev.paligemma.engine.Device;
import dev.paligemma.engine.EngineOptions;
import dev.paligemma.engine.Precision;
import dev.paligemma.engine.training.FrozenFormat;
import dev.paligemma.engine.training.SequenceRows;
import dev.paligemma.engine.training.TrainedParts;
import dev.paligemma.engine.training.TrainingBatch;
import dev.paligemma.engine.training.TrainingOptions;
import dev.paligemma.engine.training.TrainingProgram;
import dev.paligemma.engine.training.UpdateRule;
import dev.paligemma.engine.weights.DType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Trains for many steps, and prints what of the process is resident, in MiB, four times. */
final class ManySteps {
    private ManySteps() {}

    /** A folder for the weights, and how many steps. */
    public static void main(String[] args) throws IOException {
        SmallDecoder.Recorded recorded = SmallDecoder.dora();
        TrainedParts parts = recorded.with(SmallDecoder.NORM);
        TorchEngine engine = TorchEngine.create(new EngineOptions(Device.CPU, Precision.FLOAT32, 1));
        TrainingOptions kept = TrainingOptions.defaults()
                .withFrozen(FrozenFormat.NF4)
                .withDropout(TorchTrainingTest.dropout(parts, 0.1f));
        int steps = Integer.parseInt(args[1]);
        List<SequenceRows> rows = List.of(new SequenceRows(150, 100), new SequenceRows(50, 40));
        try (var weights = SmallDecoder.weights(Path.of(args[0]), recorded.graph(), DType.F32, x -> x);
                TrainingProgram program = engine.compileTraining(recorded.graph(), weights, parts, kept);
                TrainingProgram again =
                        engine.compileTraining(recorded.graph(), weights, parts, kept.withRecompute(true))) {
            for (int step = 1; step <= steps; step++) {
                TrainingBatch batch = SmallDecoder.batch(step, rows);
                for (TrainingProgram each : List.of(program, again)) {
                    each.step(batch);
                    each.update(new UpdateRule.AdamW(1e-3, 0.9, 0.999, 1e-8, 0, 1, step));
                    each.evaluate(batch);
                    TorchTrainingTest.read(each, TrainingProgram.Numbers.VALUE);
                }
                if (step % (steps / 4) == 0) {
                    System.gc();
                    System.out.println(resident());
                }
            }
        }
    }

    private static long resident() throws IOException {
        return Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(line -> line.startsWith("VmRSS:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) / 1024)
                .findFirst()
                .orElseThrow();
    }
}
