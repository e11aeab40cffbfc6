package dev.paligemma.checkpoint.internal.numpy;

import java.util.Arrays;

/**
 * What an archive says about one of its arrays. Immutable and thread-safe.
 *
 * @param name the name given to {@code numpy.savez}
 * @param type NumPy's name of the element type, such as {@code <f4} for a little-endian binary32
 * @param fortranOrder whether the first index varies fastest
 * @param shape the sizes, outermost first, none for a single number; not to be changed
 * @param deflated whether the array is compressed, so that no range of the file holds its elements
 * @param offset where the elements of an array that is not compressed start in the file; 0 for a compressed one
 * @param byteLength the bytes that the elements take, uncompressed
 */
public record NpyArray(
        String name, String type, boolean fortranOrder, long[] shape, boolean deflated, long offset, long byteLength) {
    @Override
    public String toString() {
        return name + " " + type + Arrays.toString(shape);
    }
}
