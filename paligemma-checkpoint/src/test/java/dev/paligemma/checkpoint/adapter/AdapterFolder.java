package dev.paligemma.checkpoint.adapter;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.StringJoiner;

/** Writes adapters for tests, good and bad. */
final class AdapterFolder {
    static final String PREFIX = "base_model.model.model.";
    static final String GATE = "language_model.layers.0.mlp.gate_proj";
    static final String QUERY = "language_model.layers.0.self_attn.q_proj";

    private final Path folder;
    private final Map<String, String> config = new LinkedHashMap<>();
    private final Map<String, float[]> values = new LinkedHashMap<>();
    private final Map<String, long[]> shapes = new LinkedHashMap<>();
    private String dtype = "F32";

    private AdapterFolder(Path folder) {
        this.folder = folder;
        config.put("peft_type", "\"LORA\"");
        config.put("r", "2");
        config.put("lora_alpha", "4");
    }

    static AdapterFolder in(Path folder) {
        return new AdapterFolder(folder);
    }

    /** A member of adapter_config.json as JSON; null removes it. */
    AdapterFolder config(String name, String json) {
        config.put(name, json);
        config.values().removeIf(value -> value == null);
        return this;
    }

    AdapterFolder dtype(String name) {
        dtype = name;
        return this;
    }

    /** A tensor of the numbers that {@link #number} gives. */
    AdapterFolder tensor(String name, long... shape) {
        float[] numbers = new float[(int) Arrays.stream(shape).reduce(1, (a, b) -> a * b)];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = number(name, i);
        }
        return tensor(name, numbers, shape);
    }

    AdapterFolder tensor(String name, float[] numbers, long... shape) {
        values.put(name, numbers);
        shapes.put(name, shape);
        return this;
    }

    /** The factors of a module, of rank 2. */
    AdapterFolder lora(String module, long out, long in) {
        return tensor(PREFIX + module + ".lora_A.weight", 2, in).tensor(PREFIX + module + ".lora_B.weight", out, 2);
    }

    static float number(String name, int index) {
        return (((name.hashCode() * 31 + index) * 0x9E3779B1) >> 24) / 64f + 1 / 128f;
    }

    float[] numbers(String name) {
        return values.get(name).clone();
    }

    Path write() throws IOException {
        Files.createDirectories(folder);
        StringJoiner json = new StringJoiner(",\n ", "{", "}\n");
        config.forEach((name, value) -> json.add("\"" + name + "\": " + value));
        Files.writeString(folder.resolve("adapter_config.json"), json.toString());
        StringJoiner header = new StringJoiner(",", "{", "}");
        int elementBytes = dtype.equals("F32") || dtype.equals("I32") ? Float.BYTES : Short.BYTES;
        int at = 0;
        for (Map.Entry<String, long[]> shape : shapes.entrySet()) {
            int end = at + values.get(shape.getKey()).length * elementBytes;
            header.add("\"%s\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[%d,%d]}"
                    .formatted(shape.getKey(), dtype, Arrays.toString(shape.getValue()), at, end));
            at = end;
        }
        byte[] text = header.toString().getBytes(StandardCharsets.UTF_8);
        ByteBuffer out = ByteBuffer.allocate(Long.BYTES + text.length + at).order(ByteOrder.LITTLE_ENDIAN);
        out.putLong(text.length).put(text);
        for (float[] numbers : values.values()) {
            for (float number : numbers) {
                int bits = Float.floatToRawIntBits(number);
                if (elementBytes == Float.BYTES) {
                    out.putInt(bits);
                } else {
                    out.putShort((short) (bits >>> 16));
                }
            }
        }
        Files.write(folder.resolve("adapter_model.safetensors"), out.array());
        return folder;
    }
}
