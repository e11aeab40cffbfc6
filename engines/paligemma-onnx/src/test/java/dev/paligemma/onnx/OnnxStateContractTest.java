package dev.paligemma.onnx;

import static dev.paligemma.engine.contract.TestedEngine.ONNX_FLOAT32;

import dev.paligemma.engine.contract.EngineUnderTest;
import dev.paligemma.engine.contract.StateContract;

@EngineUnderTest(ONNX_FLOAT32)
class OnnxStateContractTest extends StateContract {}
