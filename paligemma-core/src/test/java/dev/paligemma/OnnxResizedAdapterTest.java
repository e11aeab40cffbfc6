package dev.paligemma;

import static dev.paligemma.engine.contract.TestedEngine.ONNX_FLOAT32;

import dev.paligemma.engine.contract.EngineUnderTest;

@EngineUnderTest(ONNX_FLOAT32)
class OnnxResizedAdapterTest extends ResizedAdapterContract {}
