package dev.paligemma.reference;

import dev.paligemma.engine.contract.ContractsHaveRun;
import dev.paligemma.engine.contract.TestedEngine.Level;
import org.junit.jupiter.api.Order;

@Order(Integer.MAX_VALUE)
class ReferenceContractsHaveRunTest extends ContractsHaveRun {
    ReferenceContractsHaveRunTest() {
        super("reference", Level.OPERATIONS, Level.MODELS);
    }
}
