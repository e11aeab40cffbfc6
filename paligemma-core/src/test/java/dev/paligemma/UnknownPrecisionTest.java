package dev.paligemma;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.paligemma.engine.EngineException;
import dev.paligemma.engine.Precision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A precision that the engine does not have. */
class UnknownPrecisionTest {
    @TempDir
    Path temp;

    /** The folder has no vocabulary, which would be the next complaint. */
    @Test
    void isRefusedBeforeAnythingElseIsReadOrConverted() throws IOException {
        Path original = Golden.of("pg2-gqa").folder();
        Path model = Files.createDirectory(temp.resolve("model"));
        for (String file : new String[] {"config.json", "model.safetensors"}) {
            Files.copy(original.resolve(file), model.resolve(file));
        }
        PipelineBuilder builder = PaliGemmaPipeline.builder()
                .checkpoint(model)
                .engine("onnx")
                .precision(Precision.BFLOAT16)
                .cacheDirectory(temp.resolve("cache"));

        assertThatThrownBy(builder::build)
                .isInstanceOf(EngineException.class)
                .hasMessageContaining("bfloat16")
                .hasMessageContaining("int8");
        assertThat(temp.resolve("cache")).doesNotExist();
    }
}
