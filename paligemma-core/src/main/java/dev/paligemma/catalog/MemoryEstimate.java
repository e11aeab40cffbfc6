package dev.paligemma.catalog;

import dev.paligemma.checkpoint.config.PaliGemmaConfig;
import dev.paligemma.checkpoint.config.TextConfig;
import dev.paligemma.checkpoint.internal.convert.ConversionPlan;
import dev.paligemma.engine.Precision;
import dev.paligemma.engine.graph.Weight;
import dev.paligemma.engine.weights.MatrixFormat;
import dev.paligemma.network.DecoderOptions;
import dev.paligemma.network.Networks;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * How much memory a model takes while it answers one request: one image, a prompt of {@value #PROMPT_TOKENS} tokens and
 * {@value #NEW_TOKENS} written tokens. Immutable.
 *
 * <p>Weights, keys and values are counted exactly, from the recorded network. Working memory is a rule with three
 * constants that were fitted to the peaks of the process measured with the ONNX Runtime engine on the CPU
 * ({@code docs/benchmarks.md}: 3 resolutions, 2 models of 3 billion parameters, 3 precisions); for these the sum is 0 to 11 %
 * above what was measured. For other engines, for larger models and for {@link Precision#BFLOAT16} nothing was measured,
 * and the same rule is only plausible.
 *
 * <p>Not all of it must be free. Weights that are used where they lie in a file, such as float32 weights of a float32
 * checkpoint, may be dropped by the system and read again, which costs time. And a request that runs beside another one
 * needs {@link #cacheBytes} and most of {@link #workingBytes} again.
 *
 * @param precision how weights are stored and computed with
 * @param weightBytes the weights that stay in memory between requests
 * @param cacheBytes the keys and values of one request, in float32, outside the Java heap
 * @param workingBytes what else the process takes at its peak: the Java heap with the vocabulary, native libraries, and the
 *     intermediate results of the prompt
 */
public record MemoryEstimate(Precision precision, long weightBytes, long cacheBytes, long workingBytes) {
    /** The tokens of the prompt beside those of the image: {@value}. */
    public static final int PROMPT_TOKENS = 16;

    /** The written tokens: {@value}. */
    public static final int NEW_TOKENS = 128;

    /** The process without weights and requests. */
    private static final long PROCESS_BYTES = 300_000_000;

    /**
     * Where weights are quantised, how many layers of the decoder could be held in 8 bits by what is needed besides: the
     * buffer into which the prompt reads layer after layer, packing, and a second set of sessions.
     */
    private static final long EXTRA_LAYERS = 5;

    /**
     * How many of the widest rows of the network are held for each token of the prompt: a gated MLP has four at once, and
     * allocators round up to powers of two.
     */
    private static final long WIDEST_ROWS = 10;

    /**
     * Estimates from the sizes of a model, with weights stored and computed with in a precision; no weights are needed.
     */
    public static MemoryEstimate of(PaliGemmaConfig config, Precision precision) {
        return of(config, Networks.record(config, DecoderOptions.defaults()), precision);
    }

    /** Estimates for networks that were recorded from the sizes. */
    static MemoryEstimate of(PaliGemmaConfig config, Networks networks, Precision precision) {
        TextConfig text = config.text();
        long promptRows = config.vision().patches() + (long) PROMPT_TOKENS;
        long keysAndValues = product(
                2, text.sizes().kvHeads(), text.sizes().headDim(), text.sizes().layers(), Float.BYTES);
        long working =
                PROCESS_BYTES + product(promptRows, WIDEST_ROWS, text.sizes().intermediateSize(), Float.BYTES);
        if (precision.isQuantised()) {
            working +=
                    product(EXTRA_LAYERS, decoderCodes(networks) / text.sizes().layers());
        }
        return new MemoryEstimate(
                precision, weights(networks, precision), product(keysAndValues, promptRows + NEW_TOKENS), working);
    }

    /** All memory that the process takes at its peak: the sum of the parts, in bytes. */
    public long totalBytes() {
        return weightBytes + cacheBytes + workingBytes;
    }

    private static long weights(Networks networks, Precision precision) {
        Precision formats = precision.isQuantised() ? precision : Precision.INT8;
        ConversionPlan plan = ConversionPlan.of(formats, networks.all());
        long bytes = 0;
        for (Weight vector : plan.float32()) {
            bytes += product(vector.elementCount(), Float.BYTES);
        }
        for (Map.Entry<Weight, Set<MatrixFormat>> matrix : plan.matrices().entrySet()) {
            long elements = matrix.getKey().elementCount();
            bytes += switch (precision) {
                case FLOAT32 -> product(elements, Float.BYTES);
                case BFLOAT16 -> product(elements, Short.BYTES);
                case INT8 -> stored(matrix.getKey(), matrix.getValue());
                case INT4 -> stored(matrix.getKey(), keptAtInt4(matrix.getValue()));
            };
        }
        return bytes;
    }

    /** At int4 what only the image encoder and the prompt need is read from the file each time. */
    private static Set<MatrixFormat> keptAtInt4(Set<MatrixFormat> formats) {
        return Set.copyOf(formats.stream()
                .filter(format -> format != MatrixFormat.INT8_CHANNELS)
                .toList());
    }

    private static long decoderCodes(Networks networks) {
        return ConversionPlan.of(Precision.INT8, List.of(networks.decoder())).matrices().entrySet().stream()
                .filter(matrix -> matrix.getValue().contains(MatrixFormat.INT8_CHANNELS))
                .mapToLong(matrix -> stored(matrix.getKey(), Set.of(MatrixFormat.INT8_CHANNELS)))
                .sum();
    }

    private static long stored(Weight matrix, Set<MatrixFormat> formats) {
        long out = matrix.size(0);
        long in = matrix.elementCount() / out;
        long bytes = 0;
        for (MatrixFormat format : formats) {
            bytes += product(format.codesShape(out, in)) + product(Float.BYTES, product(format.scalesShape(out, in)));
        }
        return bytes;
    }

    private static long product(long... factors) {
        long product = 1;
        for (long factor : factors) {
            product = Math.multiplyExact(product, factor);
        }
        return product;
    }
}
