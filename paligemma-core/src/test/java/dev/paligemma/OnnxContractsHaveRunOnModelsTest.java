package dev.paligemma;

import dev.paligemma.engine.contract.ContractsHaveRun;
import dev.paligemma.engine.contract.TestedEngine.Level;

class OnnxContractsHaveRunOnModelsTest extends ContractsHaveRun {
    OnnxContractsHaveRunOnModelsTest() {
        super("onnx", Level.MODELS);
    }
}
