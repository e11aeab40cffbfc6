package dev.paligemma.reference;

import static dev.paligemma.engine.contract.TestedEngine.REFERENCE_FLOAT32;

import dev.paligemma.ResizedAdapterContract;
import dev.paligemma.engine.contract.EngineUnderTest;

@EngineUnderTest(REFERENCE_FLOAT32)
class ReferenceResizedAdapterTest extends ResizedAdapterContract {}
