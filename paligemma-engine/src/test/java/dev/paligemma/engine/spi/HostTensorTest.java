package dev.paligemma.engine.spi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.paligemma.engine.EngineException;
import dev.paligemma.engine.graph.ElementType;
import dev.paligemma.engine.machine.MainMemory;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

class HostTensorTest {
    @Test
    void startsWithZeros() {
        HostTensor tensor = HostTensor.allocate(ElementType.FLOAT32, 2, 3);

        assertThat(tensor.shape()).containsExactly(2, 3);
        assertThat(tensor.type()).isEqualTo(ElementType.FLOAT32);
        assertThat(tensor.bytes().capacity()).isEqualTo(24);
        for (int i = 0; i < 6; i++) {
            assertThat(tensor.floats().get(i)).isZero();
        }
        assertThat(tensor).hasToString("float32[2, 3]");
    }

    @Test
    void liesOutsideTheHeapInNativeOrder() {
        HostTensor tensor = HostTensor.ofLongs(1);

        assertThat(tensor.bytes().isDirect()).isTrue();
        assertThat(tensor.bytes().order()).isEqualTo(ByteOrder.nativeOrder());
        assertThat(tensor.rows(0, 1).bytes().order()).isEqualTo(ByteOrder.nativeOrder());
    }

    @Test
    void tooLittleMemoryIsAnEngineException() {
        Assumptions.assumeTrue(MainMemory.maxDirectBytes() < Integer.MAX_VALUE - 8, "there is enough");
        assertThatExceptionOfType(EngineException.class)
                .isThrownBy(() -> HostTensor.allocate(ElementType.FLOAT32, (1 << 29) - 1))
                .withMessageContaining("not enough memory outside the Java heap for a tensor float32[536870911]")
                .withCauseInstanceOf(OutOfMemoryError.class);
    }

    @Test
    void copiesLongs() {
        long[] values = {3, -1, Long.MAX_VALUE};
        HostTensor tensor = HostTensor.ofLongs(values);
        values[0] = 9;

        assertThat(tensor).hasToString("int64[3]");
        assertThat(tensor.longs().get(0)).isEqualTo(3);
        assertThat(tensor.longs().get(2)).isEqualTo(Long.MAX_VALUE);
        assertThat(HostTensor.ofLongs().shape()).containsExactly(0);
    }

    @Test
    void scalarHasOneElement() {
        assertThat(HostTensor.allocate(ElementType.INT64).longs().remaining()).isEqualTo(1);
    }

    @Test
    void refusesNegativeSizes() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> HostTensor.allocate(ElementType.FLOAT32, 2, -3))
                .withMessage("negative size in shape [2, -3]");
    }

    @Test
    void refusesTwoGibibytesAndMore() {
        for (long[] shape : new long[][] {{1 << 29}, {1 << 15, 1 << 14}, {1L << 40, 1L << 40}, {Long.MAX_VALUE}}) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> HostTensor.allocate(ElementType.FLOAT32, shape))
                    .withMessageContaining("exceeds 2 GiB");
        }
        assertThatIllegalArgumentException().isThrownBy(() -> HostTensor.allocate(ElementType.INT64, 1 << 28));
    }

    @Test
    void rowsShareMemory() {
        HostTensor tensor = HostTensor.allocate(ElementType.FLOAT32, 4, 3);
        HostTensor rows = tensor.rows(1, 2);

        rows.floats().put(0, 5).put(5, 6);
        tensor.floats().put(4, 7);

        assertThat(rows).hasToString("float32[2, 3]");
        assertThat(rows.floats().remaining()).isEqualTo(6);
        assertThat(tensor.floats().get(3)).isEqualTo(5);
        assertThat(tensor.floats().get(8)).isEqualTo(6);
        assertThat(rows.floats().get(1)).isEqualTo(7);
    }

    @Test
    void rowsOfRowsAreRows() {
        HostTensor tensor = HostTensor.allocate(ElementType.FLOAT32, 6, 2);
        tensor.rows(2, 4).rows(1, 2).floats().put(0, 8);

        assertThat(tensor.floats().get(6)).isEqualTo(8);
    }

    @Test
    void rowsMayBeNone() {
        HostTensor tensor = HostTensor.allocate(ElementType.FLOAT32, 4, 3);

        assertThat(tensor.rows(4, 0).floats().remaining()).isZero();
        assertThat(HostTensor.allocate(ElementType.FLOAT32, 0, 3).rows(0, 0)).hasToString("float32[0, 3]");
    }

    @Test
    void refusesRowsOutside() {
        HostTensor tensor = HostTensor.allocate(ElementType.FLOAT32, 4, 3);

        for (int[] rows : new int[][] {{0, 5}, {4, 1}, {-1, 2}, {2, -1}, {2, Integer.MAX_VALUE}}) {
            assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> tensor.rows(rows[0], rows[1]));
        }
        assertThatExceptionOfType(IndexOutOfBoundsException.class)
                .isThrownBy(() -> HostTensor.allocate(ElementType.FLOAT32).rows(0, 1));
    }

    @Test
    void viewsStartAtTheFirstElementEachTime() {
        HostTensor tensor = HostTensor.allocate(ElementType.FLOAT32, 2);
        FloatBuffer first = tensor.floats();
        first.put(1).put(2);

        assertThat(tensor.floats().position()).isZero();
        assertThat(tensor.floats().remaining()).isEqualTo(2);
    }

    @Test
    void refusesViewsOfAnotherType() {
        assertThatIllegalStateException()
                .isThrownBy(HostTensor.ofLongs(1)::floats)
                .withMessage("expected a tensor of float32, got int64[1]");
        assertThatIllegalStateException()
                .isThrownBy(HostTensor.allocate(ElementType.FLOAT32, 1)::longs)
                .withMessage("expected a tensor of int64, got float32[1]");
    }

    @Test
    void shapeIsACopy() {
        long[] shape = {2};
        HostTensor tensor = HostTensor.allocate(ElementType.FLOAT32, shape);
        shape[0] = 5;
        tensor.shape()[0] = 6;

        assertThat(tensor.shape()).containsExactly(2);
    }
}
