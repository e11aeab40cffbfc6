package dev.paligemma.engine.spi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.paligemma.engine.EngineException;
import dev.paligemma.engine.EngineOptions;
import org.junit.jupiter.api.Test;

/** No engine is on the class path of this module. */
class EnginesTest {
    @Test
    void listsNone() {
        assertThat(Engines.names()).isEmpty();
    }

    @Test
    void saysWhichEngineIsMissingAndWhatWouldHelp() {
        assertThatExceptionOfType(EngineException.class)
                .isThrownBy(() -> Engines.create("onnx", EngineOptions.defaults()))
                .withMessageContaining("engine 'onnx' is not on the class path")
                .withMessageContaining("there is []")
                .withMessageContaining("<groupId>dev.paligemma</groupId><artifactId>paligemma-onnx</artifactId>");
    }
}
