package dev.paligemma.engine.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import org.junit.jupiter.api.Test;

class DTypeTest {
    @Test
    void countsTheBytesOfElements() {
        assertThat(DType.F32.byteCount(3)).isEqualTo(12);
        assertThat(DType.BNB_INT8.byteCount(3)).isEqualTo(3);
        assertThat(DType.BNB_NF4.byteCount(0)).isZero();
        assertThat(DType.BNB_NF4.byteCount(3)).isEqualTo(2);
        assertThat(DType.BNB_FP4.byteCount(4)).isEqualTo(2);
        assertThat(DType.BNB_FP4.byteCount(Long.MAX_VALUE)).isEqualTo(1L << 62);
        assertThatExceptionOfType(ArithmeticException.class).isThrownBy(() -> DType.F32.byteCount(1L << 62));
    }

    @Test
    void halfABytePerElementIsNoSizeInBytes() {
        assertThat(DType.BNB_INT8.byteSize()).isEqualTo(1);
        assertThatIllegalStateException().isThrownBy(DType.BNB_NF4::byteSize).withMessageContaining("BNB_NF4");
    }

    @Test
    void computedFormatsAreReadable() {
        for (DType type : DType.values()) {
            if (type.isComputed()) {
                assertThat(type.isFloatWeight()).isTrue();
                assertThat(type.isQuantised()).isEqualTo(type.name().startsWith("BNB_"));
            }
        }
    }
}
