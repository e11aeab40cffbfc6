package dev.paligemma.pytorch;

import java.util.List;

/**
 * A graph as TorchScript. Immutable.
 *
 * @param text the definition of the class {@link TorchArchive#CLASS_NAME}
 * @param weights what its methods take as the list {@code weights}
 */
record Script(String text, List<Operand> weights) {
    /** Copies the list. */
    Script {
        weights = List.copyOf(weights);
    }
}
