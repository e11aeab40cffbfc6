package dev.paligemma.examples;

import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.training.FineTuning;
import dev.paligemma.training.data.Examples;
import dev.paligemma.training.recipe.Recipe;
import dev.paligemma.training.run.FineTuningListener;
import dev.paligemma.training.run.FineTuningResult;
import dev.paligemma.training.run.Metric;
import dev.paligemma.training.run.UpdateReport;
import java.nio.file.Path;

/** Teaches a model by examples, given its folder, a folder of data, a folder for the adapter and a picture. */
public final class FineTuningExample {
    private FineTuningExample() {}

    public static void main(String[] args) {
        fineTune(Path.of(args[0]), Path.of(args[1]), Path.of(args[2]), Path.of(args[3]));
    }

    // region fine-tuning
    static void fineTune(Path base, Path data, Path out, Path receipt) {
        FineTuningResult result = FineTuning.of(base)
                .examples(Examples.jsonl(data.resolve("train/annotations.jsonl")))
                .validation(Examples.jsonl(data.resolve("valid/annotations.jsonl")))
                .recipe(Recipe.lora(8).learningRate(2e-4).epochs(5).batch(4).accumulate(4))
                .evaluateEvery(100, Metric.EXACT_ANSWERS, Metric.LOSS)
                .stopAfter(3)
                .output(out)
                .run(new FineTuningListener() {
                    @Override
                    public void onUpdate(UpdateReport report) {
                        System.out.printf("update %d: loss %.3f%n", report.update(), report.loss());
                    }
                });
        try (PaliGemmaPipeline model = PaliGemmaPipeline.builder()
                .checkpoint(base)
                .adapter("receipts", result.folder())
                .build()) {
            System.out.println(model.withAdapter("receipts").answer(receipt, "What is the total?"));
        }
    }
    // endregion
}
