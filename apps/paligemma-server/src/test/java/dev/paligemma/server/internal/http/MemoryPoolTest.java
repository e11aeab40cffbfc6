package dev.paligemma.server.internal.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Memory is taken before it is used, is given back whole, and nobody waits for ever. */
class MemoryPoolTest {
    private static final int KIB = 1024;

    private final MemoryPool pool = new MemoryPool(10 * KIB);

    @Test
    void whatDoesNotFitIsRefusedAndWhatIsClosedIsGivenBack() {
        MemoryPool.Share one = pool.open();
        MemoryPool.Share other = pool.open();
        assertThat(one.tryHold(4 * KIB)).isTrue();
        assertThat(one.tryHold(6 * KIB)).as("grows").isTrue();
        assertThat(other.tryHold(4 * KIB)).isTrue();
        assertThat(other.tryHold(4 * KIB + 1)).isFalse();
        one.close();
        one.close();
        assertThat(pool.freeBytes()).isEqualTo(6 * KIB);
        assertThat(one.tryHold(1)).as("closed").isFalse();
        other.close();
        assertThat(pool.freeBytes()).isEqualTo(10 * KIB);
    }

    @Test
    void oneThatNeedsMoreThanThereIsHasAllOfItAlone() {
        MemoryPool.Share large = pool.open();
        assertThat(large.tryHold(1L << 40)).isTrue();
        assertThat(pool.freeBytes()).isZero();
        large.reduce(2 * KIB);
        assertThat(pool.freeBytes()).isEqualTo(8 * KIB);
        large.close();
        assertThat(pool.freeBytes()).isEqualTo(10 * KIB);
    }

    @Test
    void oneThatWaitsGetsItsPart() throws Exception {
        MemoryPool.Share first = pool.open();
        first.hold(10 * KIB);
        MemoryPool.Share second = pool.open();
        CompletableFuture<Long> freed = CompletableFuture.supplyAsync(() -> {
            try {
                second.hold(3 * KIB);
                return pool.freeBytes();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
        first.close();
        assertThat(freed.orTimeout(20, TimeUnit.SECONDS).join()).isEqualTo(7 * KIB);
        second.close();
    }

    @Test
    void oneThatEndedWhileItWaitedKeepsNothing() throws Exception {
        MemoryPool.Share first = pool.open();
        first.hold(10 * KIB);
        MemoryPool.Share gone = pool.open();
        Thread waiting = new Thread(() -> {
            try {
                gone.hold(3 * KIB);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        waiting.start();
        gone.close();
        first.close();
        waiting.join(Duration.ofSeconds(20).toMillis());
        assertThat(waiting.isAlive()).isFalse();
        assertThat(pool.freeBytes()).isEqualTo(10 * KIB);
    }
}
