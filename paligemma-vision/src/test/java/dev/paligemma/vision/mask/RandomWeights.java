package dev.paligemma.vision.mask;

import dev.paligemma.checkpoint.internal.numpy.NpzTool;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** The random network of src/reference/masks/make_goldens.py: the same formula, hence the same weights. */
final class RandomWeights {
    /** Shapes of all arrays by name; the order of the names gives the seeds. */
    private static final SortedMap<String, int[]> SHAPES = shapes();

    private static final double DECODER_GAIN = 0.4;
    private static final double ENCODER_GAIN = 1.0;

    private RandomWeights() {}

    private static SortedMap<String, int[]> shapes() {
        SortedMap<String, int[]> shapes = new TreeMap<>();
        shapes.put("_vq_vae._embedding", new int[] {128, 512});
        conv(shapes, "encoder.0", 16, 1, 4);
        conv(shapes, "encoder.2", 32, 16, 4);
        conv(shapes, "encoder.4", 64, 32, 4);
        conv(shapes, "encoder.6", 128, 64, 4);
        conv(shapes, "encoder.10", 512, 128, 1);
        conv(shapes, "decoder.0", 128, 512, 1);
        for (String block : new String[] {"encoder.8", "encoder.9", "decoder.2", "decoder.3"}) {
            conv(shapes, block + ".net.0", 128, 128, 3);
            conv(shapes, block + ".net.2", 128, 128, 3);
            conv(shapes, block + ".net.4", 128, 128, 1);
        }
        convTranspose(shapes, "decoder.4", 128, 128);
        convTranspose(shapes, "decoder.6", 128, 64);
        convTranspose(shapes, "decoder.8", 64, 32);
        convTranspose(shapes, "decoder.10", 32, 16);
        conv(shapes, "decoder.12", 1, 16, 1);
        return shapes;
    }

    private static void conv(Map<String, int[]> shapes, String name, int outputs, int inputs, int side) {
        shapes.put(name + ".weight", new int[] {outputs, inputs, side, side});
        shapes.put(name + ".bias", new int[] {outputs});
    }

    private static void convTranspose(Map<String, int[]> shapes, String name, int inputs, int outputs) {
        shapes.put(name + ".weight", new int[] {inputs, outputs, 4, 4});
        shapes.put(name + ".bias", new int[] {outputs});
    }

    /** All 47 entries of the npz file. */
    static Map<String, byte[]> entries() {
        Map<String, byte[]> entries = new LinkedHashMap<>();
        int seed = 0;
        for (Map.Entry<String, int[]> array : SHAPES.entrySet()) {
            float[] values = values(array.getKey(), array.getValue(), seed++);
            entries.put(array.getKey() + ".npy", NpzTool.npy(values, array.getValue()));
        }
        return entries;
    }

    static Path write(Path file, Map<String, byte[]> entries) {
        try {
            return Files.write(file, NpzTool.zip(entries, false));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static float[] values(String name, int[] shape, int seed) {
        int count = 1;
        for (int side : shape) {
            count *= side;
        }
        double scale = scale(name, shape);
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) (uniform(seed, i) * scale);
        }
        return values;
    }

    static double uniform(int seed, int i) {
        int h = i * 0x9E3779B1 + seed * 40503 + 12345;
        h ^= h >>> 15;
        h *= 0x85EBCA77;
        h ^= h >>> 13;
        h *= 0xC2B2AE3D;
        h ^= h >>> 16;
        return (h >>> 8) / 8388608.0 - 1;
    }

    private static double scale(String name, int[] shape) {
        if (name.equals("_vq_vae._embedding")) {
            return 1.0;
        }
        if (name.endsWith(".bias")) {
            return 0.1;
        }
        int taps = shape[2] * shape[3];
        int inputs = switch (name) {
            case "decoder.4.weight", "decoder.6.weight", "decoder.8.weight", "decoder.10.weight" -> shape[0] * taps / 4;
            default -> shape[1] * taps;
        };
        double gain = switch (name) {
            case "decoder.12.weight" -> DECODER_GAIN;
            case "encoder.10.weight" -> ENCODER_GAIN;
            default -> 1.0;
        };
        return Math.sqrt(6.0 / inputs) * gain;
    }
}
