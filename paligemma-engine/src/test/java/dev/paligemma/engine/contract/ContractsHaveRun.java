package dev.paligemma.engine.contract;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paligemma.engine.contract.TestedEngine.Level;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Fails if a contract that {@link TestedEngine} asks for did not run in this JVM or was skipped. A subclass for each module
 * says what its part of the table is.
 *
 * <p>Classes run in any order, so the question is put after the last of them; what is missing then is a failure of JUnit
 * Jupiter as a whole. Nothing is missing when single classes were asked for ({@code -Dtest=...}). A run that leaves a contract
 * out on purpose names it in the system property {@value #LEFT_OUT}, separated by commas.
 */
public abstract class ContractsHaveRun {
    private static final String LEFT_OUT = "contracts.left.out";

    private final String engine;
    private final Level[] levels;

    @RegisterExtension
    final AfterEachCallback whenAllHaveRun = context -> context.getRoot()
            .getStore(Namespace.create(ContractsHaveRun.class))
            .put(getClass(), (AutoCloseable) this::check);

    /** Asks for the contracts of some levels on all rows of an engine. */
    protected ContractsHaveRun(String engine, Level... levels) {
        this.engine = engine;
        this.levels = levels.clone();
    }

    @Test
    void theTableAsksForContracts() {
        for (Level level : levels) {
            assertThat(TestedEngine.all(engine))
                    .anyMatch(row -> !row.contracts(level).isEmpty());
        }
    }

    private void check() {
        // Set for Maven, which hands it on to this JVM.
        if (System.getProperty("test") != null) {
            return;
        }
        List<String> leftOut = List.of(System.getProperty(LEFT_OUT, "").split(","));
        List<String> missing = new ArrayList<>();
        for (TestedEngine row : TestedEngine.all(engine)) {
            for (Level level : levels) {
                for (String contract : row.contracts(level)) {
                    if (!leftOut.contains(contract)) {
                        missing.addAll(ContractLedger.missing(row, contract));
                    }
                }
            }
        }
        assertThat(missing).as("contracts that must run").isEmpty();
    }
}
