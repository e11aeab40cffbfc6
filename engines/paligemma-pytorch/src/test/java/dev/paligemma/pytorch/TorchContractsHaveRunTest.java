package dev.paligemma.pytorch;

import dev.paligemma.engine.contract.ContractsHaveRun;
import dev.paligemma.engine.contract.TestedEngine.Level;
import org.junit.jupiter.api.Order;

@Order(Integer.MAX_VALUE)
class TorchContractsHaveRunTest extends ContractsHaveRun {
    TorchContractsHaveRunTest() {
        super("pytorch", Level.OPERATIONS, Level.MODELS);
    }
}
