package dev.paligemma.training.internal.setup;

import dev.paligemma.engine.Device;
import dev.paligemma.training.data.Examples;
import dev.paligemma.training.internal.run.Pace;
import dev.paligemma.training.recipe.Recipe;
import dev.paligemma.training.run.FineTuningListener;
import dev.paligemma.training.run.Metric;
import dev.paligemma.training.run.StopSignal;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * All that a caller has chosen.
 *
 * @param base the model's folder or file
 * @param baseName what an adapter calls it
 * @param metrics what is evaluated, the first of them decides; at least one
 * @param resumes whether a run that is in the output folder goes on
 * @param mostTokens how many tokens an example may have
 * @param skipBad whether examples that cannot be used are left out
 */
public record RunSettings(
        Path base,
        String baseName,
        Examples examples,
        Optional<Examples> validation,
        Recipe recipe,
        List<Metric> metrics,
        Pace pace,
        Path output,
        boolean resumes,
        Device device,
        int threads,
        int mostTokens,
        boolean skipBad,
        StopSignal stop,
        FineTuningListener listener) {}
