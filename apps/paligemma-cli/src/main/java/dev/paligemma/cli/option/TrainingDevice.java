package dev.paligemma.cli.option;

import dev.paligemma.engine.Device;
import dev.paligemma.training.FineTuning;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options that choose what a model is trained with. */
public final class TrainingDevice {
    @Option(
            names = "--device",
            paramLabel = "NAME",
            converter = ModelOptions.DeviceConverter.class,
            description = "Where to compute: cpu, cuda or cuda:N for one GPU (default: cpu).")
    Device device = Device.CPU;

    @Option(
            names = "--threads",
            paramLabel = "N",
            description = "Threads of the engine (default: as many as there are cores).")
    @Nullable
    Integer threads;

    /** Lets a run compute there. */
    public FineTuning on(FineTuning tuning) {
        tuning.device(device);
        if (threads != null) {
            tuning.threads(threads);
        }
        return tuning;
    }
}
