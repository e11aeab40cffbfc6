package dev.paligemma.engine.spi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.paligemma.engine.Device;
import org.junit.jupiter.api.Test;

class DeviceMemoryTest {
    @Test
    void noMoreIsFreeThanThereIs() {
        assertThat(new DeviceMemory(Device.cuda(0), "any", 5, 5).freeBytes()).isEqualTo(5);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new DeviceMemory(Device.cuda(1), "any", 6, 5))
                .withMessageContaining("cuda:1");
        assertThatIllegalArgumentException().isThrownBy(() -> new DeviceMemory(Device.cuda(0), "any", -1, 5));
    }
}
