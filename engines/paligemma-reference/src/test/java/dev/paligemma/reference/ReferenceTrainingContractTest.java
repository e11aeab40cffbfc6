package dev.paligemma.reference;

import static dev.paligemma.engine.contract.TestedEngine.REFERENCE_FLOAT32;

import dev.paligemma.engine.contract.EngineUnderTest;
import dev.paligemma.engine.contract.TrainingContract;

@EngineUnderTest(REFERENCE_FLOAT32)
class ReferenceTrainingContractTest extends TrainingContract {}
