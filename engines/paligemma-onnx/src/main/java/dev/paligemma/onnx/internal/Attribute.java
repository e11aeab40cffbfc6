package dev.paligemma.onnx.internal;

/** One attribute of an ONNX node, encoded. */
public record Attribute(Protobuf encoded) {
    // Field numbers and type codes of AttributeProto in onnx.proto3.
    private static final int NAME = 1;
    private static final int FLOAT_VALUE = 2;
    private static final int INT_VALUE = 3;
    private static final int GRAPH_VALUE = 6;
    private static final int INT_VALUES = 8;
    private static final int TYPE = 20;
    private static final int TYPE_FLOAT = 1;
    private static final int TYPE_INT = 2;
    private static final int TYPE_GRAPH = 5;
    private static final int TYPE_INTS = 7;

    public static Attribute of(String name, long value) {
        return new Attribute(named(name, TYPE_INT).integer(INT_VALUE, value));
    }

    public static Attribute of(String name, float value) {
        return new Attribute(named(name, TYPE_FLOAT).float32(FLOAT_VALUE, value));
    }

    public static Attribute of(String name, long[] values) {
        Protobuf encoded = named(name, TYPE_INTS);
        for (long value : values) {
            encoded.integer(INT_VALUES, value);
        }
        return new Attribute(encoded);
    }

    public static Attribute of(String name, OnnxGraph graph) {
        return new Attribute(named(name, TYPE_GRAPH).message(GRAPH_VALUE, graph.encode()));
    }

    private static Protobuf named(String name, int type) {
        return new Protobuf().text(NAME, name).integer(TYPE, type);
    }
}
