package dev.paligemma.reference;

import static dev.paligemma.engine.contract.TestedEngine.REFERENCE_FLOAT32;

import dev.paligemma.engine.contract.EngineUnderTest;
import dev.paligemma.engine.contract.ProgramContract;

@EngineUnderTest(REFERENCE_FLOAT32)
class ReferenceProgramContractTest extends ProgramContract {
    @Override
    protected boolean computes(StackTraceElement where) {
        return where.getClassName().equals(Interpreter.class.getName());
    }
}
