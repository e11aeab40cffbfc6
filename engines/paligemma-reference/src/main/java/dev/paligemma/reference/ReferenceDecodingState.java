package dev.paligemma.reference;

import dev.paligemma.engine.spi.CheckedDecodingState;
import dev.paligemma.engine.spi.HostTensor;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** The key/value caches of some sequences. Confined to one thread at a time. */
final class ReferenceDecodingState extends CheckedDecodingState {
    private final ReferenceProgram program;
    /** The caches of each sequence by their names; none before the prefix. */
    private List<Map<String, KeysAndValues>> sequences;

    ReferenceDecodingState(ReferenceProgram program, List<Map<String, KeysAndValues>> sequences) {
        super(program);
        this.program = program;
        this.sequences = sequences;
    }

    /** The caches of a sequence, for one that goes on from there. */
    Map<String, KeysAndValues> copy(int sequence) {
        return new HashMap<>(sequences.get(sequence));
    }

    @Override
    public int sequences() {
        return sequences.size();
    }

    /** All caches of a sequence have the same number of rows. */
    @Override
    public int length(int sequence) {
        Stream<KeysAndValues> caches = sequences.get(sequence).values().stream();
        return caches.mapToInt(cache -> cache.keys().size()).findFirst().orElse(0);
    }

    @Override
    protected void runPrefix(int rows, Map<String, HostTensor> inputs, Map<String, HostTensor> outputs) {
        change(() -> program.run(sequences, inputs, outputs));
    }

    @Override
    protected void runNext(Map<String, HostTensor> inputs, Map<String, HostTensor> outputs) {
        change(() -> program.run(sequences, inputs, outputs));
    }

    @Override
    protected void keep(int[] chosen) {
        sequences = Arrays.stream(chosen).mapToObj(this::copy).toList();
    }

    @Override
    protected void free() {
        sequences = List.of(new HashMap<>());
    }
}
