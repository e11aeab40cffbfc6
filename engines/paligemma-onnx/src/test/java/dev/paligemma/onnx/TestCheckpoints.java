package dev.paligemma.onnx;

import dev.paligemma.checkpoint.Checkpoint;
import dev.paligemma.checkpoint.TestNetwork;
import dev.paligemma.checkpoint.convert.ConversionListener;
import dev.paligemma.checkpoint.internal.convert.CheckpointConverter;
import dev.paligemma.checkpoint.internal.convert.ConversionPlan;
import dev.paligemma.engine.Precision;
import dev.paligemma.engine.graph.Graph;
import dev.paligemma.engine.graph.Weight;
import dev.paligemma.engine.weights.MatrixFormat;
import dev.paligemma.engine.weights.TensorInfo;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.StringJoiner;
import java.util.function.ObjIntConsumer;

/** Checkpoints of random weights in any sizes, converted, and read back as the numbers that their codes stand for. */
final class TestCheckpoints {
    static final String EMBEDDING = "language_model.embed_tokens.weight";

    private TestCheckpoints() {}

    /**
     * Sizes of a model.
     *
     * @param hidden width of the decoder
     * @param intermediate width inside its MLP
     * @param heads query heads of {@code headDim} each
     * @param kvHeads key/value heads
     * @param layers of the decoder
     * @param vision width of the image encoder, which has one layer
     */
    record Sizes(int hidden, int intermediate, int heads, int kvHeads, int headDim, int layers, int vision) {
        static final int VOCABULARY = 64;
        private static final int VISION_INTERMEDIATE = 20;

        private String config() {
            return """
                    {"model_type":"paligemma","image_token_index":63,"bos_token_id":2,"eos_token_id":1,"pad_token_id":0,
                     "projection_dim":%1$d,"tie_word_embeddings":true,
                     "text_config":{"model_type":"gemma","hidden_activation":"gelu_pytorch_tanh","hidden_size":%1$d,
                      "intermediate_size":%2$d,"num_attention_heads":%3$d,"num_key_value_heads":%4$d,"head_dim":%5$d,
                      "num_hidden_layers":%6$d,"vocab_size":%8$d},
                     "vision_config":{"model_type":"siglip_vision_model","hidden_act":"gelu_pytorch_tanh",
                      "hidden_size":%7$d,"image_size":4,"patch_size":2,"intermediate_size":%9$d,
                      "num_attention_heads":1,"num_hidden_layers":1}}
                    """.formatted(
                    hidden, intermediate, heads, kvHeads, headDim, layers, vision, VOCABULARY, VISION_INTERMEDIATE);
        }

        private Map<String, long[]> shapes() {
            Map<String, long[]> shapes = new LinkedHashMap<>();
            String tower = "vision_tower.";
            shapes.put(tower + "embeddings.patch_embedding.weight", new long[] {vision, 3, 2, 2});
            shapes.put(tower + "embeddings.patch_embedding.bias", new long[] {vision});
            shapes.put(tower + "embeddings.position_embedding.weight", new long[] {4, vision});
            String encoder = tower + "encoder.layers.0.";
            for (String norm : List.of(encoder + "layer_norm1", encoder + "layer_norm2", tower + "post_layernorm")) {
                shapes.put(norm + ".weight", new long[] {vision});
                shapes.put(norm + ".bias", new long[] {vision});
            }
            for (String projection : List.of("q_proj", "k_proj", "v_proj", "out_proj")) {
                affine(shapes, encoder + "self_attn." + projection, vision, vision);
            }
            affine(shapes, encoder + "mlp.fc1", VISION_INTERMEDIATE, vision);
            affine(shapes, encoder + "mlp.fc2", vision, VISION_INTERMEDIATE);
            affine(shapes, "multi_modal_projector.linear", hidden, vision);
            shapes.put(EMBEDDING, new long[] {VOCABULARY, hidden});
            for (int layer = 0; layer < layers; layer++) {
                String block = "language_model.layers." + layer + ".";
                shapes.put(block + "input_layernorm.weight", new long[] {hidden});
                shapes.put(block + "post_attention_layernorm.weight", new long[] {hidden});
                shapes.put(block + "self_attn.q_proj.weight", new long[] {(long) heads * headDim, hidden});
                shapes.put(block + "self_attn.k_proj.weight", new long[] {(long) kvHeads * headDim, hidden});
                shapes.put(block + "self_attn.v_proj.weight", new long[] {(long) kvHeads * headDim, hidden});
                shapes.put(block + "self_attn.o_proj.weight", new long[] {hidden, (long) heads * headDim});
                shapes.put(block + "mlp.gate_proj.weight", new long[] {intermediate, hidden});
                shapes.put(block + "mlp.up_proj.weight", new long[] {intermediate, hidden});
                shapes.put(block + "mlp.down_proj.weight", new long[] {hidden, intermediate});
            }
            shapes.put("language_model.norm.weight", new long[] {hidden});
            return shapes;
        }

        private static void affine(Map<String, long[]> shapes, String name, long out, long in) {
            shapes.put(name + ".weight", new long[] {out, in});
            shapes.put(name + ".bias", new long[] {out});
        }
    }

    /** Writes a checkpoint whose matrices keep the magnitude of what they multiply. */
    static Checkpoint random(Path folder, Sizes sizes) {
        return random(folder, sizes, (numbers, in) -> {});
    }

    /**
     * The same with a change to each matrix.
     *
     * @param change takes the numbers of a matrix and the length of its rows
     */
    static Checkpoint random(Path folder, Sizes sizes, ObjIntConsumer<float[]> change) {
        Random random = new Random(sizes.hashCode());
        Map<String, float[]> values = new LinkedHashMap<>();
        sizes.shapes().forEach((name, shape) -> {
            long in = Arrays.stream(shape).skip(1).reduce(1, Math::multiplyExact);
            double deviation = shape.length == 1 ? 0.1 : 1 / Math.sqrt((double) in);
            float[] numbers = new float[Math.toIntExact(Math.multiplyExact(shape[0], in))];
            for (int i = 0; i < numbers.length; i++) {
                numbers[i] = (float) (deviation * random.nextGaussian());
            }
            if (shape.length > 1) {
                change.accept(numbers, Math.toIntExact(in));
            }
            values.put(name, numbers);
        });
        write(folder, sizes.config(), sizes.shapes(), values);
        return TestNetwork.open(folder);
    }

    /** Rounds a matrix to numbers that blocks of 4 bits hold exactly: multiples of one step, from -8 to 7 steps. */
    static void toFourBits(float[] matrix, int in) {
        float step = (float) (1 / (3 * Math.sqrt(in)));
        for (int i = 0; i < matrix.length; i++) {
            boolean first = i % in % MatrixFormat.BLOCK == 0;
            matrix[i] = step * (first ? -8 : Math.max(-8, Math.min(7, Math.round(matrix[i] / step))));
        }
    }

    /** Converts for the given graphs into a folder that does not exist yet. */
    static Checkpoint convert(Checkpoint original, Precision precision, Path folder, Graph... graphs) {
        ConversionPlan plan = ConversionPlan.of(precision, List.of(graphs));
        CheckpointConverter.convert(original, plan, folder, ConversionListener.NONE);
        return TestNetwork.open(folder);
    }

    /**
     * Writes, in single precision, the numbers that a converted checkpoint stands for.
     *
     * @param formats for matrices stored in several formats, the one to take; the first that is there
     */
    static Checkpoint dequantized(Checkpoint original, Checkpoint converted, Path folder, MatrixFormat... formats) {
        Map<String, long[]> shapes = new LinkedHashMap<>();
        Map<String, float[]> values = new LinkedHashMap<>();
        original.tensors().forEach((name, tensor) -> {
            long[] shape = tensor.shape();
            long in = Arrays.stream(shape).skip(1).reduce(1, Math::multiplyExact);
            Weight weight = Weight.of(name, shape[0], in);
            float[] numbers = null;
            for (MatrixFormat format : formats) {
                if (numbers == null && converted.contains(format.codes(name))) {
                    numbers = dequantized(converted, weight, format);
                }
            }
            shapes.put(name, shape);
            values.put(name, numbers != null ? numbers : floats(converted, name));
        });
        try {
            write(folder, Files.readString(original.folder().resolve("config.json")), shapes, values);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return TestNetwork.open(folder);
    }

    /** What the codes of a matrix stand for, row after row. */
    static float[] dequantized(Checkpoint converted, Weight weight, MatrixFormat format) {
        int out = Math.toIntExact(weight.size(0));
        int in = Math.toIntExact(weight.size(1));
        int blocks = Math.toIntExact(MatrixFormat.blocks(in));
        TensorInfo info = converted.tensor(format.codes(weight.name()));
        ByteBuffer codes = converted.map(info, 0, info.byteLength());
        float[] scales = floats(converted, format.scales(weight.name()));
        float[] numbers = new float[out * in];
        for (int row = 0; row < out; row++) {
            for (int i = 0; i < in; i++) {
                int index = row * blocks * MatrixFormat.BLOCK + i;
                int code = format == MatrixFormat.INT4_BLOCKS
                        ? ((codes.get(index / 2) >> (4 * (index % 2))) & 15) - 8
                        : (codes.get(index) & 255) - 128;
                numbers[row * in + i] = code * scales[row * blocks + i / MatrixFormat.BLOCK];
            }
        }
        return numbers;
    }

    /** A tensor stored in floating point. */
    static float[] floats(Checkpoint checkpoint, String name) {
        TensorInfo info = checkpoint.tensor(name);
        float[] numbers = new float[Math.toIntExact(info.elementCount())];
        checkpoint.readFloats(info, 0, FloatBuffer.wrap(numbers));
        return numbers;
    }

    private static void write(Path folder, String config, Map<String, long[]> shapes, Map<String, float[]> values) {
        StringJoiner header = new StringJoiner(",", "{", "}");
        long at = 0;
        for (Map.Entry<String, float[]> entry : values.entrySet()) {
            long end = at + (long) entry.getValue().length * Float.BYTES;
            header.add("\"%s\":{\"dtype\":\"F32\",\"shape\":%s,\"data_offsets\":[%d,%d]}"
                    .formatted(entry.getKey(), Arrays.toString(shapes.get(entry.getKey())), at, end));
            at = end;
        }
        byte[] json = header.toString().getBytes(StandardCharsets.UTF_8);
        try {
            Files.createDirectories(folder);
            Files.writeString(folder.resolve("config.json"), config);
            try (FileChannel file = FileChannel.open(
                    folder.resolve("model.safetensors"), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
                file.write(ByteBuffer.allocate(Long.BYTES)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .putLong(json.length)
                        .flip());
                file.write(ByteBuffer.wrap(json));
                for (float[] numbers : values.values()) {
                    ByteBuffer bytes =
                            ByteBuffer.allocate(numbers.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
                    bytes.asFloatBuffer().put(numbers);
                    file.write(bytes);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
