package dev.paligemma.pytorch;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ProcessorTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "flags\t\t: fpu avx512f avx512_bf16 avx512_vnni",
                "flags\t\t: fpu amx_bf16",
                "Features\t: fp asimd bf16 i8mm",
            })
    void knowsProcessorsThatMultiplyBfloat16(String line) {
        assertThat(Processor.multipliesBfloat16(Stream.of("processor\t: 0", line, "")))
                .isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "flags\t\t: fpu avx512f avx512_vnni",
                "Features\t: fp asimd",
                "model name\t: bf16 avx512_bf16",
                "flags\t\t: xbf16",
                "",
            })
    void knowsProcessorsThatDoNot(String line) {
        assertThat(Processor.multipliesBfloat16(Stream.of(line))).isFalse();
    }
}
