package dev.paligemma.engine.checkpoint;

import org.jspecify.annotations.Nullable;

/**
 * The element types of the safetensors format that fill whole bytes. Constants carry the names used in the files.
 *
 * <p>Only {@link #F32}, {@link #BF16} and {@link #F16} can hold the weights of a model here. The others are understood
 * so that a file which holds them can be opened and described.
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
    BOOL(1);

    private final int byteSize;

    DType(int byteSize) {
        this.byteSize = byteSize;
    }

    /**
     * Returns the size of one element in bytes.
     *
     * @return 1, 2, 4 or 8
     */
    public int byteSize() {
        return byteSize;
    }

    /**
     * Tells whether weights of this type can be read as float32.
     *
     * @return true for {@link #F32}, {@link #BF16} and {@link #F16}
     */
    public boolean isFloatWeight() {
        return this == F32 || this == BF16 || this == F16;
    }

    /** The type of that name, or null when the name is none of the known ones. */
    static @Nullable DType named(String name) {
        for (DType type : values()) {
            if (type.name().equals(name)) {
                return type;
            }
        }
        return null;
    }
}
