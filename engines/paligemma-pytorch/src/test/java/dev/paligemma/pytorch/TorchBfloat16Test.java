package dev.paligemma.pytorch;

import static dev.paligemma.engine.contract.TestedEngine.PYTORCH_BFLOAT16;

import dev.paligemma.SmallPrecisionContract;
import dev.paligemma.engine.contract.EngineUnderTest;

/** Beside {@link Bfloat16ParityTest}, which compares with transformers. */
@EngineUnderTest(PYTORCH_BFLOAT16)
class TorchBfloat16Test extends SmallPrecisionContract {
    TorchBfloat16Test() {
        // Measured are at most 0.00033.
        super(0.001);
    }
}
