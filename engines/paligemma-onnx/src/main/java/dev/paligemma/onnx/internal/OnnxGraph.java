package dev.paligemma.onnx.internal;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * An ONNX graph under construction: the main graph of a model, or a branch or loop body inside it. Confined to one
 * thread.
 *
 * <p>Values are named by strings; a name made in an enclosing graph may be used in an enclosed one. Field numbers are
 * those of onnx.proto3.
 */
public final class OnnxGraph {
    /** The operator domain of ONNX Runtime's own operators. */
    public static final String MICROSOFT = "com.microsoft";

    private static final int IR_VERSION = 10;
    private static final int OPSET = 21;
    private static final int MICROSOFT_OPSET = 1;

    private final String name;
    private final AtomicInteger counter;
    private final Protobuf nodes = new Protobuf();
    private final Protobuf initializers = new Protobuf();
    private final Protobuf inputs = new Protobuf();
    private final Protobuf outputs = new Protobuf();
    private final List<String> inputNames = new ArrayList<>();
    private final List<String> outputNames = new ArrayList<>();
    private String scope = "";

    /** The main graph of a model. */
    public OnnxGraph(String name) {
        this(name, new AtomicInteger());
    }

    private OnnxGraph(String name, AtomicInteger counter) {
        this.name = name;
        this.counter = counter;
    }

    /** A graph enclosed by this one, to be passed to a node as an attribute. */
    public OnnxGraph enclosed(String enclosedName) {
        OnnxGraph graph = new OnnxGraph(enclosedName, counter);
        graph.scope = scope;
        return graph;
    }

    /** Prefixes the names of nodes from now on, so that errors and profiles speak of the model. */
    public void scope(String newScope) {
        this.scope = newScope;
    }

    /** Declares an input; a dimension is a {@link Number} or, when known only at run time, a {@link String}. */
    public String input(String inputName, OnnxType type, Object... dims) {
        inputs.message(11, valueInfo(inputName, type, dims));
        inputNames.add(inputName);
        return inputName;
    }

    /** Declares an existing value as an output. */
    public void output(String outputName, OnnxType type, Object... dims) {
        outputs.message(12, valueInfo(outputName, type, dims));
        outputNames.add(outputName);
    }

    /** The names of all inputs so far. */
    public List<String> inputs() {
        return List.copyOf(inputNames);
    }

    /** The names of all outputs so far. */
    public List<String> outputs() {
        return List.copyOf(outputNames);
    }

    /** A constant held in the model itself. */
    public String constant(String constantName, float[] values, long... dims) {
        ByteBuffer raw = ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        raw.asFloatBuffer().put(values);
        return constant(constantName, OnnxType.FLOAT, raw.array(), dims);
    }

    /** A constant vector of integers held in the model itself. */
    public String constant(String constantName, long... values) {
        ByteBuffer raw = ByteBuffer.allocate(values.length * Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        raw.asLongBuffer().put(values);
        return constant(constantName, OnnxType.INT64, raw.array(), values.length);
    }

    /** A constant that is one number of 8 bits. */
    public String constant(String constantName, OnnxType type, byte value) {
        return constant(constantName, type, new byte[] {value});
    }

    private String constant(String constantName, OnnxType type, byte[] raw, long... dims) {
        initializers.message(5, tensor(constantName, type, dims).bytes(9, raw));
        return constantName;
    }

    /** A constant that lies in a file, whose path is relative to the folder of the session; ONNX Runtime maps it. */
    public String external(String constantName, OnnxType type, String file, long offset, long length, long... dims) {
        Protobuf tensor = tensor(constantName, type, dims)
                .message(13, entry("location", file))
                .message(13, entry("offset", Long.toString(offset)))
                .message(13, entry("length", Long.toString(length)))
                .integer(14, 1);
        initializers.message(5, tensor);
        return constantName;
    }

    /** Adds a node of the ONNX domain with one output, and returns the name of that. */
    public String op(String type, List<String> in, Attribute... attributes) {
        String out = fresh(type);
        node("", type, in, List.of(out), attributes);
        return out;
    }

    /** Converts a value to single precision. */
    public String castToFloat(String value) {
        return op("Cast", List.of(value), Attribute.of("to", OnnxType.FLOAT.number));
    }

    /** Adds a node of ONNX Runtime's own domain with one output, and returns the name of that. */
    public String microsoft(String type, List<String> in, Attribute... attributes) {
        String out = fresh(type);
        node(MICROSOFT, type, in, List.of(out), attributes);
        return out;
    }

    /** Adds a node with several outputs, and returns their names. */
    public List<String> ops(String type, int count, List<String> in, Attribute... attributes) {
        List<String> out = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            out.add(fresh(type));
        }
        node("", type, in, out, attributes);
        return out;
    }

    /** Gives a value a second name. */
    public void alias(String value, String newName) {
        node("", "Identity", List.of(value), List.of(newName));
    }

    private void node(String domain, String type, List<String> in, List<String> out, Attribute... attributes) {
        Protobuf node = new Protobuf();
        in.forEach(value -> node.text(1, value));
        out.forEach(value -> node.text(2, value));
        node.text(3, fresh(type + "_node")).text(4, type);
        for (Attribute attribute : attributes) {
            node.message(5, attribute.encoded());
        }
        if (!domain.isEmpty()) {
            node.text(7, domain);
        }
        nodes.message(1, node);
    }

    private String fresh(String kind) {
        return scope + "/" + kind + "_" + counter.getAndIncrement();
    }

    /** This graph as a {@code GraphProto}. */
    public Protobuf encode() {
        Protobuf graph = new Protobuf();
        graph.writeBytes(nodes.toByteArray());
        graph.text(2, name);
        graph.writeBytes(initializers.toByteArray());
        graph.writeBytes(inputs.toByteArray());
        graph.writeBytes(outputs.toByteArray());
        return graph;
    }

    /** This graph as a whole model: a {@code ModelProto}. */
    public byte[] toModel() {
        return new Protobuf()
                .integer(1, IR_VERSION)
                .text(2, "paligemma")
                .message(7, encode())
                .message(8, new Protobuf().text(1, "").integer(2, OPSET))
                .message(8, new Protobuf().text(1, MICROSOFT).integer(2, MICROSOFT_OPSET))
                .toByteArray();
    }

    private static Protobuf valueInfo(String name, OnnxType type, Object... dims) {
        Protobuf shape = new Protobuf();
        for (Object dim : dims) {
            shape.message(
                    1,
                    dim instanceof Number size
                            ? new Protobuf().integer(1, size.longValue())
                            : new Protobuf().text(2, dim.toString()));
        }
        Protobuf tensorType = new Protobuf().integer(1, type.number).message(2, shape);
        return new Protobuf().text(1, name).message(2, new Protobuf().message(1, tensorType));
    }

    private static Protobuf tensor(String name, OnnxType type, long... dims) {
        Protobuf tensor = new Protobuf();
        for (long dim : dims) {
            tensor.integer(1, dim);
        }
        return tensor.integer(2, type.number).text(8, name);
    }

    private static Protobuf entry(String key, String value) {
        return new Protobuf().text(1, key).text(2, value);
    }
}
