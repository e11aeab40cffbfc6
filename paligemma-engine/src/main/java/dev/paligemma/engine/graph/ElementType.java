package dev.paligemma.engine.graph;

/** The types of the numbers that flow through a graph; weights may be stored in others. */
public enum ElementType {
    /** IEEE 754 single precision. */
    FLOAT32(4),
    /** Signed 64-bit integers: token ids and row indices. */
    INT64(8);

    private final int bytes;

    ElementType(int bytes) {
        this.bytes = bytes;
    }

    /** The size of one element, in bytes. */
    public int bytes() {
        return bytes;
    }

    /** Returns the name in lower case, for example {@code float32}. */
    @Override
    public String toString() {
        return this == FLOAT32 ? "float32" : "int64";
    }
}
