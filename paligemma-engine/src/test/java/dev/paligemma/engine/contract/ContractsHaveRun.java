package dev.paligemma.engine.contract;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paligemma.engine.contract.TestedEngine.Level;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Fails if a contract that {@link TestedEngine} asks for did not run in this JVM or was skipped. A subclass for each module
 * says what its part of the table is. It must be the last class to run: subclasses carry {@code @Order(Integer.MAX_VALUE)},
 * and the build orders classes by that. Run it with its whole module; alone it fails, as nothing else has run.
 */
public abstract class ContractsHaveRun {
    private final String engine;
    private final Level[] levels;

    /** Asks for the contracts of some levels on all rows of an engine. */
    protected ContractsHaveRun(String engine, Level... levels) {
        this.engine = engine;
        this.levels = levels.clone();
    }

    @Test
    void everyContractOfTheTableHasRunOnEveryPrecision() {
        List<String> missing = new ArrayList<>();
        int contracts = 0;
        for (TestedEngine row : TestedEngine.all(engine)) {
            for (Level level : levels) {
                for (String contract : row.contracts(level)) {
                    missing.addAll(ContractLedger.missing(row, contract));
                    contracts++;
                }
            }
        }
        assertThat(contracts).isPositive();
        assertThat(missing).isEmpty();
    }
}
