package dev.paligemma.pytorch;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Objects;

/**
 * The methods that every script has, in the subset of Python that torch's serialised code uses: resources
 * {@code kernels-*.py} beside this class. Torch inlines them, so that a call costs nothing and a condition on constants is
 * decided once.
 *
 * <p>Letters: S sequences, T rows of each in this run, K key/value heads, G query heads per key/value head, h width of a
 * head, C capacity of a cache. A cache is {@code [S, K, C, h]}; row r of a sequence lies at r. Queries are laid out as
 * {@code [S, K, T * G, h]}, so that the G heads that share keys are rows of one matrix product.
 *
 * <p>Rows of a cache that are not in use are zeros and not NaN: in sequences of different lengths they meet a factor of 0.
 */
final class Kernels {
    private static final String GENERAL = read("general");

    /** Results, weights and attention where no gradient is wanted. */
    private static final String INFERENCE = read("inference");

    /** Products of float32 rows with matrices of another type. */
    private static final String PRODUCTS = read("products");

    private static final String CACHED = read("cached");

    /** Attention of whole sequences, products, dropout and losses, all of which have gradients. */
    private static final String DIFFERENTIABLE = read("differentiable");

    /** Parameters, gradients and updates. */
    private static final String TRAINING = read("training");

    /** How many rows of a matrix are widened at once: few enough to stay in the processor's cache. */
    private static final int WIDENED_ROWS = 512;

    private Kernels() {}

    private static String read(String part) {
        String name = "kernels-" + part + ".py";
        try (InputStream in = Objects.requireNonNull(Kernels.class.getResourceAsStream(name), name)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + name + " from the jar of this engine", e);
        }
    }

    /** What graphs without caches need, too. */
    static String all(Target target) {
        return fill(target.isSingle() ? GENERAL + INFERENCE : GENERAL + INFERENCE + PRODUCTS, target);
    }

    /** What training needs; products round their rows to bfloat16 if the matrices of the target are that. */
    static String training(Target target) {
        return fill(GENERAL + DIFFERENTIABLE + TRAINING, target)
                .replace("$ROUND", target.isSingle() ? "False" : "True");
    }

    /** What only graphs with caches need. */
    static String cached(Target target) {
        return fill(CACHED, target);
    }

    /** Targets differ in constants alone, so that one of them says much about the others. */
    private static String fill(String text, Target target) {
        return text.replace("$DEVICE", target.device().expression())
                .replace("$SEPARATE", target.device().separate() ? "True" : "False")
                .replace("$MATRICES", Integer.toString(target.matrices().code))
                .replace("$ATTENTION", Integer.toString(target.attention().code))
                .replace("$FEW", Integer.toString(target.fewRows()))
                .replace("$BLOCK", Integer.toString(WIDENED_ROWS));
    }
}
