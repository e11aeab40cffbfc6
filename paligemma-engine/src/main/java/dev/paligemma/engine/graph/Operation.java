package dev.paligemma.engine.graph;

import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The vocabulary of the networks: what a {@link Node} computes. Immutable.
 *
 * <p>Each operation is documented with its equation; {@link GraphBuilder} documents shapes. An engine implements
 * {@link Visitor}, so that a new operation does not compile until every engine knows it; what treats operations by their
 * weights implements {@link WeightVisitor}, and knows all that have some.
 */
public sealed interface Operation {

    /** Calls the method of the visitor that belongs to this operation, which is that of the node. */
    void accept(Visitor visitor, Node node);

    /** Calls the method of the visitor that belongs to this operation, and returns what that makes of it. */
    <R> R accept(WeightVisitor<R> visitor);

    /**
     * The same operation with other weights.
     *
     * @param replacement gives the weight to take the place of another, called once for each of {@link #weights()} in order
     * @return this operation if it has no weights
     */
    Operation withWeights(UnaryOperator<Weight> replacement);

    /** The learned parameters of this operation: a new list in the order of their use. */
    default List<Weight> weights() {
        List<Weight> weights = new ArrayList<>();
        withWeights(weight -> {
            weights.add(weight);
            return weight;
        });
        return weights;
    }

    /**
     * The matrix by which this operation multiplies rows, one of {@link #weights()}, {@code [out, in]}; null if there
     * is none.
     */
    default @Nullable Weight matrix() {
        return null;
    }

    /**
     * The table of which this operation picks rows, one of {@link #weights()}, {@code [rows, width]}; null if there is
     * none.
     */
    default @Nullable Weight table() {
        return null;
    }

    /** What this operation keeps from run to run: the attention with a key/value cache; null if there is none. */
    default @Nullable AttentionSpec cache() {
        return null;
    }

    /** What has no weights. */
    sealed interface Weightless extends Operation {
        @Override
        default <R> R accept(WeightVisitor<R> visitor) {
            return visitor.weightless(this);
        }

        @Override
        default Operation withWeights(UnaryOperator<Weight> replacement) {
            return this;
        }
    }

    /**
     * Rows of a table: {@code y[t] = table[ids[t]]}.
     *
     * @param table {@code [V, D]}
     */
    record Embedding(Weight table) implements Operation {
        @Override
        public void accept(Visitor visitor, Node node) {
            visitor.embedding(this, node);
        }

        @Override
        public <R> R accept(WeightVisitor<R> visitor) {
            return visitor.embedding(this);
        }

        @Override
        public Operation withWeights(UnaryOperator<Weight> replacement) {
            return new Embedding(replacement.apply(table));
        }
    }

    /**
     * A weight as a tensor.
     *
     * @param weight the weight
     */
    record Parameter(Weight weight) implements Operation {
        @Override
        public void accept(Visitor visitor, Node node) {
            visitor.parameter(this, node);
        }

        @Override
        public <R> R accept(WeightVisitor<R> visitor) {
            return visitor.parameter(this);
        }

        @Override
        public Operation withWeights(UnaryOperator<Weight> replacement) {
            return new Parameter(replacement.apply(weight));
        }
    }

    /**
     * {@code y = x W^T + b}.
     *
     * @param parameters W and b
     */
    record Linear(LinearWeights parameters) implements Operation {
        @Override
        public void accept(Visitor visitor, Node node) {
            visitor.linear(this, node);
        }

        @Override
        public <R> R accept(WeightVisitor<R> visitor) {
            return visitor.linear(this);
        }

        @Override
        public Operation withWeights(UnaryOperator<Weight> replacement) {
            return new Linear(parameters.withWeights(replacement));
        }

        @Override
        public Weight matrix() {
            return parameters.weight();
        }
    }

    /** {@code y = x M^T}, with a matrix that a run brings along or computes: what an adapter adds to a {@link Linear}. */
    record Product() implements Weightless {
        @Override
        public void accept(Visitor visitor, Node node) {
            visitor.product(this, node);
        }
    }

    /**
     * {@code y = (x - mean(x)) / sqrt(var(x) + epsilon) * gamma + beta} over the last axis, with the population variance.
     *
     * @param gamma {@code [D]}
     * @param beta {@code [D]}
     * @param epsilon a small positive number
     */
    record LayerNorm(Weight gamma, Weight beta, float epsilon) implements Operation {
        @Override
        public void accept(Visitor visitor, Node node) {
            visitor.layerNorm(this, node);
        }

        @Override
        public <R> R accept(WeightVisitor<R> visitor) {
            return visitor.layerNorm(this);
        }

        @Override
        public Operation withWeights(UnaryOperator<Weight> replacement) {
            return new LayerNorm(replacement.apply(gamma), replacement.apply(beta), epsilon);
        }
    }

    /**
     * {@code y = x / sqrt(mean(x^2) + epsilon) * (1 + w)} over the last axis: Gemma's form, in which a zero weight leaves
     * the scale alone.
     *
     * @param weight {@code [D]}
     * @param epsilon a small positive number
     */
    record RmsNorm(Weight weight, float epsilon) implements Operation {
        @Override
        public void accept(Visitor visitor, Node node) {
            visitor.rmsNorm(this, node);
        }

        @Override
        public <R> R accept(WeightVisitor<R> visitor) {
            return visitor.rmsNorm(this);
        }

        @Override
        public Operation withWeights(UnaryOperator<Weight> replacement) {
            return new RmsNorm(replacement.apply(weight), epsilon);
        }
    }

    /** {@code y = 0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))}: the tanh form of GELU. */
    record Gelu() implements Weightless {
        @Override
        public void accept(Visitor visitor, Node node) {
            visitor.gelu(this, node);
        }
    }

    /**
     * Rotary position embedding of each head, in the half-split form: with {@code h} the width of a head, {@code a = x[i]}
     * and {@code b = x[i + h / 2]} become {@code a cos - b sin} and {@code b cos + a sin}.
     *
     * @param heads number of heads side by side in a row
     */
    record Rope(int heads) implements Weightless {
        @Override
        public void accept(Visitor visitor, Node node) {
            visitor.rope(this, node);
        }
    }

    /**
     * Scaled dot-product attention.
     *
     * @param spec heads, scale, cache and who attends to whom
     */
    record Attention(AttentionSpec spec) implements Weightless {
        @Override
        public void accept(Visitor visitor, Node node) {
            visitor.attention(this, node);
        }

        @Override
        public @Nullable AttentionSpec cache() {
            return spec.cache() == null ? null : spec;
        }
    }

    /**
     * {@code y = cap tanh(x / cap)}.
     *
     * @param cap the bound, positive
     */
    record Softcap(float cap) implements Weightless {
        @Override
        public void accept(Visitor visitor, Node node) {
            visitor.softcap(this, node);
        }
    }

    /** {@code y = a + b}; {@code b} may lack leading axes of {@code a} and is then repeated along them. */
    record Add() implements Weightless {
        @Override
        public void accept(Visitor visitor, Node node) {
            visitor.add(this, node);
        }
    }

    /** {@code y = a * b}, element by element; {@code b} may lack leading axes of {@code a} and is then repeated along them. */
    record Multiply() implements Weightless {
        @Override
        public void accept(Visitor visitor, Node node) {
            visitor.multiply(this, node);
        }
    }

    /**
     * {@code y = factor * x}.
     *
     * @param factor the factor
     */
    record Scale(float factor) implements Weightless {
        @Override
        public void accept(Visitor visitor, Node node) {
            visitor.scale(this, node);
        }
    }

    /**
     * The same elements in the same order under another shape.
     *
     * @param shape the new shape, with at most one symbolic dimension
     */
    record Reshape(Shape shape) implements Weightless {
        @Override
        public void accept(Visitor visitor, Node node) {
            visitor.reshape(this, node);
        }
    }

    /**
     * Axes in another order: axis {@code i} of the result is axis {@code axes[i]} of the input.
     *
     * @param axes a permutation of all axes
     */
    record Transpose(List<Integer> axes) implements Weightless {
        /** Copies the list. */
        public Transpose {
            axes = List.copyOf(axes);
        }

        @Override
        public void accept(Visitor visitor, Node node) {
            visitor.transpose(this, node);
        }
    }

    /** One tensor's rows after the other's. */
    record ConcatRows() implements Weightless {
        @Override
        public void accept(Visitor visitor, Node node) {
            visitor.concatRows(this, node);
        }
    }

    /** Rows by index: {@code y[t] = x[index[t]]}. */
    record GatherRows() implements Weightless {
        @Override
        public void accept(Visitor visitor, Node node) {
            visitor.gatherRows(this, node);
        }
    }

    /** {@code y[t] = argmax over i of x[t, i]}, the lowest index among equals. */
    record ArgMax() implements Weightless {
        @Override
        public void accept(Visitor visitor, Node node) {
            visitor.argMax(this, node);
        }
    }

    /** {@code y[t] = max over i of log softmax(x[t])[i]}: how likely the most likely choice is. */
    record LargestLogProbability() implements Weightless {
        @Override
        public void accept(Visitor visitor, Node node) {
            visitor.largestLogProbability(this, node);
        }
    }

    /**
     * One method per operation that has weights, and one for all the others.
     *
     * @param <R> what is made of an operation
     */
    interface WeightVisitor<R> {
        R embedding(Embedding operation);

        R parameter(Parameter operation);

        R linear(Linear operation);

        R layerNorm(LayerNorm operation);

        R rmsNorm(RmsNorm operation);

        R weightless(Weightless operation);
    }

    /** One method per operation, which takes it with the node that has its inputs and output; every engine implements it. */
    interface Visitor {
        void embedding(Embedding operation, Node node);

        void parameter(Parameter operation, Node node);

        void linear(Linear operation, Node node);

        void product(Product operation, Node node);

        void layerNorm(LayerNorm operation, Node node);

        void rmsNorm(RmsNorm operation, Node node);

        void gelu(Gelu operation, Node node);

        void rope(Rope operation, Node node);

        void attention(Attention operation, Node node);

        void softcap(Softcap operation, Node node);

        void add(Add operation, Node node);

        void multiply(Multiply operation, Node node);

        void scale(Scale operation, Node node);

        void reshape(Reshape operation, Node node);

        void transpose(Transpose operation, Node node);

        void concatRows(ConcatRows operation, Node node);

        void gatherRows(GatherRows operation, Node node);

        void argMax(ArgMax operation, Node node);

        void largestLogProbability(LargestLogProbability operation, Node node);
    }
}
