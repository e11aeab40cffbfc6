package dev.paligemma.engine.graph;

/**
 * The vocabulary of the networks: what a {@link Node} computes. Immutable.
 *
 * <p>Each operation is documented with its equation; {@link GraphBuilder} documents shapes. An engine implements
 * {@link Visitor}, so that a new operation does not compile until every engine knows it.
 */
public sealed interface Operation {

    /**
     * Calls the method of the visitor that belongs to this operation.
     *
     * @param visitor the visitor
     * @param node the node whose operation this is
     */
    void accept(Visitor visitor, Node node);

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
    }

    /**
     * {@code y = x W^T + b}.
     *
     * @param weights W and b
     */
    record Linear(LinearWeights weights) implements Operation {
        @Override
        public void accept(Visitor visitor, Node node) {
            visitor.linear(this, node);
        }
    }

    /** {@code y = x M^T}, with a matrix that a run brings along or computes: what an adapter adds to a {@link Linear}. */
    record Product() implements Operation {
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
    }

    /** {@code y = 0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))}: the tanh form of GELU. */
    record Gelu() implements Operation {
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
    record Rope(int heads) implements Operation {
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
    record Attention(AttentionSpec spec) implements Operation {
        @Override
        public void accept(Visitor visitor, Node node) {
            visitor.attention(this, node);
        }
    }

    /**
     * {@code y = cap tanh(x / cap)}.
     *
     * @param cap the bound, positive
     */
    record Softcap(float cap) implements Operation {
        @Override
        public void accept(Visitor visitor, Node node) {
            visitor.softcap(this, node);
        }
    }

    /** {@code y = a + b}; {@code b} may lack leading axes of {@code a} and is then repeated along them. */
    record Add() implements Operation {
        @Override
        public void accept(Visitor visitor, Node node) {
            visitor.add(this, node);
        }
    }

    /** {@code y = a * b}, element by element; {@code b} may lack leading axes of {@code a} and is then repeated along them. */
    record Multiply() implements Operation {
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
    record Scale(float factor) implements Operation {
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
    record Reshape(Shape shape) implements Operation {
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
    record Transpose(java.util.List<Integer> axes) implements Operation {
        /** Copies the list. */
        public Transpose {
            axes = java.util.List.copyOf(axes);
        }

        @Override
        public void accept(Visitor visitor, Node node) {
            visitor.transpose(this, node);
        }
    }

    /** One tensor's rows after the other's. */
    record ConcatRows() implements Operation {
        @Override
        public void accept(Visitor visitor, Node node) {
            visitor.concatRows(this, node);
        }
    }

    /** Rows by index: {@code y[t] = x[index[t]]}. */
    record GatherRows() implements Operation {
        @Override
        public void accept(Visitor visitor, Node node) {
            visitor.gatherRows(this, node);
        }
    }

    /** {@code y[t] = argmax over i of x[t, i]}, the lowest index among equals. */
    record ArgMax() implements Operation {
        @Override
        public void accept(Visitor visitor, Node node) {
            visitor.argMax(this, node);
        }
    }

    /** {@code y[t] = max over i of log softmax(x[t])[i]}: how likely the most likely choice is. */
    record LargestLogProbability() implements Operation {
        @Override
        public void accept(Visitor visitor, Node node) {
            visitor.largestLogProbability(this, node);
        }
    }

    /** One method per operation; implemented by every engine. */
    interface Visitor {
        /**
         * Handles {@link Embedding}.
         *
         * @param operation the operation
         * @param node its inputs and output
         */
        void embedding(Embedding operation, Node node);

        /**
         * Handles {@link Parameter}.
         *
         * @param operation the operation
         * @param node its inputs and output
         */
        void parameter(Parameter operation, Node node);

        /**
         * Handles {@link Linear}.
         *
         * @param operation the operation
         * @param node its inputs and output
         */
        void linear(Linear operation, Node node);

        /**
         * Handles {@link Product}.
         *
         * @param operation the operation
         * @param node its inputs and output
         */
        void product(Product operation, Node node);

        /**
         * Handles {@link LayerNorm}.
         *
         * @param operation the operation
         * @param node its inputs and output
         */
        void layerNorm(LayerNorm operation, Node node);

        /**
         * Handles {@link RmsNorm}.
         *
         * @param operation the operation
         * @param node its inputs and output
         */
        void rmsNorm(RmsNorm operation, Node node);

        /**
         * Handles {@link Gelu}.
         *
         * @param operation the operation
         * @param node its inputs and output
         */
        void gelu(Gelu operation, Node node);

        /**
         * Handles {@link Rope}.
         *
         * @param operation the operation
         * @param node its inputs and output
         */
        void rope(Rope operation, Node node);

        /**
         * Handles {@link Attention}.
         *
         * @param operation the operation
         * @param node its inputs and output
         */
        void attention(Attention operation, Node node);

        /**
         * Handles {@link Softcap}.
         *
         * @param operation the operation
         * @param node its inputs and output
         */
        void softcap(Softcap operation, Node node);

        /**
         * Handles {@link Add}.
         *
         * @param operation the operation
         * @param node its inputs and output
         */
        void add(Add operation, Node node);

        /**
         * Handles {@link Multiply}.
         *
         * @param operation the operation
         * @param node its inputs and output
         */
        void multiply(Multiply operation, Node node);

        /**
         * Handles {@link Scale}.
         *
         * @param operation the operation
         * @param node its inputs and output
         */
        void scale(Scale operation, Node node);

        /**
         * Handles {@link Reshape}.
         *
         * @param operation the operation
         * @param node its inputs and output
         */
        void reshape(Reshape operation, Node node);

        /**
         * Handles {@link Transpose}.
         *
         * @param operation the operation
         * @param node its inputs and output
         */
        void transpose(Transpose operation, Node node);

        /**
         * Handles {@link ConcatRows}.
         *
         * @param operation the operation
         * @param node its inputs and output
         */
        void concatRows(ConcatRows operation, Node node);

        /**
         * Handles {@link GatherRows}.
         *
         * @param operation the operation
         * @param node its inputs and output
         */
        void gatherRows(GatherRows operation, Node node);

        /**
         * Handles {@link ArgMax}.
         *
         * @param operation the operation
         * @param node its inputs and output
         */
        void argMax(ArgMax operation, Node node);

        /**
         * Handles {@link LargestLogProbability}.
         *
         * @param operation the operation
         * @param node its inputs and output
         */
        void largestLogProbability(LargestLogProbability operation, Node node);
    }
}
