package dev.paligemma.pytorch;

import ai.djl.pytorch.jni.IValue;
import dev.paligemma.engine.EngineException;
import dev.paligemma.engine.spi.CheckedDecodingState;
import dev.paligemma.engine.spi.HostTensor;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The key/value caches of one request. Confined to one thread at a time.
 *
 * <p>The caches are one list of tensors in torch, {@code float32[S, K, C, h]} for each layer's keys and values, which the
 * script writes in place; see {@link Kernels}. Each sequence has rows of its own for its prefix, too. As long as all
 * sequences began as one, the rows they have in common are left alone when they change places.
 */
final class TorchDecodingState extends CheckedDecodingState {
    private static final int LEAST_ROOM = 16;
    /** More than this is not allocated for a hint alone. */
    private static final int LARGEST_HINT = 1 << 14;

    private final TorchProgram program;
    private @Nullable IValue caches;
    private int[] lengths = {0};
    /** How many rows, from the first, are the same in all sequences. */
    private int common;
    /** Rows that the caches have room for. */
    private int capacity;
    /** Rows by which the caches exceeded the sequences when they were made. */
    private int room;

    TorchDecodingState(TorchProgram program, int expectedRows) {
        super(program);
        this.program = program;
        this.room = Math.max(LEAST_ROOM, Math.min(LARGEST_HINT, expectedRows));
    }

    /** A state of all sequences of other states, which stay as they are. */
    static TorchDecodingState join(TorchProgram program, List<TorchDecodingState> states) {
        int room = states.stream().mapToInt(state -> state.room).max().orElseThrow();
        TorchDecodingState joined = new TorchDecodingState(program, room);
        try {
            joined.change(() -> joined.takeAll(states));
            return joined;
        } catch (RuntimeException e) {
            joined.close();
            throw e;
        }
    }

    private void takeAll(List<TorchDecodingState> states) {
        int[] all = states.stream()
                .flatMapToInt(state -> Arrays.stream(state.lengths))
                .toArray();
        allocate(all.length, Arrays.stream(all).max().orElseThrow());
        int sequence = 0;
        for (TorchDecodingState state : states) {
            int first = sequence;
            program.call((script, scope) -> {
                script.call("take", caches(), state.caches(), scope.integer(first), scope.integer(state.longest()))
                        .close();
                return true;
            });
            sequence += state.sequences();
        }
        lengths = all;
        common = states.size() == 1 ? states.get(0).common : 0;
    }

    @Override
    public int sequences() {
        return lengths.length;
    }

    @Override
    public int length(int sequence) {
        return lengths[Objects.checkIndex(sequence, lengths.length)];
    }

    @Override
    protected void runPrefix(int rows, Map<String, HostTensor> inputs, Map<String, HostTensor> outputs) {
        allocate(1, rows);
        change(() -> program.run(Run.PREFIX, inputs, outputs, scope -> List.of(caches())));
        lengths = new int[] {rows};
        common = rows;
    }

    @Override
    protected void runNext(Map<String, HostTensor> inputs, Map<String, HostTensor> outputs) {
        int longest = longest();
        if (longest == capacity) {
            grow();
        }
        if (Arrays.stream(lengths).allMatch(length -> length == longest)) {
            change(() -> program.run(Run.NEXT, inputs, outputs, scope -> List.of(caches(), scope.integer(longest))));
        } else {
            HostTensor places =
                    HostTensor.ofLongs(Arrays.stream(lengths).asLongStream().toArray());
            change(() -> program.run(
                    Run.NEXT_OF_UNEQUAL,
                    inputs,
                    outputs,
                    scope -> List.of(caches(), scope.tensor(scope.view(places)), scope.integer(longest + 1L))));
        }
        for (int sequence = 0; sequence < lengths.length; sequence++) {
            lengths[sequence]++;
        }
        if (lengths.length == 1) {
            common = lengths[0];
        }
    }

    @Override
    protected void keep(int[] chosen) {
        HostTensor index =
                HostTensor.ofLongs(Arrays.stream(chosen).asLongStream().toArray());
        int longest = longest();
        boolean inPlace = chosen.length == sequences();
        if (!inPlace || longest > common) {
            change(() -> program.call((script, scope) -> {
                IValue rows = scope.tensor(scope.view(index));
                IValue done = inPlace
                        ? script.call(
                                "rearrange",
                                caches(),
                                rows,
                                scope.integer(common),
                                scope.integer(longest - (long) common))
                        : script.call("choose", caches(), rows);
                done.close();
                return true;
            }));
        }
        int[] old = lengths;
        lengths = Arrays.stream(chosen).map(sequence -> old[sequence]).toArray();
        if (Arrays.stream(chosen).distinct().count() == 1) {
            common = lengths[0];
        }
    }

    /** Makes empty caches with room for more rows than the given ones. */
    private void allocate(int sequences, int rows) {
        int wanted = Math.addExact(rows, room);
        free();
        caches = program.call((script, scope) -> script.call("empty", scope.integer(sequences), scope.integer(wanted)));
        capacity = wanted;
    }

    /** Makes room for more rows. */
    private void grow() {
        int more = Math.max(room / 2, LEAST_ROOM);
        int larger = Math.addExact(capacity, more);
        change(() -> program.call((script, scope) -> {
            script.call("grow", caches(), scope.integer(longest()), scope.integer(larger))
                    .close();
            return true;
        }));
        capacity = larger;
        room = Math.addExact(room, more);
    }

    private int longest() {
        return Arrays.stream(lengths).max().orElseThrow();
    }

    private IValue caches() {
        if (caches == null) {
            throw new EngineException("the decoding state has no caches");
        }
        return caches;
    }

    @Override
    protected void free() {
        if (caches != null) {
            caches.close();
            caches = null;
        }
    }
}
