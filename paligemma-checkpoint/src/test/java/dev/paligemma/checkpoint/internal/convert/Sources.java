package dev.paligemma.checkpoint.internal.convert;

import dev.paligemma.checkpoint.Checkpoint;
import dev.paligemma.engine.Precision;
import dev.paligemma.engine.graph.AttentionSpec;
import dev.paligemma.engine.graph.ElementType;
import dev.paligemma.engine.graph.Graph;
import dev.paligemma.engine.graph.GraphBuilder;
import dev.paligemma.engine.graph.LinearWeights;
import dev.paligemma.engine.graph.Shape;
import dev.paligemma.engine.graph.Tensor;
import dev.paligemma.engine.graph.Weight;
import dev.paligemma.engine.weights.DType;
import dev.paligemma.engine.weights.TensorInfo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;

/** Small checkpoints to convert, and graphs that use their weights the way PaliGemma does. */
public final class Sources {
    static final String EMBEDDING = "language_model.embed_tokens.weight";
    static final String UP = "language_model.layers.0.mlp.up_proj.weight";
    static final String FC1 = "vision_tower.encoder.layers.0.mlp.fc1.weight";
    static final String NORM = "language_model.norm.weight";
    static final int VOCABULARY = 40;

    private static final int WIDTH = 160;
    private static final String CONFIG = """
            {"architectures": ["PaliGemmaForConditionalGeneration"], "model_type": "paligemma", "image_token_index": 32,
             "text_config": {"model_type": "gemma", "hidden_size": %d, "intermediate_size": 300, "head_dim": 4,
               "num_attention_heads": 2, "num_hidden_layers": 1, "num_key_value_heads": 1, "vocab_size": 40},
             "tie_word_embeddings": %s,
             "vision_config": {"model_type": "siglip_vision_model", "hidden_size": 136, "image_size": 4,
               "intermediate_size": 200, "num_attention_heads": 2, "num_hidden_layers": 1, "patch_size": 2}}
            """;

    private Sources() {}

    /** Writes a checkpoint of numbers that every type of weights can hold. */
    public static Path write(Path folder, DType dtype, int shards, boolean tied, int seed) throws IOException {
        Files.createDirectories(folder);
        Files.writeString(folder.resolve("config.json"), CONFIG.formatted(WIDTH, tied));
        Files.writeString(folder.resolve("tokenizer.json"), "{\"made\": \"up\"}");
        Files.writeString(folder.resolve("tokenizer.model"), "made up");
        Files.writeString(folder.resolve("preprocessor_config.json"), "{}");
        List<Map.Entry<String, long[]>> shapes = List.copyOf(shapes(tied).entrySet());
        StringJoiner index = new StringJoiner(", ", "{\"weight_map\": {", "}}");
        for (int shard = 0; shard < shards; shard++) {
            String name = shards == 1 ? "model.safetensors" : "part-" + shard + ".safetensors";
            List<Map.Entry<String, long[]>> part =
                    shapes.subList(shapes.size() * shard / shards, shapes.size() * (shard + 1) / shards);
            writeFile(folder.resolve(name), part, dtype, seed);
            part.forEach(entry -> index.add("\"" + entry.getKey() + "\": \"" + name + "\""));
        }
        if (shards > 1) {
            Files.writeString(folder.resolve("model.safetensors.index.json"), index.toString());
        }
        return folder;
    }

    /** The same in bfloat16, one file, tied. */
    public static Path write(Path folder) throws IOException {
        return write(folder, DType.BF16, 1, true, 1);
    }

    private static void writeFile(Path file, List<Map.Entry<String, long[]>> shapes, DType dtype, int seed)
            throws IOException {
        StringJoiner header = new StringJoiner(",", "{", "}");
        int at = 0;
        for (Map.Entry<String, long[]> shape : shapes) {
            int end = at + count(shape.getValue()) * dtype.byteSize();
            header.add("\"%s\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[%d,%d]}"
                    .formatted(shape.getKey(), dtype, Arrays.toString(shape.getValue()), at, end));
            at = end;
        }
        byte[] json = header.toString().getBytes(StandardCharsets.UTF_8);
        ByteBuffer out = ByteBuffer.allocate(Long.BYTES + json.length + at).order(ByteOrder.LITTLE_ENDIAN);
        out.putLong(json.length).put(json);
        for (Map.Entry<String, long[]> shape : shapes) {
            int tensor = shape.getKey().hashCode() + seed;
            for (int i = 0; i < count(shape.getValue()); i++) {
                put(out, dtype, value(tensor, i));
            }
        }
        Files.write(file, out.array());
    }

    /** Sixteenths of integers below 128: seven bits are enough for them. */
    private static float value(int tensor, int index) {
        int mixed = (tensor * 31 + index) * 0x9E3779B1;
        return (mixed >> 24) / 16f * ((mixed & 0xff) == 0 ? 0 : 1);
    }

    private static void put(ByteBuffer out, DType dtype, float value) {
        int bits = Float.floatToRawIntBits(value);
        switch (dtype) {
            case F32 -> out.putInt(bits);
            case BF16 -> out.putShort((short) (bits >>> 16));
            case F16 -> {
                int exponent = ((bits >>> 23) & 0xff) - 127 + 15;
                int half = value == 0 ? 0 : (exponent << 10) | ((bits >>> 13) & 0x3ff);
                out.putShort((short) (((bits >>> 16) & 0x8000) | half));
            }
            default -> throw new IllegalArgumentException(dtype.toString());
        }
    }

    private static int count(long[] shape) {
        return Math.toIntExact(Arrays.stream(shape).reduce(1, Math::multiplyExact));
    }

    private static Map<String, long[]> shapes(boolean tied) {
        Map<String, long[]> shapes = new LinkedHashMap<>();
        String tower = "vision_tower.";
        shapes.put(tower + "embeddings.patch_embedding.weight", new long[] {136, 3, 2, 2});
        shapes.put(tower + "embeddings.patch_embedding.bias", new long[] {136});
        shapes.put(tower + "embeddings.position_embedding.weight", new long[] {4, 136});
        String block = tower + "encoder.layers.0.";
        for (String linear : List.of("q_proj", "k_proj", "v_proj", "out_proj")) {
            affine(shapes, block + "self_attn." + linear, 136, 136);
        }
        affine(shapes, block + "mlp.fc1", 200, 136);
        affine(shapes, block + "mlp.fc2", 136, 200);
        for (String norm : List.of(block + "layer_norm1", block + "layer_norm2", tower + "post_layernorm")) {
            shapes.put(norm + ".weight", new long[] {136});
            shapes.put(norm + ".bias", new long[] {136});
        }
        affine(shapes, "multi_modal_projector.linear", WIDTH, 136);
        shapes.put(EMBEDDING, new long[] {VOCABULARY, WIDTH});
        String layer = "language_model.layers.0.";
        shapes.put(layer + "self_attn.q_proj.weight", new long[] {8, WIDTH});
        shapes.put(layer + "self_attn.k_proj.weight", new long[] {4, WIDTH});
        shapes.put(layer + "self_attn.v_proj.weight", new long[] {4, WIDTH});
        shapes.put(layer + "self_attn.o_proj.weight", new long[] {WIDTH, 8});
        shapes.put(layer + "mlp.gate_proj.weight", new long[] {300, WIDTH});
        shapes.put(UP, new long[] {300, WIDTH});
        shapes.put(layer + "mlp.down_proj.weight", new long[] {WIDTH, 300});
        shapes.put(layer + "input_layernorm.weight", new long[] {WIDTH});
        shapes.put(layer + "post_attention_layernorm.weight", new long[] {WIDTH});
        shapes.put(NORM, new long[] {WIDTH});
        if (!tied) {
            shapes.put("lm_head.weight", new long[] {VOCABULARY, WIDTH});
        }
        return shapes;
    }

    private static void affine(Map<String, long[]> shapes, String name, long out, long in) {
        shapes.put(name + ".weight", new long[] {out, in});
        shapes.put(name + ".bias", new long[] {out});
    }

    /** How to convert such a checkpoint. */
    public static ConversionPlan plan(Precision precision, Checkpoint source) {
        return ConversionPlan.of(precision, graphs(source));
    }

    /** Two graphs, the second with a cache, that use each weight as the operation that it belongs to. */
    static List<Graph> graphs(Checkpoint source) {
        GraphBuilder vision = new GraphBuilder("vision");
        GraphBuilder decoder = new GraphBuilder("decoder");
        Tensor q = decoder.input("q", ElementType.FLOAT32, Shape.of("tokens", 8));
        Tensor kv = decoder.input("kv", ElementType.FLOAT32, Shape.of("tokens", 4));
        decoder.attention(q, kv, kv, new AttentionSpec(2, 1, 4, 1, 0, 0, "layers.0", 0));
        source.tensors().forEach((name, tensor) -> {
            GraphBuilder graph = name.startsWith("language_model.") || name.equals("lm_head.weight") ? decoder : vision;
            use(graph, name, tensor, source.config().text().tieWordEmbeddings());
        });
        return List.of(vision.build(), decoder.build());
    }

    private static void use(GraphBuilder graph, String name, TensorInfo tensor, boolean tied) {
        long[] shape = tensor.shape();
        if (shape.length == 1 || name.contains("position_embedding")) {
            graph.parameter(Weight.of(name, shape));
            return;
        }
        long in = tensor.elementCount() / shape[0];
        Weight matrix = Weight.of(name, shape[0], in);
        boolean table = name.equals(EMBEDDING);
        if (table) {
            graph.embedding(graph.input("ids", ElementType.INT64, Shape.of("tokens")), matrix);
        }
        if (!table || tied) {
            boolean head = table || name.equals("lm_head.weight");
            Shape read = head ? Shape.of(1, in) : Shape.of("tokens", in);
            Tensor rows = graph.input("input of " + name, ElementType.FLOAT32, read);
            graph.linear(rows, new LinearWeights(matrix, null));
        }
    }
}
