package dev.paligemma.engine.training;

/** How a training program keeps matrices that it does not train. Vectors are float32 with each of them. */
public enum FrozenFormat {
    /** 4 bytes for each number, exact for every file. */
    FLOAT32,
    /** 2 bytes for each number, exact for a bfloat16 file; products round their rows to bfloat16 only on GPUs. */
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
