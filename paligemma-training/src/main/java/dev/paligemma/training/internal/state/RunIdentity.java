package dev.paligemma.training.internal.state;

import dev.paligemma.training.recipe.Recipe;
import java.util.Optional;

/**
 * What must not change in a run from one process to the next.
 *
 * @param base the model's folder or file, as a path
 * @param baseHash of its settings and of samples of its weights
 * @param data where the examples come from
 * @param dataHash of the examples
 * @param trained names and sizes of what is trained, as one text
 */
public record RunIdentity(
        String base, String baseHash, String data, String dataHash, String trained, Recipe recipe, double softcap) {

    /** What is different in a run that was begun so; empty if nothing is. */
    public Optional<String> difference(RunIdentity begun) {
        if (!begun.baseHash.equals(baseHash)) {
            return Optional.of("the base " + base + " is not the one the run was begun with, " + begun.base
                    + ": its settings or weights have changed");
        }
        if (!begun.dataHash.equals(dataHash)) {
            return Optional.of("the examples of " + data + " are not those the run was begun with, of " + begun.data
                    + ": texts, names or sizes of pictures, or their order have changed");
        }
        Optional<String> setting = RecipeJson.difference(begun.recipe, recipe);
        if (setting.isPresent()) {
            return setting;
        }
        return begun.trained.equals(trained)
                ? Optional.empty()
                : Optional.of("other weights are trained than those the run was begun with");
    }
}
