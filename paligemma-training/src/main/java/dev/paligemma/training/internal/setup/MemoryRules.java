package dev.paligemma.training.internal.setup;

import dev.paligemma.checkpoint.config.TextConfig;
import dev.paligemma.engine.graph.Graph;
import dev.paligemma.engine.graph.Operation;
import dev.paligemma.engine.graph.Weight;
import dev.paligemma.engine.training.FrozenFormat;
import dev.paligemma.training.internal.network.TrainingNetwork;
import dev.paligemma.training.recipe.Optimizer;
import dev.paligemma.training.recipe.Recipe;
import dev.paligemma.training.run.TrainingMemory;
import java.util.HashSet;
import java.util.Set;

/**
 * How much memory a run takes. Weights, parameters and moments are counted; what the passes need is a rule that was fitted
 * to the peaks of a decoder of 257 million parameters, with activations kept and computed again.
 */
final class MemoryRules {
    private static final long PROCESS_BYTES = 400_000_000;

    /** Widths of the feed-forward block and of the residual stream that one row of one block keeps. */
    private static final long INNER_WIDTHS = 10;

    private static final long OUTER_WIDTHS = 14;

    /** Tensors of one number for each head and pair of rows, where scores are soft-capped. */
    private static final long CAPPED_SCORES = 5;

    /** What a block and its gradient take while it is computed again, in blocks that are kept. */
    private static final long BLOCKS_AT_ONCE = 2;

    private static final long LOGIT_TENSORS = 4;
    private static final int BLOCK_OF_CODES = 64;

    private final Recipe recipe;
    private final TrainingNetwork network;
    private final TextConfig text;
    private final FrozenFormat frozen;

    MemoryRules(Recipe recipe, TrainingNetwork network, TextConfig text, FrozenFormat frozen) {
        this.recipe = recipe;
        this.network = network;
        this.text = text;
        this.frozen = frozen;
    }

    /**
     * The estimate.
     *
     * @param recompute whether blocks are computed again
     * @param longestRows the rows of the longest example
     * @param imageBytes the tower that makes rows of pictures, and the rows
     */
    TrainingMemory of(boolean recompute, long longestRows, long imageBytes) {
        long perNumber = recipe.optimizer() instanceof Optimizer.AdamW ? 4L * Float.BYTES : 2L * Float.BYTES;
        long rows = Math.multiplyExact(longestRows, recipe.batch());
        TextConfig.Sizes sizes = text.sizes();
        long scores =
                text.attention().softcap() > 0 ? Math.multiplyExact(CAPPED_SCORES * sizes.heads(), longestRows) : 0;
        long block = Math.multiplyExact(
                rows,
                Float.BYTES * (INNER_WIDTHS * sizes.intermediateSize() + OUTER_WIDTHS * sizes.hiddenSize() + scores));
        long inputs = Math.multiplyExact(rows, (long) Float.BYTES * sizes.hiddenSize() * sizes.layers());
        long activations = recompute
                ? Math.addExact(inputs, BLOCKS_AT_ONCE * block)
                : Math.multiplyExact(block, (long) sizes.layers());
        long logits = Math.multiplyExact(
                LOGIT_TENSORS * Float.BYTES * Math.min(recipe.headRows(), rows), (long) sizes.vocabSize());
        return new TrainingMemory(
                frozenBytes(),
                Math.multiplyExact(network.trainedNumbers(), perNumber),
                activations,
                PROCESS_BYTES + logits + imageBytes);
    }

    private long frozenBytes() {
        Set<Weight> multiplied = new HashSet<>();
        Set<Weight> matrices = new HashSet<>();
        network.graph().nodes().forEach(node -> {
            Operation operation = node.operation();
            if (operation.matrix() != null) {
                multiplied.add(operation.matrix());
            }
            if (operation.table() != null) {
                matrices.add(operation.table());
            }
        });
        Set<Weight> tables = new HashSet<>(matrices);
        matrices.addAll(multiplied);
        long bytes = 0;
        for (Weight weight : network.graph().weights()) {
            if (!network.parts().weights().contains(weight.name())) {
                long size = matrices.contains(weight)
                        ? bytesOf(weight, tables.contains(weight))
                        : Math.multiplyExact(weight.elementCount(), (long) Float.BYTES);
                bytes = Math.addExact(bytes, size);
            }
        }
        return bytes;
    }

    /** Tables are kept in 16 bits where matrices are in fewer. */
    private long bytesOf(Weight matrix, boolean table) {
        long elements = matrix.elementCount();
        if (frozen == FrozenFormat.FLOAT32) {
            return Math.multiplyExact(elements, (long) Float.BYTES);
        }
        if (frozen == FrozenFormat.BFLOAT16 || table) {
            return Math.multiplyExact(elements, (long) Short.BYTES);
        }
        return frozen == FrozenFormat.INT8
                ? elements + Float.BYTES * matrix.size(0)
                : elements / 2 + elements / BLOCK_OF_CODES * Float.BYTES;
    }

    /** How many numbers of a graph are not trained. */
    static long frozenNumbers(Graph graph, Set<String> trained) {
        return graph.weights().stream()
                .filter(weight -> !trained.contains(weight.name()))
                .mapToLong(Weight::elementCount)
                .reduce(0, Math::addExact);
    }
}
