package dev.paligemma.training.internal.batch;

import dev.paligemma.training.data.ExampleOrder;
import dev.paligemma.training.internal.random.Draws;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Which examples come in which update: a pure function, so that a run can go on at any update. Immutable and thread-safe.
 *
 * <p>As the trainer of transformers has it: an epoch takes each example once; its last batch may be smaller, and its last
 * update may have fewer batches. An update never reaches into the next epoch.
 *
 * <p>Or as a loop over a number of steps has it: examples come one after the other, from the first again after the last, in
 * the middle of a batch too, so that all updates are equally large.
 *
 * @param seed from which the orders of shuffled epochs follow
 * @param size how many examples there are, at least 1
 * @param batch how many examples run at once, at least 1
 * @param accumulate of how many batches an update is made, at least 1
 * @param endless whether examples go on from the first again in the middle of a batch
 */
public record BatchPlan(long seed, int size, int batch, int accumulate, ExampleOrder order, boolean endless) {
    /** Keeps the order of an epoch apart from other random numbers of the same seed. */
    private static final long PURPOSE = 0x6f72646572L;

    /** Checks the numbers; an {@link IllegalArgumentException} if one is less than 1. */
    public BatchPlan {
        if (size < 1 || batch < 1 || accumulate < 1) {
            throw new IllegalArgumentException(
                    "size, batch and accumulate must be at least 1, got " + size + ", " + batch + " and " + accumulate);
        }
    }

    /** A plan of epochs. */
    public BatchPlan(long seed, int size, int batch, int accumulate, ExampleOrder order) {
        this(seed, size, batch, accumulate, order, false);
    }

    /**
     * An update.
     *
     * @param number from 0, over all epochs
     * @param epoch from 0, of its first example
     * @param batches indices of examples, at least one batch of at least one
     */
    public record Update(long number, long epoch, List<List<Integer>> batches) {
        /** Copies the list. */
        public Update {
            batches = List.copyOf(batches);
        }

        /** The indices of all examples, in the order of the batches. */
        public List<Integer> examples() {
            return batches.stream().flatMap(List::stream).toList();
        }
    }

    /** How many batches an epoch has. */
    public int batchesPerEpoch() {
        return ceilDiv(size, batch);
    }

    /** How many updates an epoch has. */
    public int updatesPerEpoch() {
        return ceilDiv(batchesPerEpoch(), accumulate);
    }

    /** How many updates so many epochs have, which need not be a whole number: rounded up, at least 1. */
    public long updates(double epochs) {
        return Math.max(1, (long) Math.ceil(epochs * updatesPerEpoch()));
    }

    /** How many epochs so many updates are. */
    public double epochs(long updates) {
        return endless ? (double) updates * batch * accumulate / size : (double) updates / updatesPerEpoch();
    }

    /** The update of a number, from 0 on; epochs repeat. */
    public Update update(long number) {
        if (number < 0) {
            throw new IllegalArgumentException("updates are numbered from 0, got " + number);
        }
        if (endless) {
            return endlessUpdate(number);
        }
        long epoch = number / updatesPerEpoch();
        int first = (int) (number % updatesPerEpoch()) * accumulate;
        int[] indices = orderOf(epoch);
        List<List<Integer>> batches = new ArrayList<>();
        for (int i = first; i < Math.min(batchesPerEpoch(), first + (long) accumulate); i++) {
            int from = i * batch;
            int to = (int) Math.min(size, from + (long) batch);
            batches.add(Arrays.stream(indices, from, to).boxed().toList());
        }
        return new Update(number, epoch, batches);
    }

    private Update endlessUpdate(long number) {
        long at = Math.multiplyExact(Math.multiplyExact(number, (long) batch), (long) accumulate);
        List<List<Integer>> batches = new ArrayList<>();
        long epoch = at / size;
        long shown = -1;
        int[] indices = {};
        for (int i = 0; i < accumulate; i++) {
            List<Integer> examples = new ArrayList<>();
            for (int j = 0; j < batch; j++, at++) {
                if (at / size != shown) {
                    shown = at / size;
                    indices = orderOf(shown);
                }
                examples.add(indices[(int) (at % size)]);
            }
            batches.add(List.copyOf(examples));
        }
        return new Update(number, epoch, batches);
    }

    private int[] orderOf(long epoch) {
        return switch (order) {
            case GIVEN -> IntStream.range(0, size).toArray();
            case SHUFFLED -> Draws.of(seed, PURPOSE, epoch).permutation(size);
        };
    }

    private static int ceilDiv(int a, int b) {
        return (int) ((a + (long) b - 1) / b);
    }
}
