package dev.paligemma.checkpoint.internal.bitsandbytes;

import dev.paligemma.base.internal.Json;
import dev.paligemma.base.internal.JsonObject;
import dev.paligemma.base.internal.Quote;
import dev.paligemma.checkpoint.config.CheckpointException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What {@code X.weight.quant_state.bitsandbytes__*} says about a weight in 4 bits: its shape, whose product is not
 * checked; how many elements share a scale; and how the scales are quantised in their turn, or null if they are not.
 */
public record FourBitState(
        long[] shape, int blockSize, @Nullable Nested nested) {
    /** Several times what the library writes. */
    public static final int MAX_BYTES = 4_096;

    private static final int MAX_DIMENSIONS = 4;
    private static final int MIN_BLOCK = 16;
    private static final int MAX_BLOCK = 1 << 16;

    /** The second quantisation: how many scales share a scale, and what is added to every scale. */
    public record Nested(int blockSize, float offset) {}

    /**
     * Reads the JSON text of a state, which must be of the kind that the tensor's name says, {@code nf4} or {@code
     * fp4}.
     */
    public static FourBitState parse(String where, byte[] utf8, String kind) {
        JsonObject json = Json.readObject(where, utf8, CheckpointException::new);
        if (!kind.equals(json.stringOrNull("quant_type"))) {
            throw json.wrong("quant_type", Quote.quote(kind));
        }
        return new FourBitState(shape(json), blockSize(json, "blocksize"), nested(json));
    }

    private static long[] shape(JsonObject json) {
        List<@Nullable Object> sizes = json.listOrNull("shape");
        if (sizes == null || sizes.isEmpty() || sizes.size() > MAX_DIMENSIONS) {
            throw json.wrong("shape", "a list of 1 to " + MAX_DIMENSIONS + " sizes");
        }
        return sizes.stream()
                .mapToLong(size -> json.asInteger("shape", size, 1, Integer.MAX_VALUE))
                .toArray();
    }

    private static int blockSize(JsonObject json, String name) {
        Integer size = json.integerOrNull(name, MIN_BLOCK, MAX_BLOCK);
        if (size == null || Integer.bitCount(size) != 1) {
            throw json.wrong(name, "a power of two from " + MIN_BLOCK + " to " + MAX_BLOCK);
        }
        return size;
    }

    private static @Nullable Nested nested(JsonObject json) {
        if (!json.has("nested_blocksize") && !json.has("nested_offset")) {
            return null;
        }
        String type = json.stringOrNull("nested_dtype");
        if (type != null && !type.equals("float32")) {
            throw json.wrong("nested_dtype", "\"float32\"");
        }
        Double offset = json.numberOrNull("nested_offset", -Float.MAX_VALUE, Float.MAX_VALUE);
        if (offset == null) {
            throw json.wrong("nested_offset", "a number");
        }
        return new Nested(blockSize(json, "nested_blocksize"), offset.floatValue());
    }
}
