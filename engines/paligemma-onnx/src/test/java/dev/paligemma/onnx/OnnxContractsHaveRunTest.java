package dev.paligemma.onnx;

import dev.paligemma.engine.contract.ContractsHaveRun;
import dev.paligemma.engine.contract.TestedEngine.Level;
import org.junit.jupiter.api.Order;

@Order(Integer.MAX_VALUE)
class OnnxContractsHaveRunTest extends ContractsHaveRun {
    OnnxContractsHaveRunTest() {
        super("onnx", Level.OPERATIONS);
    }
}
