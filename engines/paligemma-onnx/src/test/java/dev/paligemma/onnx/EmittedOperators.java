package dev.paligemma.onnx;

import dev.paligemma.checkpoint.Checkpoint;
import dev.paligemma.engine.graph.Graph;
import dev.paligemma.onnx.internal.OnnxGraph;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Reads which operators stand in an encoded model; field numbers are those of onnx.proto3. */
final class EmittedOperators {
    private static final int MODEL_GRAPH = 7;
    private static final int GRAPH_NODE = 1;
    private static final int NODE_OPERATOR = 4;
    private static final int NODE_ATTRIBUTE = 5;
    private static final int ATTRIBUTE_GRAPH = 6;

    private EmittedOperators() {}

    /** What is written for later rows, with matrices that stay in memory. */
    static List<String> ofResident(Graph graph, Checkpoint checkpoint, Phase phase) {
        OnnxGraph target = new OnnxGraph(graph.name());
        GraphEmitter.emit(graph, target, new MappedWeights(target, checkpoint), settings(phase));
        return of(target.toModel());
    }

    /** What is written for many rows, with matrices as inputs. */
    static List<String> ofBlock(Graph graph, Checkpoint checkpoint) {
        CanonicalGraph canonical = CanonicalGraph.of(graph);
        OnnxGraph target = new OnnxGraph(graph.name());
        InputWeights weights = new InputWeights(target, canonical, new MappedWeights(target, checkpoint));
        GraphEmitter.emit(canonical.graph(), target, weights, settings(Phase.PREFIX));
        return of(target.toModel());
    }

    private static GraphEmitter.Settings settings(Phase phase) {
        return new GraphEmitter.Settings(true, phase, 8192, true);
    }

    /** The operators of all nodes, those of enclosed graphs included. */
    static List<String> of(byte[] model) {
        List<String> operators = new ArrayList<>();
        for (ByteBuffer graph : messages(ByteBuffer.wrap(model), MODEL_GRAPH)) {
            collect(graph, operators);
        }
        return operators;
    }

    private static void collect(ByteBuffer graph, List<String> operators) {
        for (ByteBuffer node : messages(graph, GRAPH_NODE)) {
            messages(node.duplicate(), NODE_OPERATOR)
                    .forEach(name ->
                            operators.add(StandardCharsets.UTF_8.decode(name).toString()));
            for (ByteBuffer attribute : messages(node, NODE_ATTRIBUTE)) {
                messages(attribute, ATTRIBUTE_GRAPH).forEach(enclosed -> collect(enclosed, operators));
            }
        }
    }

    /** All fields of one number that hold a text, bytes or a message. */
    private static List<ByteBuffer> messages(ByteBuffer message, int wanted) {
        List<ByteBuffer> found = new ArrayList<>();
        while (message.hasRemaining()) {
            long tag = varint(message);
            int kind = (int) tag & 7;
            if (kind == 2) {
                int length = (int) varint(message);
                if (tag >> 3 == wanted) {
                    found.add(message.slice(message.position(), length));
                }
                message.position(message.position() + length);
            } else if (kind == 5) {
                message.getInt();
            } else {
                varint(message);
            }
        }
        return found;
    }

    private static long varint(ByteBuffer in) {
        long value = 0;
        for (int shift = 0; ; shift += 7) {
            byte next = in.get();
            value |= (next & 127L) << shift;
            if (next >= 0) {
                return value;
            }
        }
    }
}
