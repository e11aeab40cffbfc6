package dev.paligemma.pytorch;

import dev.paligemma.engine.graph.Weight;

/**
 * One element of the list of weights that a script takes: rows of a weight. Immutable.
 *
 * @param weight the weight
 * @param type how the script takes it
 * @param addend added to each element
 * @param firstRow index along the weight's first dimension
 * @param rows how many
 */
record Operand(Weight weight, NumberType type, float addend, long firstRow, long rows) {

    /** Rows as a tensor: the sizes of the weight but for the first. */
    long[] shape() {
        long[] shape = weight.shape().stream().mapToLong(Long::longValue).toArray();
        shape[0] = rows;
        return shape;
    }

    /** The first element, counted from the start of the weight. */
    long firstElement() {
        return firstRow * rowElements();
    }

    /** How many elements there are. */
    long elements() {
        return rows * rowElements();
    }

    private long rowElements() {
        return weight.elementCount() / weight.size(0);
    }
}
