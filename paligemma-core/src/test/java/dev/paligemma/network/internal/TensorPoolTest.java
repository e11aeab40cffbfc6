package dev.paligemma.network.internal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paligemma.engine.graph.ElementType;
import dev.paligemma.engine.spi.HostTensor;
import org.junit.jupiter.api.Test;

class TensorPoolTest {
    private final TensorPool pool = new TensorPool(1000);

    private HostTensor acquire(long... shape) {
        return pool.acquire(ElementType.FLOAT32, shape);
    }

    @Test
    void usesATensorAgainForTheSameShape() {
        HostTensor first = acquire(2, 3);
        pool.release(first);

        assertThat(acquire(2, 3)).isSameAs(first);
    }

    @Test
    void givesATensorToOneAtATime() {
        pool.release(acquire(2, 3));

        assertThat(acquire(2, 3)).isNotSameAs(acquire(2, 3));
    }

    @Test
    void keepsShapesAndTypesApart() {
        HostTensor first = acquire(2, 3);
        pool.release(first);

        assertThat(acquire(3, 2)).isNotSameAs(first);
        assertThat(acquire(6)).isNotSameAs(first);
        assertThat(pool.acquire(ElementType.INT64, 2, 3)).isNotSameAs(first);
        assertThat(acquire(2, 3)).isSameAs(first);
    }

    @Test
    void shapesOutOfUseMakeRoomForOthers() {
        HostTensor old = acquire(200);
        pool.release(old);
        HostTensor recent = acquire(100);
        pool.release(recent);

        assertThat(acquire(100)).isSameAs(recent);
        assertThat(acquire(200)).isNotSameAs(old);
    }

    @Test
    void keepsNothingLargerThanItself() {
        HostTensor large = acquire(251);
        pool.release(large);

        assertThat(acquire(251)).isNotSameAs(large);
    }
}
