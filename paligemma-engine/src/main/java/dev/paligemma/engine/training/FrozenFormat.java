package dev.paligemma.engine.training;

/**
 * How a training program keeps matrices that it does not train. Vectors are float32 with each of them. Tables of which
 * embeddings pick rows are not quantised, even if they are multiplied with, too: with {@link #INT8} and {@link #NF4} they
 * are bfloat16 if their file is that, else float32.
 *
 * <p>Products are computed in float32 on the main processor. GPUs round what enters them to bfloat16, with all formats but
 * {@link #FLOAT32}.
 */
public enum FrozenFormat {
    /** 4 bytes for each number, exact for every file. */
    FLOAT32,
    /** 2 bytes for each number, exact for a bfloat16 file. */
    BFLOAT16,
    /**
     * 1 byte for each number and a float32 for each row: {@code w = code * absmax / 127}. What was stored by bitsandbytes
     * in 8 bits gets the codes that it had.
     */
    INT8,
    /**
     * Half a byte for each number and a float32 for each 64 numbers: the 16 values of NF4 (arXiv 2305.14314, appendix E)
     * times the largest magnitude of the block. What was stored by bitsandbytes in NF4 with blocks of 64 gets the codes
     * that it had.
     */
    NF4
}
