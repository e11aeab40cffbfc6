package dev.paligemma.engine.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class TensorInfoTest {
    private static final Path FILE = Path.of("f");

    @Test
    void copiesTheShape() {
        long[] shape = {2, 3};
        TensorInfo tensor = new TensorInfo("t", DType.F32, shape, FILE, 0, 24);
        shape[0] = 9;
        assertThat(tensor.shape()).containsExactly(2, 3);
    }

    @Test
    void comparesByContent() {
        TensorInfo one = new TensorInfo("t", DType.F16, new long[] {2}, FILE, 1, 4);
        assertThat(one)
                .isEqualTo(new TensorInfo("t", DType.F16, new long[] {2}, FILE, 1, 4))
                .hasSameHashCodeAs(new TensorInfo("t", DType.F16, new long[] {2}, FILE, 1, 4))
                .isNotEqualTo(new TensorInfo("t", DType.F16, new long[] {1, 2}, FILE, 1, 4))
                .isNotEqualTo(new TensorInfo("t", DType.F16, new long[] {2}, FILE, 2, 4));
    }

    @Test
    void countsBeyondTwoGiB() {
        TensorInfo tensor = new TensorInfo("t", DType.F32, new long[] {257_216, 4_608}, FILE, 0, 257_216L * 4_608 * 4);
        assertThat(tensor.elementCount()).isEqualTo(1_185_251_328L);
    }

    @Test
    void rejectsALengthThatDoesNotFitTheShape() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new TensorInfo("t", DType.F32, new long[] {2}, FILE, 0, 4))
                .withMessageContaining("takes 8 bytes, but byteLength is 4");
    }

    @Test
    void rejectsNegativeAndOverflowingPositions() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new TensorInfo("t", DType.U8, new long[] {1}, FILE, -1, 1));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new TensorInfo("t", DType.U8, new long[] {1}, FILE, Long.MAX_VALUE, 1));
    }
}
