package dev.paligemma.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.paligemma.engine.EngineException;
import dev.paligemma.engine.machine.MainMemory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

class BufferPoolTest {
    private final BufferPool pool = new BufferPool();

    @Test
    void givesAsManyBytesAsAskedForInNativeOrder() {
        for (int bytes : new int[] {0, 1, 4095, 4096, 4097, 5000, 100_001}) {
            ByteBuffer buffer = pool.acquire(bytes);

            assertThat(buffer.position()).isZero();
            assertThat(buffer.limit()).isEqualTo(bytes);
            assertThat(buffer.isDirect()).isTrue();
            assertThat(buffer.order()).isEqualTo(ByteOrder.nativeOrder());
        }
    }

    @Test
    void wastesAtMostAnEighthOfLargeBuffers() {
        for (int bytes = 4097; bytes < 1 << 20; bytes = bytes * 5 / 4 + 3) {
            assertThat(pool.acquire(bytes).capacity()).isBetween(bytes, bytes + bytes / 8 + 1);
        }
    }

    @Test
    void tooLittleMemoryIsAnEngineException() {
        long most = 1 << 30;
        Assumptions.assumeTrue(MainMemory.maxDirectBytes() < 2 * most, "there is enough");
        ByteBuffer first = null;
        try {
            first = pool.acquireUncleared(most);
        } catch (EngineException e) {
            // Then the second fails all the more.
        }
        assertThatThrownBy(() -> pool.acquireUncleared(most))
                .isInstanceOf(EngineException.class)
                .hasMessageContaining("not enough memory outside the Java heap for a key/value cache")
                .hasCauseInstanceOf(OutOfMemoryError.class);
        assertThat(first == null || first.capacity() >= most).isTrue();
    }

    @Test
    void usesABufferAgainForASimilarSize() {
        ByteBuffer first = pool.acquire(40_000);
        pool.release(first);

        ByteBuffer second = pool.acquire(39_000);

        assertThat(second).isSameAs(first);
        assertThat(second.limit()).isEqualTo(39_000);
    }

    @Test
    void givesABufferToOneAtATime() {
        pool.release(pool.acquire(40_000));

        assertThat(pool.acquire(40_000)).isNotSameAs(pool.acquire(40_000));
    }

    @Test
    void clearsWhatWasLeftInAllOfTheBuffer() {
        ByteBuffer first = pool.acquire(40_001);
        first.clear();
        while (first.hasRemaining()) {
            first.put((byte) 7);
        }
        pool.release(first);

        ByteBuffer second = pool.acquire(40_002).clear();

        assertThat(second).isSameAs(first);
        while (second.hasRemaining()) {
            assertThat(second.get()).isZero();
        }
    }

    @Test
    void doesNotGiveALargeBufferForASmallRequest() {
        ByteBuffer large = pool.acquire(1 << 20);
        pool.release(large);

        assertThat(pool.acquire(1 << 16)).isNotSameAs(large);
    }

    @Test
    void keepsHalfAGibibyteAtMost() {
        ByteBuffer buffer = pool.acquire(1 << 26);
        // Nine views of 64 MiB stand for nine buffers.
        Set<ByteBuffer> released = Collections.newSetFromMap(new IdentityHashMap<>());
        for (int i = 0; i < 9; i++) {
            ByteBuffer view = buffer.duplicate();
            released.add(view);
            pool.release(view);
        }

        for (int i = 0; i < 8; i++) {
            assertThat(released.remove(pool.acquire(1 << 26))).isTrue();
        }
        assertThat(released.contains(pool.acquire(1 << 26))).isFalse();
    }

    @Test
    void sizesOutOfUseMakeRoomForOthers() {
        ByteBuffer large = pool.acquire(1 << 26);
        for (int i = 0; i < 8; i++) {
            pool.release(large.duplicate());
        }
        ByteBuffer small = pool.acquire(40_000);
        pool.release(small);

        assertThat(pool.acquire(40_000)).isSameAs(small);
    }

    @Test
    void refusesMoreThanABufferCanHold() {
        assertThatThrownBy(() -> pool.acquire(1L << 31))
                .isInstanceOf(EngineException.class)
                .hasMessageContaining("2147483648 bytes");
    }

    @Test
    void clearDropsAllBuffers() {
        ByteBuffer first = pool.acquire(40_000);
        pool.release(first);

        pool.clear();

        assertThat(pool.acquire(40_000)).isNotSameAs(first);
    }
}
