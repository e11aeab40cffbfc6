import dev.paligemma.engine.Device;
import dev.paligemma.engine.spi.DeviceMemory;
import dev.paligemma.engine.spi.Engines;
import dev.paligemma.engine.training.FrozenFormat;
import dev.paligemma.tiny.TinyModel;
import dev.paligemma.training.FineTuning;
import dev.paligemma.training.data.ExampleOrder;
import dev.paligemma.training.data.Examples;
import dev.paligemma.training.data.ReadOptions;
import dev.paligemma.training.recipe.Recipe;
import dev.paligemma.training.run.FineTuningListener;
import dev.paligemma.training.run.FineTuningResult;
import dev.paligemma.training.run.UpdateReport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Trains on a device and on the CPU, compares the losses and times the device. A program of one file for the runnable
 * archive; README.md has the commands.
 */
public final class TrainingCheck {
    /** Relative, of the loss of each update: bfloat16 products on a GPU round more than those of a CPU. */
    private static final double TOLERANCE = 0.02;

    private TrainingCheck() {}

    /**
     * Runs the check; ends with exit code 1 if a loss differs.
     *
     * @param args {@code --data DIR [--device cuda:0] [--model DIR] [--steps 50] [--batch 4] [--frozen bfloat16]}
     * @throws IOException if no temporary folder can be made
     */
    public static void main(String[] args) throws IOException {
        Map<String, String> options = new HashMap<>();
        for (int i = 0; i + 1 < args.length; i += 2) {
            options.put(args[i], args[i + 1]);
        }
        Device device = Device.parse(options.getOrDefault("--device", "cuda:0"));
        Path model = options.containsKey("--model") ? Path.of(options.get("--model")) : TinyModel.folder();
        Examples examples = Examples.folder(Path.of(options.get("--data")), "train", ReadOptions.defaults());
        Recipe recipe = Recipe.lora(8)
                .learningRate(1e-3)
                .steps(Integer.parseInt(options.getOrDefault("--steps", "50")))
                .batch(Integer.parseInt(options.getOrDefault("--batch", "4")))
                .order(ExampleOrder.GIVEN)
                .frozen(FrozenFormat.valueOf(
                        options.getOrDefault("--frozen", "bfloat16").toUpperCase(java.util.Locale.ROOT)));
        Path work = Files.createTempDirectory("paligemma-training");
        Watch watch = new Watch(device);
        List<Double> there =
                run(model, examples, recipe, device, work.resolve("device"), watch).losses();
        List<Double> here = run(model, examples, recipe, Device.CPU, work.resolve("cpu"), new Watch(Device.CPU))
                .losses();
        double worst = 0;
        for (int i = 0; i < here.size(); i++) {
            worst = Math.max(worst, Math.abs(there.get(i) - here.get(i)) / Math.abs(here.get(i)));
        }
        System.out.printf(
                "%s: %.1f examples/s, %.2f GB of the device in use at most%n",
                device, watch.examplesPerSecond, watch.mostBytes / 1e9);
        System.out.printf("largest relative difference of %d losses: %.5f%n", here.size(), worst);
        System.out.println(worst <= TOLERANCE ? "TRAINING ok" : "TRAINING DIFFERS");
        if (worst > TOLERANCE) {
            System.exit(1);
        }
    }

    private static FineTuningResult run(
            Path model, Examples examples, Recipe recipe, Device device, Path output, Watch watch) {
        return FineTuning.of(model)
                .examples(examples)
                .recipe(recipe)
                .device(device)
                .output(output)
                .run(watch);
    }

    /** Notes the rate of the last update and the most memory that was in use on the device. */
    private static final class Watch implements FineTuningListener {
        private final Device device;
        private double examplesPerSecond;
        private long mostBytes;

        Watch(Device device) {
            this.device = device;
        }

        @Override
        public void onUpdate(UpdateReport report) {
            examplesPerSecond = report.examplesPerSecond();
            for (DeviceMemory memory : Engines.require("pytorch").deviceMemory()) {
                if (memory.device().equals(device)) {
                    mostBytes = Math.max(mostBytes, memory.totalBytes() - memory.freeBytes());
                }
            }
        }
    }
}
