package dev.paligemma.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class EngineOptionsTest {
    @ParameterizedTest
    @CsvSource({"cpu, CPU, 0, cpu", "cuda, CUDA, 0, cuda:0", "cuda:0, CUDA, 0, cuda:0", "cuda:12, CUDA, 12, cuda:12"})
    void readsDevices(String text, Device.Kind kind, int index, String written) {
        Device device = Device.parse(text);

        assertThat(device).isEqualTo(new Device(kind, index)).hasToString(written);
        assertThat(Device.parse(device.toString())).isEqualTo(device);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "gpu", "CPU", " cpu", "cuda:", "cuda:-1", "cuda:1234", "cuda:1x", "cuda:٣"})
    void refusesOtherDevices(String text) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Device.parse(text))
                .withMessage("unknown device '" + text + "', expected cpu, cuda or cuda:N");
    }

    @Test
    void severalDevicesAreRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Device.parse("cuda:0,cuda:1"))
                .withMessageEndingWith("on one device, name one");
    }

    @Test
    void refusesDevicesThatCannotBe() {
        assertThatIllegalArgumentException().isThrownBy(() -> Device.parse("cpu:1"));
        assertThatIllegalArgumentException().isThrownBy(() -> new Device(Device.Kind.CPU, 1));
        assertThatIllegalArgumentException().isThrownBy(() -> Device.cuda(-1)).withMessageContaining("-1");
    }

    @ParameterizedTest
    @EnumSource
    void readsPrecisionsInAnyCase(Precision precision) {
        assertThat(Precision.parse(precision.toString())).isEqualTo(precision);
        assertThat(Precision.parse(precision.name())).isEqualTo(precision);
        assertThat(precision.toString()).isLowerCase();
    }

    @Test
    void refusesOtherPrecisions() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Precision.parse("fp32"))
                .withMessage("unknown precision 'fp32', expected one of float32, bfloat16, int8, int4");
    }

    @Test
    void defaultsAreExactOnTheCpu() {
        EngineOptions options = EngineOptions.defaults();

        assertThat(options.device()).isEqualTo(Device.CPU);
        assertThat(options.precision()).isEqualTo(Precision.FLOAT32);
        assertThat(options.threads())
                .isEqualTo(Math.min(1024, Runtime.getRuntime().availableProcessors()));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1, 1025, 99_999_999, Integer.MAX_VALUE})
    void refusesToWorkWithoutThreadsOrWithAbsurdlyMany(int threads) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new EngineOptions(Device.CPU, Precision.FLOAT32, threads))
                .withMessage("threads must be from 1 to 1024, got " + threads);
    }

    @Test
    void takesAsManyThreadsAsTheBound() {
        assertThat(new EngineOptions(Device.CPU, Precision.FLOAT32, EngineOptions.MAX_THREADS).threads())
                .isEqualTo(1024);
    }

    @Test
    @SuppressWarnings("NullAway") // what callers without null checks do
    void refusesNulls() {
        assertThatNullPointerException()
                .isThrownBy(() -> new EngineOptions(null, Precision.FLOAT32, 1))
                .withMessage("device");
        assertThatNullPointerException()
                .isThrownBy(() -> new EngineOptions(Device.CPU, null, 1))
                .withMessage("precision");
        assertThatNullPointerException().isThrownBy(() -> new Device(null, 0)).withMessage("kind");
    }
}
