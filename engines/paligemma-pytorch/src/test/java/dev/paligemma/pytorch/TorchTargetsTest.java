package dev.paligemma.pytorch;

import static dev.paligemma.engine.contract.TestedEngine.PYTORCH_BFLOAT16;

import dev.paligemma.engine.Device;
import dev.paligemma.engine.EngineOptions;
import dev.paligemma.engine.Precision;
import dev.paligemma.engine.contract.EngineContract;
import dev.paligemma.engine.contract.EngineUnderTest;
import dev.paligemma.engine.contract.ProgramContract;
import dev.paligemma.engine.contract.StateContract;
import dev.paligemma.engine.spi.Engine;
import org.junit.jupiter.api.Nested;

/**
 * The contracts on everything that can be asked of this engine beside {@link TorchEngineContractTest}. What a GPU would run
 * runs on the main processor here, with all copies that a GPU needs: its text differs in the name of the device alone.
 */
class TorchTargetsTest {
    /** Half of the distance of neighbouring numbers of 8 bits is {@code 2^-9}; some steps round one after the other. */
    private static final double ROUNDED = 0.016;
    /**
     * Where queries, keys and values are rounded, too: that alone moves the result of the largest scores by 0.069, as the
     * difference is in the exponent.
     */
    private static final double ROUNDED_SCORES = 0.08;

    private static final TorchDevice HERE = TorchDevice.of(Device.CPU);
    private static final TorchDevice ELSEWHERE = new TorchDevice("cpu", true);
    private static final Target COPIED = Target.single(ELSEWHERE);
    private static final Target BFLOAT16 = new Target(HERE, NumberType.BFLOAT16, NumberType.FLOAT32, Integer.MAX_VALUE);
    private static final Target WIDENED = new Target(HERE, NumberType.BFLOAT16, NumberType.FLOAT32, 1);
    private static final Target COPIED_BFLOAT16 =
            new Target(ELSEWHERE, NumberType.BFLOAT16, NumberType.BFLOAT16, Integer.MAX_VALUE);

    private static Engine engine(Target target, Precision precision) {
        return TorchEngine.create(
                new EngineOptions(Device.CPU, precision, 2), new ScriptEmitter.Settings(target, 1 << 30, 8192));
    }

    private abstract static class Bfloat16Operations extends EngineContract {
        @Override
        protected double tolerance(double single) {
            return ROUNDED;
        }
    }

    @Nested
    class Copied extends EngineContract {
        @Override
        protected Engine createEngine() {
            return engine(COPIED, Precision.FLOAT32);
        }
    }

    @Nested
    class CopiedProgram extends ProgramContract {
        @Override
        protected Engine createEngine() {
            return engine(COPIED, Precision.FLOAT32);
        }
    }

    @Nested
    class CopiedState extends StateContract {
        @Override
        protected Engine createEngine() {
            return engine(COPIED, Precision.FLOAT32);
        }
    }

    @Nested
    @EngineUnderTest(PYTORCH_BFLOAT16)
    class Bfloat16 extends Bfloat16Operations {
        @Override
        protected Engine createEngine() {
            return engine(BFLOAT16, Precision.BFLOAT16);
        }
    }

    @Nested
    class Widened extends Bfloat16Operations {
        @Override
        protected Engine createEngine() {
            return engine(WIDENED, Precision.BFLOAT16);
        }
    }

    @Nested
    class CopiedBfloat16 extends Bfloat16Operations {
        @Override
        protected double tolerance(double single) {
            return ROUNDED_SCORES;
        }

        @Override
        protected Engine createEngine() {
            return engine(COPIED_BFLOAT16, Precision.BFLOAT16);
        }
    }

    @Nested
    class CopiedBfloat16Program extends ProgramContract {
        @Override
        protected Precision precision() {
            return Precision.BFLOAT16;
        }

        @Override
        protected double tolerance(double single) {
            return ROUNDED_SCORES;
        }

        @Override
        protected Engine createEngine() {
            return engine(COPIED_BFLOAT16, Precision.BFLOAT16);
        }
    }

    @Nested
    class CopiedBfloat16State extends StateContract {
        @Override
        protected double tolerance(double single) {
            return ROUNDED_SCORES;
        }

        @Override
        protected Engine createEngine() {
            return engine(COPIED_BFLOAT16, Precision.BFLOAT16);
        }
    }
}
