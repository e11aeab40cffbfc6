package dev.paligemma.pytorch;

import dev.paligemma.engine.contract.GoldenWeights;
import dev.paligemma.engine.graph.AttentionSpec;
import dev.paligemma.engine.graph.ElementType;
import dev.paligemma.engine.graph.Graph;
import dev.paligemma.engine.graph.GraphBuilder;
import dev.paligemma.engine.graph.LinearWeights;
import dev.paligemma.engine.graph.Shape;
import dev.paligemma.engine.graph.Tensor;
import dev.paligemma.engine.graph.Weight;
import dev.paligemma.engine.spi.HostTensor;
import dev.paligemma.engine.training.SequenceRows;
import dev.paligemma.engine.training.TrainedParts;
import dev.paligemma.engine.training.TrainingBatch;
import dev.paligemma.engine.weights.DType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.DoubleUnaryOperator;

/** A decoder of two blocks with adapters, its weights as a file, and batches for it. */
final class SmallDecoder {
    static final int VOCABULARY = 50;
    private static final int WIDTH = 32;
    private static final int HEADS = 4;
    private static final int KV_HEADS = 2;
    private static final int HEAD = 8;
    private static final int INNER = 80;
    private static final int RANK = 3;

    static final Weight TABLE = Weight.of("table", VOCABULARY, WIDTH);
    static final Weight QUERY = Weight.of("layers.0.q", HEADS * HEAD, WIDTH);
    static final Weight NORM = Weight.of("layers.1.norm", WIDTH);

    private final float softcap;
    private final int window;
    private final boolean dora;
    private final Map<String, List<Long>> adapters = new LinkedHashMap<>();
    private final Map<String, TrainedParts.InverseNorm> norms = new LinkedHashMap<>();
    private final GraphBuilder g = new GraphBuilder("small");

    private SmallDecoder(float softcap, int window, boolean dora) {
        this.softcap = softcap;
        this.window = window;
        this.dora = dora;
    }

    /** A graph, and what of it an adapter trains. */
    record Recorded(Graph graph, TrainedParts adapter) {
        /** The same with some weights trained, too. */
        TrainedParts with(Weight... weights) {
            return new TrainedParts(
                    Set.copyOf(List.of(weights).stream().map(Weight::name).toList()),
                    adapter.inputs(),
                    adapter.norms(),
                    adapter.undecayed());
        }
    }

    static Recorded plain() {
        return new SmallDecoder(0, 0, false).record();
    }

    static Recorded capped(int window) {
        return new SmallDecoder(2, window, false).record();
    }

    static Recorded dora() {
        return new SmallDecoder(0, 0, true).record();
    }

    private Recorded record() {
        Tensor ids = g.input("ids", ElementType.INT64, Shape.of("tokens"));
        Tensor ends = g.input("ends", ElementType.INT64, Shape.of("sequences"));
        Tensor cos = g.input("cos", ElementType.FLOAT32, Shape.of("tokens", HEAD / 2));
        Tensor sin = g.input("sin", ElementType.FLOAT32, Shape.of("tokens", HEAD / 2));
        Tensor x = g.scale(g.embedding(ids, TABLE), 3);
        g.mark("embeddings", x);
        for (int i = 0; i < 2; i++) {
            String layer = "layers." + i;
            Tensor input = x;
            x = g.scope(layer, () -> block(layer, input, cos, sin));
            g.mark("layers." + i, x);
        }
        Tensor last = g.rmsNorm(g.gatherRows(x, ends), Weight.of("norm", WIDTH), 1e-6f);
        g.mark("norm", last);
        Tensor logits = g.softcap(g.linear(last, new LinearWeights(TABLE, null)), 30);
        g.output("logits", logits);
        g.output("best", g.argMax(logits));
        return new Recorded(g.build(), new TrainedParts(Set.of(), adapters, norms, Set.of("layers.0.q.down")));
    }

    private Tensor block(String layer, Tensor input, Tensor cos, Tensor sin) {
        Tensor normed = g.rmsNorm(input, Weight.of(layer + ".norm", WIDTH), 1e-6f);
        Tensor q = g.rope(adapted(layer + ".q", normed, HEADS * HEAD), cos, sin, HEADS);
        Tensor k = g.rope(adapted(layer + ".k", normed, KV_HEADS * HEAD), cos, sin, KV_HEADS);
        Tensor v = adapted(layer + ".v", normed, KV_HEADS * HEAD);
        AttentionSpec spec = new AttentionSpec(HEADS, KV_HEADS, HEAD, 0.35f, softcap, 0, layer, window);
        Tensor x = g.add(input, adapted(layer + ".o", g.attention(q, k, v, spec), WIDTH));
        Weight bias = Weight.of(layer + ".bias", INNER);
        Tensor inner = g.gelu(g.linear(x, new LinearWeights(Weight.of(layer + ".up", INNER, WIDTH), bias)));
        return g.add(x, adapted(layer + ".down", inner, WIDTH));
    }

    private Tensor adapted(String name, Tensor x, long out) {
        long in = x.shape().dim(1).size();
        Tensor y = g.linear(x, new LinearWeights(Weight.of(name, out, in), null));
        adapters.put(name + ".down", List.of((long) RANK, in));
        adapters.put(name + ".up", List.of(out, (long) RANK));
        Tensor down = g.input(name + ".down", ElementType.FLOAT32, Shape.of(RANK, in));
        Tensor up = g.input(name + ".up", ElementType.FLOAT32, Shape.of(out, RANK));
        Tensor sum = g.add(y, g.scale(g.product(g.product(x, down), up), 2));
        if (!dora) {
            return sum;
        }
        Tensor norm = g.input(name + ".inverse_norm", ElementType.FLOAT32, Shape.of(out));
        adapters.put(name + ".magnitude", List.of(out));
        Tensor magnitude = g.input(name + ".magnitude", ElementType.FLOAT32, Shape.of(out));
        norms.put(name + ".inverse_norm", new TrainedParts.InverseNorm(name, name + ".down", name + ".up", 2));
        return g.multiply(sum, g.multiply(magnitude, norm));
    }

    /** Weights of a graph as a file in a folder, in F32 or BF16, each changed by a function after it was drawn. */
    static GoldenWeights weights(Path folder, Graph graph, DType type, DoubleUnaryOperator change) {
        Random random = new Random(5);
        Map<String, float[]> numbers = new LinkedHashMap<>();
        for (Weight weight : graph.weights()) {
            float[] all = new float[Math.toIntExact(weight.elementCount())];
            for (int i = 0; i < all.length; i++) {
                all[i] = (float) change.applyAsDouble(random.nextGaussian() * 0.15);
            }
            numbers.put(weight.name(), all);
        }
        return weights(folder, graph, type, numbers);
    }

    /** Weights with these numbers. */
    static GoldenWeights weights(Path folder, Graph graph, DType type, Map<String, float[]> numbers) {
        StringBuilder header = new StringBuilder("{");
        int offset = 0;
        for (Weight weight : graph.weights()) {
            int bytes = Math.toIntExact(weight.elementCount() * type.byteSize());
            header.append(header.length() == 1 ? "" : ",")
                    .append("\"%s\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[%d,%d]}"
                            .formatted(weight.name(), type, weight.shape(), offset, offset + bytes));
            offset += bytes;
        }
        header.append("}");
        header.append(" ".repeat((8 - header.length() % 8) % 8));
        ByteBuffer file = ByteBuffer.allocate(8 + header.length() + offset).order(ByteOrder.LITTLE_ENDIAN);
        file.putLong(header.length()).put(header.toString().getBytes(StandardCharsets.US_ASCII));
        for (Weight weight : graph.weights()) {
            for (float number : numbers.get(weight.name())) {
                if (type == DType.BF16) {
                    file.putShort((short) (Float.floatToIntBits(number) >>> 16));
                } else {
                    file.putFloat(number);
                }
            }
        }
        try {
            return new GoldenWeights(Files.write(folder.resolve("model.safetensors"), file.array()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The upper half of a float32. */
    static double truncated(double number) {
        return Float.intBitsToFloat(Float.floatToIntBits((float) number) & 0xffff0000);
    }

    /** Sequences of some rows each, of which the last ones are asked for. */
    static TrainingBatch batch(long seed, List<SequenceRows> sequences) {
        Random random = new Random(seed);
        int rows = sequences.stream().mapToInt(SequenceRows::rows).sum();
        HostTensor ids = HostTensor.allocate(ElementType.INT64, rows);
        HostTensor cos = HostTensor.allocate(ElementType.FLOAT32, rows, HEAD / 2);
        HostTensor sin = HostTensor.allocate(ElementType.FLOAT32, rows, HEAD / 2);
        List<Long> ends = new ArrayList<>();
        int row = 0;
        for (SequenceRows sequence : sequences) {
            for (int i = 0; i < sequence.rows(); i++, row++) {
                ids.longs().put(row, random.nextInt(VOCABULARY));
                for (int j = 0; j < HEAD / 2; j++) {
                    double angle = (i + 1) * Math.pow(100, -j / (HEAD / 2.0));
                    cos.floats().put(row * HEAD / 2 + j, (float) Math.cos(angle));
                    sin.floats().put(row * HEAD / 2 + j, (float) Math.sin(angle));
                }
                if (i >= sequence.prefix() - 1) {
                    ends.add((long) row);
                }
            }
        }
        HostTensor targets = HostTensor.allocate(ElementType.INT64, ends.size());
        HostTensor factors = HostTensor.allocate(ElementType.FLOAT32, ends.size());
        for (int i = 0; i < ends.size(); i++) {
            targets.longs().put(i, random.nextInt(VOCABULARY));
            factors.floats().put(i, 0.1f + 0.2f * random.nextFloat());
        }
        Map<String, HostTensor> inputs = Map.of(
                "ids",
                ids,
                "ends",
                HostTensor.ofLongs(ends.stream().mapToLong(Long::longValue).toArray()),
                "cos",
                cos,
                "sin",
                sin);
        return new TrainingBatch(inputs, targets, factors, sequences, seed);
    }

    /** The sequences of two batches as one. */
    static TrainingBatch joined(TrainingBatch a, TrainingBatch b) {
        Map<String, HostTensor> inputs = new LinkedHashMap<>();
        for (String name : List.of("ids", "cos", "sin")) {
            inputs.put(name, joined(a.inputs().get(name), b.inputs().get(name)));
        }
        HostTensor ends = joined(a.inputs().get("ends"), b.inputs().get("ends"));
        for (int i = (int) a.targets().shape()[0]; i < ends.shape()[0]; i++) {
            ends.longs().put(i, ends.longs().get(i) + a.rows());
        }
        inputs.put("ends", ends);
        List<SequenceRows> sequences = new ArrayList<>(a.sequences());
        sequences.addAll(b.sequences());
        return new TrainingBatch(
                inputs, joined(a.targets(), b.targets()), joined(a.factors(), b.factors()), sequences, 1);
    }

    private static HostTensor joined(HostTensor a, HostTensor b) {
        long[] shape = a.shape();
        shape[0] += b.shape()[0];
        HostTensor joined = HostTensor.allocate(a.type(), shape);
        joined.bytes().put(a.bytes()).put(b.bytes());
        return joined;
    }
}
