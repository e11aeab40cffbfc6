package dev.paligemma.reference;

import static dev.paligemma.engine.contract.TestedEngine.REFERENCE_FLOAT32;

import dev.paligemma.engine.contract.EngineUnderTest;
import dev.paligemma.network.GoldenIntermediatesContract;

@EngineUnderTest(REFERENCE_FLOAT32)
class ReferenceGoldenIntermediatesTest extends GoldenIntermediatesContract {}
