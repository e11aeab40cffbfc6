package dev.paligemma.engine.weights;

/**
 * How the elements of a tensor are stored: one of the element types of the safetensors format that fill whole bytes, whose
 * constants carry the names used in the files; or one of the formats of the bitsandbytes library, which are made of
 * several tensors of a file and start with {@code BNB_}; or numbers that lie in another order than those of the weight, as in
 * an archive of big_vision or the patch kernel of MLX, which start with {@code NPZ_}.
 *
 * <p>The weights of a model can be read here from {@link #F32}, {@link #BF16}, {@link #F16}, and the formats with a prefix.
 * The others are understood so that a file which holds them can be opened and described.
 */
public enum DType {
    /** IEEE 754 binary32. */
    F32(4),
    /** The upper half of a binary32: 8 exponent bits, 7 fraction bits. */
    BF16(2),
    /** IEEE 754 binary16. */
    F16(2),
    /** IEEE 754 binary64. */
    F64(8),
    /** A complex number of two binary32. */
    C64(8),
    /** 8-bit float, 4 exponent bits and 3 fraction bits. */
    F8_E4M3(1),
    /** 8-bit float, 5 exponent bits and 2 fraction bits. */
    F8_E5M2(1),
    /** 8-bit power of two. */
    F8_E8M0(1),
    /** Signed 64-bit integer. */
    I64(8),
    /** Signed 32-bit integer. */
    I32(4),
    /** Signed 16-bit integer. */
    I16(2),
    /** Signed 8-bit integer. */
    I8(1),
    /** Unsigned 64-bit integer. */
    U64(8),
    /** Unsigned 32-bit integer. */
    U32(4),
    /** Unsigned 16-bit integer. */
    U16(2),
    /** Unsigned 8-bit integer. */
    U8(1),
    /** A truth value in one byte. */
    BOOL(1),
    /** A signed 8-bit code, times a scale for its row, divided by 127. */
    BNB_INT8(Byte.SIZE, Kind.QUANTISED),
    /** A 4-bit code of the "normal float" table, times a scale for its block. */
    BNB_NF4(Byte.SIZE / 2, Kind.QUANTISED),
    /** A 4-bit code of a table of small floats, times a scale for its block. */
    BNB_FP4(Byte.SIZE / 2, Kind.QUANTISED),
    /** {@link #F32}, in another order. */
    NPZ_F32(Float.SIZE, Kind.REARRANGED),
    /** {@link #BF16}, in another order. */
    NPZ_BF16(Short.SIZE, Kind.REARRANGED),
    /** {@link #F16}, in another order. */
    NPZ_F16(Short.SIZE, Kind.REARRANGED);

    private enum Kind {
        PLAIN,
        QUANTISED,
        REARRANGED
    }

    private final int bits;
    private final Kind kind;

    DType(int bytes) {
        this(bytes * Byte.SIZE, Kind.PLAIN);
    }

    DType(int bits, Kind kind) {
        this.bits = bits;
        this.kind = kind;
    }

    /**
     * Returns the size of one element in bytes: 1, 2, 4 or 8.
     *
     * @throws IllegalStateException if an element is smaller than a byte; {@link #byteCount} knows how much several take
     */
    public int byteSize() {
        if (bits < Byte.SIZE) {
            throw new IllegalStateException("an element of " + this + " takes " + bits + " bits, not whole bytes");
        }
        return bits / Byte.SIZE;
    }

    /**
     * Returns how many bytes a row-major tensor takes; of a quantised format, its codes without their scales.
     *
     * @param elements the number of elements, not negative
     * @return the bytes, the last of which may be used in part
     * @throws ArithmeticException if that is over 2^63 - 1
     */
    public long byteCount(long elements) {
        return bits < Byte.SIZE
                ? elements / (Byte.SIZE / bits) + (elements % (Byte.SIZE / bits) == 0 ? 0 : 1)
                : Math.multiplyExact(elements, bits / Byte.SIZE);
    }

    /** Tells whether a tensor of this type is made of codes and scales; true for the formats of bitsandbytes. */
    public boolean isQuantised() {
        return kind == Kind.QUANTISED;
    }

    /**
     * Tells whether no range of a file holds the numbers of a tensor of this type, one after the other: they are
     * computed from codes and scales, or gathered; true for the formats of bitsandbytes and rearranged numbers.
     */
    public boolean isComputed() {
        return kind != Kind.PLAIN;
    }

    /**
     * Tells whether weights of this type can be read as float32; true for {@link #F32}, {@link #BF16}, {@link #F16} and
     * the {@linkplain #isComputed() computed} formats.
     */
    public boolean isFloatWeight() {
        return this == F32 || this == BF16 || this == F16 || isComputed();
    }
}
