package dev.paligemma.pytorch;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class GpusTest {
    @Test
    void describesCapabilityAndRuntime() {
        assertThat(Gpus.describe(12_080, "90")).isEqualTo("compute capability 9.0, CUDA 12.8");
        assertThat(Gpus.describe(11_080, "120")).isEqualTo("compute capability 12.0, CUDA 11.8");
    }

    @Test
    void findsWhatThereIsWithoutFailing() {
        assertThat(Gpus.find()).allSatisfy(gpu -> {
            assertThat(gpu.device().toString()).startsWith("cuda:");
            assertThat(gpu.totalBytes()).isPositive();
        });
    }
}
