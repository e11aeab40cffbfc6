package dev.paligemma.training.internal.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.paligemma.base.internal.Json;
import dev.paligemma.engine.training.FrozenFormat;
import dev.paligemma.network.DecoderOptions;
import dev.paligemma.training.data.ExampleOrder;
import dev.paligemma.training.data.LossAverage;
import dev.paligemma.training.recipe.Optimizer;
import dev.paligemma.training.recipe.Recipe;
import dev.paligemma.training.recipe.Schedule;
import dev.paligemma.training.recipe.Tower;
import dev.paligemma.training.run.Evaluation;
import dev.paligemma.training.run.FineTuningException;
import dev.paligemma.training.run.Metric;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class RunStateTest {
    @TempDir
    Path folder;

    static List<Recipe> recipes() {
        return List.of(
                Recipe.lora(8),
                Recipe.lora(4)
                        .alpha(3.5)
                        .targets(List.of("q_proj", "all-linear"))
                        .towers(Set.of(Tower.DECODER, Tower.VISION))
                        .dropout(0.05)
                        .rankStabilised(true)
                        .trainedProjector(true)
                        .newTokens(List.of("<loc0001>"))
                        .optimizer(new Optimizer.AdamW(0.8, 0.95, 1e-6))
                        .weightDecay(0.01)
                        .schedule(Schedule.linear().warmup(7))
                        .withoutClip()
                        .batch(2)
                        .accumulate(3)
                        .steps(17)
                        .order(ExampleOrder.GIVEN)
                        .loss(LossAverage.PER_EXAMPLE)
                        .seed(Long.MIN_VALUE)
                        .recompute(true)
                        .headRows(3)
                        .frozen(FrozenFormat.NF4)
                        .decoder(DecoderOptions.defaults().withoutFinalSoftcap()),
                Recipe.adapter(Path.of("somewhere")),
                Recipe.decoderAndProjector().epochs(1.5),
                Recipe.attentionOnly());
    }

    @ParameterizedTest
    @MethodSource("recipes")
    void aRecipeComesBackAsItWas(Recipe recipe) {
        byte[] json = Json.text(RecipeJson.of(recipe), false).getBytes(StandardCharsets.UTF_8);

        Recipe read = RecipeJson.read(Json.readObject("recipe", json, FineTuningException::new));

        assertThat(RecipeJson.of(read)).isEqualTo(RecipeJson.of(recipe));
    }

    @Test
    void aRunIsResumedWithTheSameRecipeOnly() {
        Recipe begun = Recipe.lora(8).steps(10);

        assertThat(RecipeJson.difference(begun, begun.recompute(true))).isEmpty();
        assertThat(RecipeJson.difference(begun, begun.learningRate(1)))
                .hasValueSatisfying(
                        text -> assertThat(text).contains("learningRate 2.0E-4").contains("now it is 1.0"));
        assertThat(RecipeJson.difference(begun, begun.steps(20)))
                .hasValueSatisfying(text -> assertThat(text).contains("only if its learning rate is constant"));
        Recipe constant = begun.schedule(Schedule.constant().warmup(2));
        assertThat(RecipeJson.difference(constant, constant.steps(20))).isEmpty();
    }

    @Test
    void aBaseOrExamplesThatChangedAreRefused() {
        RunIdentity begun = identity("b", "d", "t");

        assertThat(begun.difference(begun)).isEmpty();
        assertThat(identity("x", "d", "t").difference(begun).orElseThrow()).contains("the base", "have changed");
        assertThat(identity("b", "x", "t").difference(begun).orElseThrow()).contains("the examples", "have changed");
        assertThat(identity("b", "d", "x").difference(begun).orElseThrow()).contains("other weights");
    }

    private static RunIdentity identity(String base, String data, String trained) {
        return new RunIdentity("base", base, "data", data, trained, Recipe.lora(8), 30);
    }

    @Test
    void aStateComesBackAsItWas() throws IOException {
        RunState state = new RunState();
        state.addUpdate(0.1f, 1 / 3.0, 0);
        state.addUpdate(Double.MIN_VALUE, 1e300, 2e-4);
        state.addEvaluation(new Evaluation(1, Map.of(Metric.LOSS, 0.5)));
        state.addEvaluation(new Evaluation(2, Map.of(Metric.LOSS, 0.25)));
        state.addSeconds(1.5);
        Path file = folder.resolve("state.json");
        new StateJson(identity("b", "d", "t"), state).write(file, 0.5, Map.of("java", "17"));

        StateJson read = StateJson.read(file);

        assertThat(read.state().losses()).isEqualTo(state.losses());
        assertThat(read.state().norms()).isEqualTo(state.norms());
        assertThat(read.state().rates()).isEqualTo(state.rates());
        assertThat(read.state().evaluations()).isEqualTo(state.evaluations());
        assertThat(read.state().best())
                .hasValueSatisfying(best -> assertThat(best.update()).isEqualTo(2));
        assertThat(read.identity().difference(identity("b", "d", "t"))).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "{}", "{\"format\": 2}", "{\"format\": 1, \"step\": 3}", "[1]", "{\"format\": 1"})
    void aDamagedStateIsRefused(String text) throws IOException {
        Path file = Files.writeString(folder.resolve("state.json"), text);

        assertThatExceptionOfType(FineTuningException.class)
                .isThrownBy(() -> StateJson.read(file))
                .withMessageContaining("state.json");
    }

    @Test
    void aFolderIsTakenByOneRunAtATime() {
        Path out = folder.resolve("a/b");
        try (RunFolder taken = RunFolder.take(out, false)) {
            assertThat(taken.path()).isEqualTo(out);
            assertThatExceptionOfType(FineTuningException.class)
                    .isThrownBy(() -> RunFolder.take(out, true))
                    .withMessageContaining("is in use by another run");
        }
        RunFolder.take(out, false).close();
    }

    @Test
    void aFolderWithOtherFilesIsRefused() throws IOException {
        Files.createFile(folder.resolve("thesis.txt"));

        assertThatExceptionOfType(FineTuningException.class)
                .isThrownBy(() -> RunFolder.take(folder, false))
                .withMessageContaining("is not empty, it holds thesis.txt; choose another folder");
        assertThatExceptionOfType(FineTuningException.class)
                .isThrownBy(() -> RunFolder.take(folder.resolve("thesis.txt"), false))
                .withMessageContaining("is a file, expected a folder");
    }

    @Test
    void aFolderWithARunIsResumed() throws IOException {
        Files.createDirectory(folder.resolve("checkpoint-000002"));

        assertThatExceptionOfType(FineTuningException.class)
                .isThrownBy(() -> RunFolder.take(folder, false))
                .withMessageContaining("resume the run that is in it");
        RunFolder.take(folder, true).close();
    }

    @Test
    void whatAKilledProcessLeftIsRemoved() throws IOException {
        Path half = Files.createDirectories(folder.resolve(".checkpoint-000002.old"));
        Files.createFile(half.resolve("training_state.json"));

        RunFolder.take(folder, false).close();

        assertThat(folder).isEmptyDirectory();
    }
}
