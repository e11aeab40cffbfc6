package dev.paligemma.pytorch;

import static dev.paligemma.engine.contract.TestedEngine.PYTORCH_FLOAT32;

import dev.paligemma.engine.contract.EngineUnderTest;
import dev.paligemma.engine.contract.TrainingContract;

@EngineUnderTest(PYTORCH_FLOAT32)
class TorchTrainingContractTest extends TrainingContract {}
