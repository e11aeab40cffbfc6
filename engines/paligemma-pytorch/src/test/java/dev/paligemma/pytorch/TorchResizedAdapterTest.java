package dev.paligemma.pytorch;

import static dev.paligemma.engine.contract.TestedEngine.PYTORCH_FLOAT32;

import dev.paligemma.ResizedAdapterContract;
import dev.paligemma.engine.contract.EngineUnderTest;

@EngineUnderTest(PYTORCH_FLOAT32)
class TorchResizedAdapterTest extends ResizedAdapterContract {}
