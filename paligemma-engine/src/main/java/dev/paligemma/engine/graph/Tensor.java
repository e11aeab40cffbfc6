package dev.paligemma.engine.graph;

/**
 * A symbolic tensor: the promise of a value with this type and shape when the graph runs. Immutable; belongs to the one
 * {@link GraphBuilder} that made it.
 *
 * @param id its number within its graph, from 0 in the order of recording
 * @param name a readable unique name: the scope in which it was made and the operation
 * @param type the type of its elements
 * @param shape its dimensions
 */
public record Tensor(int id, String name, ElementType type, Shape shape) {
    /** Returns for example {@code layers.3.self_attn.q: float32[tokens, 2048]}. */
    @Override
    public String toString() {
        return name + ": " + type + shape;
    }
}
