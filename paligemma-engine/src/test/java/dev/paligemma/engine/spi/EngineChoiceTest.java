package dev.paligemma.engine.spi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.paligemma.engine.Device;
import dev.paligemma.engine.EngineException;
import dev.paligemma.engine.EngineOptions;
import dev.paligemma.engine.Precision;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class EngineChoiceTest {
    private static final EngineProvider ONNX = new Named("onnx");
    private static final EngineProvider PYTORCH = new Named("pytorch");
    private static final List<EngineProvider> BOTH = List.of(PYTORCH, ONNX);

    private record Named(String name) implements EngineProvider {
        @Override
        public Set<Precision> precisions(Device.Kind kind) {
            return EnumSet.allOf(Precision.class);
        }

        @Override
        public Engine create(EngineOptions options) {
            throw new UnsupportedOperationException("a choice makes no engine");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "cpu, FLOAT32, onnx", "cpu, INT8, onnx", "cpu, INT4, onnx", "cpu, BFLOAT16, pytorch",
        "cuda, FLOAT32, pytorch", "cuda:1, BFLOAT16, pytorch", "cuda, INT8, pytorch", "cuda, INT4, pytorch"
    })
    void autoTakesPyTorchForGpusAndBfloat16(String device, Precision precision, String engine) {
        Device parsed = Device.parse(device);

        assertThat(EngineChoice.automatic(parsed, precision)).isEqualTo(engine);
        assertThat(EngineChoice.choose("auto", parsed, precision, null, BOTH).name())
                .isEqualTo(engine);
        assertThat(EngineChoice.choose(null, parsed, precision, null, BOTH).name())
                .isEqualTo(engine);
    }

    @Test
    void thePropertySpeaksWhereTheProgramDoesNot() {
        assertThat(chosen(null, "pytorch")).isSameAs(PYTORCH);
        assertThat(chosen(null, "auto")).isSameAs(ONNX);
        assertThat(chosen("onnx", "pytorch")).isSameAs(ONNX);
        assertThat(chosen("auto", "pytorch")).isSameAs(ONNX);
        assertThat(chosen("auto", "abacus")).isSameAs(ONNX);
    }

    private static EngineProvider chosen(@Nullable String name, @Nullable String property) {
        return EngineChoice.choose(name, Device.CPU, Precision.FLOAT32, property, BOTH);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "abacus", "ONNX", "onnx ", "Auto"})
    void refusesAValueOfThePropertyThatIsNoEngine(String value) {
        assertThatExceptionOfType(EngineException.class)
                .isThrownBy(() -> chosen(null, value))
                .withMessageContaining("paligemma.engine")
                .withMessageContaining("'" + value + "'")
                .withMessageContaining("onnx")
                .withNoCause();
    }

    @Test
    void takesNoOtherEngineWhereTheChosenOneIsMissing() {
        assertThatExceptionOfType(EngineException.class)
                .isThrownBy(() -> EngineChoice.choose(null, Device.cuda(1), Precision.FLOAT32, null, List.of(ONNX)))
                .withMessageContaining("cuda:1")
                .withMessageContaining("there is [onnx]")
                .withMessageContaining("<artifactId>paligemma-pytorch</artifactId>")
                .withNoCause();
        assertThatExceptionOfType(EngineException.class)
                .isThrownBy(() -> EngineChoice.choose(null, Device.CPU, Precision.FLOAT32, null, List.of(PYTORCH)))
                .withMessageContaining("<artifactId>paligemma-onnx</artifactId>");
        assertThatExceptionOfType(EngineException.class)
                .isThrownBy(() -> EngineChoice.choose(null, Device.CPU, Precision.BFLOAT16, null, List.of(ONNX)))
                .withMessageContaining("bfloat16")
                .withMessageContaining("<artifactId>paligemma-pytorch</artifactId>");
    }

    @Test
    void offersNoDependencyForEnginesOfOthers() {
        assertThatExceptionOfType(EngineException.class)
                .isThrownBy(() -> EngineChoice.check("abacus", BOTH))
                .withMessageContaining("abacus")
                .withMessageContaining("[pytorch, onnx]")
                .withMessageNotContaining("<dependency>");
    }

    @Test
    void checksNamesBeforeTheyAreNeeded() {
        EngineChoice.check("auto", List.of());
        EngineChoice.check("onnx", BOTH);
        assertThatExceptionOfType(EngineException.class).isThrownBy(() -> EngineChoice.check("onnx", List.of(PYTORCH)));
    }

    /** Compilers other than the build leave the name of the property in place of the version. */
    @Test
    void theDependencyHasTheVersionOfTheBuild() {
        assumeThat(Artifacts.version()).isNotEqualTo("${" + "project.version}");

        assertThat(Artifacts.advice("pytorch"))
                .matches("add <dependency><groupId>dev\\.paligemma</groupId><artifactId>paligemma-pytorch</artifactId>"
                        + "<version>\\d+\\.\\d+\\.\\d+\\S*</version></dependency>");
    }
}
