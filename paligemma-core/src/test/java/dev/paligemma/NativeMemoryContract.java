package dev.paligemma;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paligemma.engine.contract.ContractLedger;
import dev.paligemma.engine.contract.TestedEngine;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** A few hundred requests; {@link ManyRequests} is the same for as many as one likes. */
@ExtendWith(ContractLedger.class)
@Timeout(180)
public abstract class NativeMemoryContract {

    @Test
    void manyRequestsNeedNoMoreDirectMemoryThanFew() throws IOException, InterruptedException {
        try (ManyRequests requests = new ManyRequests(TestedEngine.of(getClass()), "pg2-gqa")) {
            requests.run(2 * ManyRequests.PERIOD);
            ManyRequests.Memory before = ManyRequests.Memory.afterCollection();
            requests.run(3 * ManyRequests.PERIOD);
            ManyRequests.Memory after = ManyRequests.Memory.afterCollection();

            assertThat(before.directBytes())
                    .as("the measurement measures something")
                    .isPositive();
            assertThat(after.directBytes()).isLessThanOrEqualTo(before.directBytes());
            assertThat(after.directBuffers()).isLessThanOrEqualTo(before.directBuffers());
        }
    }
}
