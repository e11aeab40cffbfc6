package dev.paligemma.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import dev.paligemma.tiny.TinyModel;
import dev.paligemma.training.data.Example;
import dev.paligemma.training.data.Examples;
import dev.paligemma.training.recipe.Recipe;
import dev.paligemma.training.recipe.Schedule;
import dev.paligemma.training.run.FineTuningException;
import dev.paligemma.training.run.FineTuningListener;
import dev.paligemma.training.run.FineTuningPlan;
import dev.paligemma.training.run.FineTuningResult;
import dev.paligemma.training.run.FineTuningStoppedException;
import dev.paligemma.training.run.Metric;
import dev.paligemma.training.run.StopSignal;
import dev.paligemma.training.run.UpdateReport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs of the bundled model. */
class FineTuningTest {
    private static final Recipe RECIPE = Recipe.lora(2)
            .learningRate(1e-3)
            .dropout(0.1)
            .batch(2)
            .steps(4)
            .schedule(Schedule.linear().warmup(1));

    @TempDir
    Path folder;

    private static Examples examples(String word) {
        Path picture = TinyModel.picture();
        return Examples.of(List.of(
                Example.of(picture, "caption en", "a blue square and the word " + word),
                Example.of(picture, "answer en what word is written?", word),
                Example.of(picture, "ocr", word)));
    }

    private FineTuning tuning(String out) {
        return FineTuning.of(TinyModel.folder())
                .examples(examples("tea"))
                .validation(examples("cafe"))
                .recipe(RECIPE)
                .threads(1)
                .output(folder.resolve(out));
    }

    @Test
    void aStoppedRunIsResumedByItsFolder() {
        StopSignal stop = new StopSignal();
        FineTuningListener stopping = new FineTuningListener() {
            @Override
            public void onUpdate(UpdateReport report) {
                if (report.update() == 2) {
                    stop.request();
                }
            }
        };
        assertThatExceptionOfType(FineTuningStoppedException.class)
                .isThrownBy(() -> tuning("stopped").stopSignal(stop).run(stopping))
                .satisfies(e -> assertThat(e.checkpoint()).endsWith(Path.of("checkpoint-000002")));

        FineTuningResult resumed = FineTuning.resume(folder.resolve("stopped"))
                .examples(examples("tea"))
                .validation(examples("cafe"))
                .threads(1)
                .run();
        FineTuningResult whole = tuning("whole").run();

        assertThat(resumed.losses()).hasSize(4);
        for (int i = 0; i < 4; i++) {
            assertThat(resumed.losses().get(i)).isCloseTo(whole.losses().get(i), within(1e-5));
        }
        assertThat(resumed.best().orElseThrow().values())
                .containsOnlyKeys(Metric.LOSS, Metric.TOKEN_ACCURACY, Metric.EXACT_ANSWERS);
    }

    @Test
    void aRunGoesOnWithNothingElseThanItWasBegunWith() throws IOException {
        tuning("out").run();

        assertThatExceptionOfType(FineTuningException.class)
                .isThrownBy(() -> tuning("out").run())
                .withMessageContaining("is not empty");
        assertThatExceptionOfType(FineTuningException.class)
                .isThrownBy(() ->
                        tuning("out").examples(examples("sun")).resuming(true).run())
                .withMessageContaining("the examples of");
        assertThatExceptionOfType(FineTuningException.class)
                .isThrownBy(() ->
                        tuning("out").recipe(RECIPE.batch(3)).resuming(true).run())
                .withMessageContaining("begun with batch 2");
        Path changed = Files.createDirectory(folder.resolve("changed"));
        try (Stream<Path> files = Files.list(TinyModel.folder())) {
            for (Path file : files.toList()) {
                Files.copy(file, changed.resolve(file.getFileName()));
            }
        }
        byte[] weights = Files.readAllBytes(changed.resolve("model.safetensors"));
        weights[weights.length - 1] ^= 1;
        Files.write(changed.resolve("model.safetensors"), weights);
        assertThatExceptionOfType(FineTuningException.class)
                .isThrownBy(() -> FineTuning.of(changed)
                        .examples(examples("tea"))
                        .validation(examples("cafe"))
                        .recipe(RECIPE)
                        .output(folder.resolve("out"))
                        .resuming(true)
                        .run())
                .withMessageContaining("the base " + changed);
    }

    @Test
    void plansWithoutWeights() {
        FineTuningPlan plan = tuning("out").plan();

        assertThat(plan.updates()).isEqualTo(4);
        assertThat(plan.examples()).isEqualTo(3);
        assertThat(plan.trainedNumbers()).isEqualTo(16_384);
        assertThat(plan.memory().trainedBytes()).isEqualTo(4 * Float.BYTES * plan.trainedNumbers());
        assertThat(folder.resolve("out")).doesNotExist();
    }

    @Test
    void whatIsMissingIsTold() {
        assertThatExceptionOfType(IllegalStateException.class)
                .isThrownBy(
                        () -> FineTuning.of(TinyModel.folder()).output(folder).run())
                .withMessageContaining("examples(...)");
        assertThatExceptionOfType(IllegalStateException.class)
                .isThrownBy(() -> FineTuning.of(TinyModel.folder())
                        .examples(examples("tea"))
                        .run())
                .withMessageContaining("output(...)");
        assertThatExceptionOfType(FineTuningException.class)
                .isThrownBy(() -> FineTuning.resume(folder))
                .withMessageContaining("there is no checkpoint in");
        assertThatExceptionOfType(FineTuningException.class)
                .isThrownBy(() -> FineTuning.of(TinyModel.folder())
                        .examples(examples("tea"))
                        .evaluateEvery(10)
                        .plan())
                .withMessageContaining("no examples held out");
    }
}
