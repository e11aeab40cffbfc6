package dev.paligemma.engine.contract;

import dev.paligemma.engine.graph.ElementType;
import dev.paligemma.engine.spi.Engine;
import dev.paligemma.engine.spi.HostTensor;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** What the contracts of operations and small graphs have in common: an engine, and golden values to compare with. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class GoldenContract {
    OperationGoldens goldens;
    Engine engine;

    /** Makes the engine that the class is annotated with, or another one on the CPU; fails if it is not available. */
    protected Engine createEngine() {
        return TestedEngine.of(getClass()).create();
    }

    /**
     * How far a result may be from the golden one.
     *
     * @param single how far it may be in single precision, as a part of the largest magnitude in its row
     */
    protected double tolerance(double single) {
        return single;
    }

    @BeforeAll
    void open(@TempDir Path folder) {
        goldens = new OperationGoldens(folder);
        engine = createEngine();
    }

    static HostTensor zeros(long... shape) {
        return HostTensor.allocate(ElementType.FLOAT32, shape);
    }
}
