package dev.paligemma.engine.contract;

import dev.paligemma.engine.graph.Graph;
import dev.paligemma.engine.graph.Weight;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Writes safetensors files with random float32 weights, always the same for the same names and shapes. */
final class WeightFiles {
    private WeightFiles() {}

    /** All weights of a graph, of which each number has a spread of 0.5. */
    static GoldenWeights random(Path folder, Graph graph) {
        List<String> entries = new ArrayList<>();
        int bytes = 0;
        for (Weight weight : graph.weights()) {
            int end = bytes + Math.toIntExact(weight.elementCount()) * Float.BYTES;
            entries.add("\"" + weight.name() + "\":{\"dtype\":\"F32\",\"shape\":" + weight.shape()
                    + ",\"data_offsets\":[" + bytes + "," + end + "]}");
            bytes = end;
        }
        StringBuilder header = new StringBuilder("{" + String.join(",", entries) + "}");
        while (header.length() % Long.BYTES != 0) {
            header.append(' ');
        }
        ByteBuffer file =
                ByteBuffer.allocate(Long.BYTES + header.length() + bytes).order(ByteOrder.LITTLE_ENDIAN);
        file.putLong(header.length()).put(header.toString().getBytes(StandardCharsets.US_ASCII));
        for (Weight weight : graph.weights()) {
            for (float number : numbers(weight.name(), weight.elementCount(), 0.5)) {
                file.putFloat(number);
            }
        }
        try {
            Path path = Files.createTempFile(folder, graph.name(), ".safetensors");
            Files.write(path, file.array());
            return new GoldenWeights(path);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Numbers around 0 that belong to a name. */
    static float[] numbers(String name, long count, double spread) {
        Random random = new Random(name.hashCode());
        float[] numbers = new float[Math.toIntExact(count)];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = (float) (spread * random.nextGaussian());
        }
        return numbers;
    }
}
