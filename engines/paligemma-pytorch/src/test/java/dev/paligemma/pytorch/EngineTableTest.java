package dev.paligemma.pytorch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paligemma.engine.Device;
import dev.paligemma.engine.Precision;
import dev.paligemma.engine.contract.TestedEngine;
import dev.paligemma.engine.spi.Engines;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The table of tested engines and the engines that there are. This is the module whose tests have all of them. */
class EngineTableTest {
    /** Made for tests, by the tests of paligemma-core. */
    private static final Set<String> STAND_INS = Set.of("probed", "recording");

    private static List<String> engines() {
        return Engines.names().stream()
                .filter(name -> !STAND_INS.contains(name))
                .toList();
    }

    @Test
    void allEnginesAreOnTheClassPath() {
        assertThat(engines()).containsExactlyInAnyOrder("onnx", "pytorch", "reference");
    }

    @Test
    void theTableHasTheEnginesOnTheClassPath() {
        assertThat(Arrays.stream(TestedEngine.values()).map(TestedEngine::engine))
                .containsOnly(engines().toArray(new String[0]));
    }

    @Test
    void theTableHasThePrecisionsThatTheEnginesOffer() {
        List<String> offered = new ArrayList<>();
        for (String engine : engines()) {
            for (Precision precision : Engines.require(engine).precisions(Device.Kind.CPU)) {
                offered.add(engine + " " + precision);
            }
        }

        assertThat(Arrays.stream(TestedEngine.values()).map(row -> row.engine() + " " + row.precision()))
                .containsExactlyInAnyOrderElementsOf(offered);
    }
}
