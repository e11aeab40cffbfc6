package dev.paligemma.engine.graph;

import java.util.List;

/**
 * One recorded operation with what it reads and what it makes. Immutable.
 *
 * @param operation what is computed
 * @param inputs what is read, in the operation's order
 * @param output what is made; its name carries the scope, so that errors and profiles speak of the model
 */
public record Node(Operation operation, List<Tensor> inputs, Tensor output) {
    /** Copies the list. */
    public Node {
        inputs = List.copyOf(inputs);
    }

    /** One input, by its place from 0. */
    public Tensor input(int index) {
        return inputs.get(index);
    }
}
