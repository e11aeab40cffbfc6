package dev.paligemma;

import dev.paligemma.engine.contract.ContractsHaveRun;
import dev.paligemma.engine.contract.TestedEngine.Level;
import org.junit.jupiter.api.Order;

@Order(Integer.MAX_VALUE)
class OnnxContractsHaveRunOnModelsTest extends ContractsHaveRun {
    OnnxContractsHaveRunOnModelsTest() {
        super("onnx", Level.MODELS);
    }
}
