package dev.paligemma.cli;

import dev.paligemma.checkpoint.Checkpoint;
import dev.paligemma.engine.weights.TensorInfo;
import dev.paligemma.network.Networks;
import dev.paligemma.tiny.TinyModel;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;

/** Writes adapters for the bundled model whose weights are random, but large enough to change its answers. */
public final class RandomAdapter {
    private static final int RANK = 4;

    private RandomAdapter() {}

    /** Makes an adapter of the projections of the text model's attention. */
    public static Path write(Path folder, long seed) throws IOException {
        Map<String, float[]> values = new LinkedHashMap<>();
        Map<String, String> shapes = new LinkedHashMap<>();
        Random random = new Random(seed);
        try (Checkpoint base = Networks.open(TinyModel.folder())) {
            for (TensorInfo tensor : base.tensors().values()) {
                String name = tensor.name();
                if (name.contains("language_model") && name.matches(".*(q_proj|v_proj|o_proj)\\.weight")) {
                    String module = "base_model.model." + name.substring(0, name.length() - ".weight".length());
                    put(values, shapes, module + ".lora_A.weight", random, RANK, tensor.shape()[1]);
                    put(values, shapes, module + ".lora_B.weight", random, tensor.shape()[0], RANK);
                }
            }
        }
        Files.createDirectories(folder);
        Files.writeString(
                folder.resolve("adapter_config.json"),
                "{\"peft_type\": \"LORA\", \"r\": 4, \"lora_alpha\": 8,"
                        + " \"target_modules\": [\"q_proj\", \"v_proj\", \"o_proj\"]}");
        Files.write(folder.resolve("adapter_model.safetensors"), safeTensors(values, shapes));
        return folder;
    }

    private static void put(
            Map<String, float[]> values,
            Map<String, String> shapes,
            String name,
            Random random,
            long rows,
            long columns) {
        float[] numbers = new float[Math.toIntExact(rows * columns)];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = (float) (random.nextGaussian() * 0.15);
        }
        values.put(name, numbers);
        shapes.put(name, "[" + rows + "," + columns + "]");
    }

    private static byte[] safeTensors(Map<String, float[]> values, Map<String, String> shapes) {
        StringBuilder header = new StringBuilder("{");
        long offset = 0;
        for (Map.Entry<String, float[]> entry : values.entrySet()) {
            long end = offset + 4L * entry.getValue().length;
            header.append(offset == 0 ? "" : ",")
                    .append('"')
                    .append(entry.getKey())
                    .append("\":{\"dtype\":\"F32\",\"shape\":")
                    .append(shapes.get(entry.getKey()))
                    .append(",\"data_offsets\":[")
                    .append(offset)
                    .append(',')
                    .append(end)
                    .append("]}");
            offset = end;
        }
        byte[] json = header.append('}').toString().getBytes(StandardCharsets.UTF_8);
        ByteBuffer file =
                ByteBuffer.allocate(Math.toIntExact(8 + json.length + offset)).order(ByteOrder.LITTLE_ENDIAN);
        file.putLong(json.length).put(json);
        values.values().forEach(numbers -> {
            for (float number : numbers) {
                file.putFloat(number);
            }
        });
        return file.array();
    }
}
