package dev.paligemma;

import static dev.paligemma.engine.contract.TestedEngine.ONNX_INT4;

import dev.paligemma.engine.contract.EngineUnderTest;

@EngineUnderTest(ONNX_INT4)
class OnnxInt4Test extends SmallPrecisionContract {
    OnnxInt4Test() {
        // Measured are at most 0.17.
        super(0.4);
    }
}
