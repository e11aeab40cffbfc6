package dev.paligemma.onnx;

import dev.paligemma.engine.graph.Node;
import dev.paligemma.engine.graph.Operation;

/** Writes the operations whose form depends on how matrices are stored. Confined to one thread. */
interface Products {

    /** {@code y = x W^T + b}. */
    void linear(Operation.Linear operation, Node node);

    /** {@code y[t] = table[ids[t]]}. */
    void embedding(Operation.Embedding operation, Node node);
}
