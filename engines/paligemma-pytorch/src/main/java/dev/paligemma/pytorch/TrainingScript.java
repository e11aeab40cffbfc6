package dev.paligemma.pytorch;

import java.util.List;

/**
 * A training program as TorchScript. Immutable.
 *
 * @param text the definition of the class {@link TorchArchive#CLASS_NAME}
 * @param frozen what the list {@code weights} of its object holds
 * @param given the inputs of the graph that each batch brings, in the order in which the script takes them
 * @param sites how many products drop some of what enters them
 */
record TrainingScript(String text, List<Operand> frozen, List<String> given, int sites) {
    /** Lists of tensors that its object has; all begin empty. */
    static final List<String> LISTS =
            List.of("files", "weights", "scales", "tables", "params", "grads", "first", "second", "norms");

    /** Copies the lists. */
    TrainingScript {
        frozen = List.copyOf(frozen);
        given = List.copyOf(given);
    }
}
