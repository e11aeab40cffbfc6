package dev.paligemma.onnx;

import java.nio.file.Path;
import java.util.Arrays;

/**
 * A matrix that is read from its file whenever it is needed.
 *
 * @param input the session's input that takes it
 * @param file where it lies
 * @param offset its first byte
 * @param dims its sizes, in bytes
 */
record StreamedMatrix(String input, Path file, long offset, long[] dims) {

    /** How many bytes it has. */
    int bytes() {
        return Math.toIntExact(Arrays.stream(dims).reduce(1, Math::multiplyExact));
    }
}
