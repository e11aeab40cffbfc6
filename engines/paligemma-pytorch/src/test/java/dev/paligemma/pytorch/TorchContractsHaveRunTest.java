package dev.paligemma.pytorch;

import dev.paligemma.engine.contract.ContractsHaveRun;
import dev.paligemma.engine.contract.TestedEngine.Level;

class TorchContractsHaveRunTest extends ContractsHaveRun {
    TorchContractsHaveRunTest() {
        super("pytorch", Level.OPERATIONS, Level.MODELS);
    }
}
