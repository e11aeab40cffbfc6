package dev.paligemma.engine.weights;

/**
 * How a quantised matrix {@code W[out, in]} is stored: codes and scales, as two tensors of a converted checkpoint.
 *
 * <p>All formats are symmetric: a weight is its code times its scale, and zero is exact.
 */
public enum MatrixFormat {
    /**
     * One scale per output channel: {@code W[o, i] = (codes[o, i] - 128) * scales[o]}.
     *
     * <p>Codes {@code uint8[out, blocks, BLOCK]} in [1, 255], row by row as in the original, padded with 128; scales
     * {@code float32[out, blocks]}, the scale of a channel repeated for each of its blocks, so that an engine may use
     * either kernels with a scale per channel or kernels with a scale per block on the same bytes;
     * {@code blocks = ceil(in / BLOCK)}.
     */
    INT8_CHANNELS(".int8_channels"),
    /**
     * One scale per row and block of {@link #BLOCK} inputs: {@code W[o, i] = (codes[o, i] - 128) * scales[o, i / BLOCK]}.
     *
     * <p>Codes {@code uint8[out, blocks, BLOCK]}, row by row as in the original, padded with 128; scales
     * {@code float32[out, blocks]} with {@code blocks = ceil(in / BLOCK)}. A row is one piece, so the format serves
     * lookups as well as products.
     */
    INT8_BLOCKS(".int8_blocks"),
    /**
     * The same with codes of four bits: {@code W[o, i] = (code - 8) * scales[o, i / BLOCK]}.
     *
     * <p>Codes {@code uint8[out, blocks, BLOCK / 2]}, two to a byte, the lower index in the lower four bits, padded with
     * 8; scales {@code float32[out, blocks]}. A scale may be negative.
     */
    INT4_BLOCKS(".int4_blocks");

    /** How many inputs share a scale in the formats with blocks: {@value}. */
    public static final int BLOCK = 128;

    private final String suffix;

    MatrixFormat(String suffix) {
        this.suffix = suffix;
    }

    /** The name of the tensor of codes of the matrix that has the name {@code weight}. */
    public String codes(String weight) {
        return weight + suffix;
    }

    /** The name of the tensor of scales of the matrix that has the name {@code weight}. */
    public String scales(String weight) {
        return weight + suffix + ".scales";
    }

    /** How many blocks a row of length {@code in} has in the formats with blocks, the last of which may be padded. */
    public static long blocks(long in) {
        return (in + BLOCK - 1) / BLOCK;
    }

    /** The sizes of the tensor of codes, which are unsigned bytes, of a matrix {@code [out, in]}: a fresh array. */
    public long[] codesShape(long out, long in) {
        return new long[] {out, blocks(in), codeBytes()};
    }

    /** The sizes of the tensor of scales, which are float32, of a matrix {@code [out, in]}: a fresh array. */
    public long[] scalesShape(long out, long in) {
        return new long[] {out, blocks(in)};
    }

    /** How many bytes the codes of a block take: {@link #BLOCK}, or half of it where two codes share a byte. */
    public int codeBytes() {
        return this == INT4_BLOCKS ? BLOCK / 2 : BLOCK;
    }

    /**
     * Turns codes and scales of one row back into numbers, in single precision: what a kernel for this format multiplies
     * with.
     *
     * @param codes holds the codes of the row, {@code blocks(count) * codeBytes()} bytes
     * @param codesFrom where they start
     * @param scales holds the scales of the row, {@code blocks(count)} numbers
     * @param scalesFrom where they start
     * @param values takes the row
     * @param from where it starts in {@code values}
     * @param count its length
     */
    public void dequantize(
            byte[] codes, int codesFrom, float[] scales, int scalesFrom, float[] values, int from, int count) {
        for (int i = 0; i < count; i++) {
            values[from + i] = code(codes, codesFrom, i) * scales[scalesFrom + i / BLOCK];
        }
    }

    /** The signed code of an element of a row. */
    private int code(byte[] codes, int from, int index) {
        if (this != INT4_BLOCKS) {
            return (codes[from + index] & 0xff) - 128;
        }
        int both = codes[from + index / 2] & 0xff;
        return (index % 2 == 0 ? both & 0xf : both >>> 4) - 8;
    }
}
