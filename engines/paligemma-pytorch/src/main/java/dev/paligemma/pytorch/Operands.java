package dev.paligemma.pytorch;

import dev.paligemma.engine.graph.Weight;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Collects the weights that a script takes, each once, and gives their names in it. Confined to one thread.
 *
 * <p>A Java buffer holds less than 2 GiB, which the table of a large vocabulary exceeds in single precision. Such a matrix
 * is taken in pieces of consecutive rows. A quantised one is made in memory of torch, and is whole.
 */
final class Operands {
    private final long pieceBytes;
    private final Map<Operand, Integer> indices = new LinkedHashMap<>();

    /** An empty list; how large a tensor may be. */
    Operands(long pieceBytes) {
        this.pieceBytes = pieceBytes;
    }

    /** All weights that were asked for, in the order of the list. */
    List<Operand> all() {
        return List.copyOf(indices.keySet());
    }

    /** The expression for a whole weight in single precision. */
    String whole(Weight weight) {
        return plus(weight, 0);
    }

    /** The expression for a whole weight in single precision with a constant added to each element. */
    String plus(Weight weight, float addend) {
        return name(new Operand(weight, NumberType.FLOAT32, addend, 0, weight.size(0)));
    }

    /** The pieces of a matrix that is taken in a type, in order; mostly one. */
    List<Operand> pieces(Weight matrix, NumberType type) {
        if (type.isQuantised()) {
            return List.of(new Operand(matrix, type, 0, 0, matrix.size(0)));
        }
        long rowBytes = matrix.elementCount() / matrix.size(0) * type.bytes;
        long rows = Math.max(1, pieceBytes / rowBytes);
        List<Operand> pieces = new ArrayList<>();
        for (long first = 0; first < matrix.size(0); first += rows) {
            pieces.add(new Operand(matrix, type, 0, first, Math.min(rows, matrix.size(0) - first)));
        }
        return pieces;
    }

    /** The expression for a weight or a part of it. */
    String name(Operand operand) {
        indices.putIfAbsent(operand, indices.size());
        return "weights[" + indices.get(operand) + "]";
    }

    /** The expression for the scales of a quantised matrix. */
    String scales(Operand operand) {
        indices.putIfAbsent(operand, indices.size());
        return "scales[" + indices.get(operand) + "]";
    }
}
