package dev.paligemma.onnx;

import dev.paligemma.engine.contract.ContractsHaveRun;
import dev.paligemma.engine.contract.TestedEngine.Level;

class OnnxContractsHaveRunTest extends ContractsHaveRun {
    OnnxContractsHaveRunTest() {
        super("onnx", Level.OPERATIONS);
    }
}
