package dev.paligemma;

import static dev.paligemma.engine.contract.TestedEngine.ONNX_INT8;

import dev.paligemma.engine.contract.EngineUnderTest;

@EngineUnderTest(ONNX_INT8)
class OnnxInt8Test extends SmallPrecisionContract {
    OnnxInt8Test() {
        // Measured are at most 0.006.
        super(0.02);
    }
}
