package dev.paligemma.pytorch;

/**
 * How torch holds numbers.
 *
 * <p>Deep Java Library does not know bfloat16 and ends the JVM when it meets it. So tensors of that type exist only inside
 * scripts and in lists that go from one script to another; see {@link TensorScope}.
 */
enum NumberType {
    /** Single precision. */
    FLOAT32(6, 4),
    /** The upper half of single precision. */
    BFLOAT16(15, 2),
    /** Signed codes of 8 bits with a scale for each row; only in training. */
    INT8(1, 1),
    /** Codes of 4 bits, two in a byte, with a scale for each {@value #BLOCK} numbers; only in training. */
    NF4(0, 1);

    /** How many numbers share a scale in {@link #NF4}. */
    static final int BLOCK = 64;

    /** The number of the type in scripts. */
    final int code;

    /** The size of an element. */
    final int bytes;

    NumberType(int code, int bytes) {
        this.code = code;
        this.bytes = bytes;
    }

    /** Whether numbers are codes with scales. */
    boolean isQuantised() {
        return this == INT8 || this == NF4;
    }
}
