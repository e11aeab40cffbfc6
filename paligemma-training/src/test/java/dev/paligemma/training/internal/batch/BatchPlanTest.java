package dev.paligemma.training.internal.batch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.paligemma.training.data.ExampleOrder;
import dev.paligemma.training.internal.batch.BatchPlan.Update;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class BatchPlanTest {
    @Test
    void aGivenOrderHasASmallerLastBatchAndUpdateAndThenRepeats() {
        BatchPlan plan = new BatchPlan(1, 7, 2, 3, ExampleOrder.GIVEN);
        assertThat(plan.batchesPerEpoch()).isEqualTo(4);
        assertThat(plan.updatesPerEpoch()).isEqualTo(2);
        assertThat(plan.update(0).batches()).containsExactly(List.of(0, 1), List.of(2, 3), List.of(4, 5));
        assertThat(plan.update(1).batches()).containsExactly(List.of(6));
        Update third = plan.update(2);
        assertThat(third.epoch()).isEqualTo(1);
        assertThat(third.batches()).isEqualTo(plan.update(0).batches());
    }

    @Test
    void aShuffledEpochHasEachExampleOnceInAnOrderOfItsOwn() {
        BatchPlan plan = new BatchPlan(42, 50, 4, 2, ExampleOrder.SHUFFLED);
        List<Integer> first = epoch(plan, 0);
        List<Integer> second = epoch(plan, 1);
        Integer[] all = IntStream.range(0, 50).boxed().toArray(Integer[]::new);
        assertThat(first).containsExactlyInAnyOrder(all);
        assertThat(second).containsExactlyInAnyOrder(all).isNotEqualTo(first);
        assertThat(epoch(new BatchPlan(42, 50, 4, 2, ExampleOrder.SHUFFLED), 1)).isEqualTo(second);
        assertThat(epoch(new BatchPlan(43, 50, 4, 2, ExampleOrder.SHUFFLED), 0)).isNotEqualTo(first);
        assertThat(epoch(new BatchPlan(42, 50, 8, 1, ExampleOrder.SHUFFLED), 0)).isEqualTo(first);
    }

    @Test
    void anEndlessOrderGoesOnInTheMiddleOfABatch() {
        BatchPlan plan = new BatchPlan(1, 5, 2, 2, ExampleOrder.GIVEN, true);
        assertThat(plan.update(0).batches()).containsExactly(List.of(0, 1), List.of(2, 3));
        assertThat(plan.update(1).batches()).containsExactly(List.of(4, 0), List.of(1, 2));
        assertThat(plan.update(2).epoch()).isEqualTo(1);
        assertThat(plan.epochs(5)).isEqualTo(4);
    }

    private static List<Integer> epoch(BatchPlan plan, int epoch) {
        List<Integer> seen = new ArrayList<>();
        for (int i = 0; i < plan.updatesPerEpoch(); i++) {
            Update update = plan.update((long) epoch * plan.updatesPerEpoch() + i);
            assertThat(update.epoch()).isEqualTo(epoch);
            seen.addAll(update.examples());
        }
        return seen;
    }

    @Test
    void hugeNumbersDoNotOverflow() {
        BatchPlan plan = new BatchPlan(1, 3, Integer.MAX_VALUE, Integer.MAX_VALUE, ExampleOrder.GIVEN);
        assertThat(plan.updatesPerEpoch()).isEqualTo(1);
        assertThat(plan.update(Long.MAX_VALUE).examples()).containsExactly(0, 1, 2);
        assertThat(plan.updates(2.5)).isEqualTo(3);
    }

    @Test
    void impossibleNumbersAreRefused() {
        assertThatThrownBy(() -> new BatchPlan(1, 0, 1, 1, ExampleOrder.GIVEN))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("at least 1");
        assertThatThrownBy(() -> new BatchPlan(1, 1, 1, 1, ExampleOrder.GIVEN).update(-1))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
