package dev.paligemma.training.internal.report;

import dev.paligemma.training.internal.state.RecipeJson;
import dev.paligemma.training.recipe.Recipe;
import dev.paligemma.training.run.Evaluation;
import dev.paligemma.training.run.FineTuningPlan;
import dev.paligemma.training.run.FineTuningResult;
import dev.paligemma.training.run.Metric;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The README.md of what was trained: recipe, scores and how to use it. Stateless. */
final class ModelCard {
    private ModelCard() {}

    /** The text of the file; {@code whole} says that it is a checkpoint and no adapter. */
    static String text(FineTuningResult result, Recipe recipe, String baseName, FineTuningPlan plan, boolean whole) {
        String kind = whole ? "checkpoint" : "adapter";
        StringBuilder card = new StringBuilder();
        card.append("---\n");
        if (!whole) {
            card.append("library_name: peft\n");
        }
        card.append("base_model: ").append(quoted(baseName)).append('\n');
        card.append("pipeline_tag: image-text-to-text\n---\n\n");
        card.append("# Fine-tuned PaliGemma: ").append(kind).append("\n\n");
        card.append("Trained with PaliGemma for Java from `")
                .append(baseName)
                .append("` on ")
                .append(plan.examples())
                .append(" examples; ")
                .append(plan.validationExamples())
                .append(" were held out.\n\n");
        card.append("    PaliGemmaPipeline.builder()")
                .append(whole ? ".checkpoint(here)" : ".checkpoint(base).adapter(\"tuned\", here)")
                .append(".build()\n\n");
        card.append("## Scores\n\n| | |\n| --- | --- |\n");
        row(card, "updates made", result.losses().size());
        if (!result.losses().isEmpty()) {
            row(card, "loss of the first update", number(result.losses().get(0)));
            row(
                    card,
                    "loss of the last update",
                    number(result.losses().get(result.losses().size() - 1)));
        }
        result.best().ifPresent(best -> {
            row(card, "best after update", best.update());
            best.values().forEach((metric, value) -> row(card, "best " + metric.label(), number(value)));
        });
        row(card, "seconds", String.format(Locale.ROOT, "%.1f", result.seconds()));
        card.append("\n![losses](loss.svg)\n\n");
        if (!result.evaluations().isEmpty()) {
            evaluations(card, result);
        }
        card.append("## Recipe\n\n| | |\n| --- | --- |\n");
        for (Map.Entry<String, @Nullable Object> setting : RecipeJson.of(recipe).entrySet()) {
            if (setting.getValue() != null) {
                row(card, setting.getKey(), setting.getValue());
            }
        }
        row(card, "numbers trained", plan.trainedNumbers());
        row(card, "frozen matrices kept as", plan.frozen().name().toLowerCase(Locale.ROOT));
        return card.toString();
    }

    private static void evaluations(StringBuilder card, FineTuningResult result) {
        card.append("## Examples held out\n\n| update |");
        result.evaluations()
                .get(0)
                .values()
                .keySet()
                .forEach(metric -> card.append(' ').append(metric.label()).append(" |"));
        card.append("\n| --- |")
                .append(" --- |".repeat(result.evaluations().get(0).values().size()));
        for (Evaluation evaluation : result.evaluations()) {
            card.append("\n| ").append(evaluation.update()).append(" |");
            for (Map.Entry<Metric, Double> value : evaluation.values().entrySet()) {
                card.append(' ').append(number(value.getValue())).append(" |");
            }
        }
        card.append("\n\n");
    }

    /** In double quotes any text is one of YAML. */
    private static String quoted(String text) {
        return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
    }

    private static void row(StringBuilder card, String name, Object value) {
        card.append("| ")
                .append(name)
                .append(" | ")
                .append(String.valueOf(value).replace("|", "\\|"))
                .append(" |\n");
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, "%.4f", value);
    }
}
