package dev.paligemma.reference;

import dev.paligemma.engine.spi.CheckedDecodingState;
import dev.paligemma.engine.spi.HostTensor;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

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

    @Override
    public int sequences() {
        return sequences.size();
    }

    /** All caches of a sequence have the same number of rows. */
    @Override
    public int length(int sequence) {
        return sequences.get(sequence).values().stream()
                .mapToInt(KeysAndValues::count)
                .findFirst()
                .orElse(0);
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

    /** The caches of a sequence, to go on with elsewhere. */
    Map<String, KeysAndValues> copy(int sequence) {
        Map<String, KeysAndValues> copy = new HashMap<>();
        sequences.get(sequence).forEach((name, rows) -> copy.put(name, rows.copy()));
        return copy;
    }

    @Override
    protected void free() {
        sequences = List.of(new HashMap<>());
    }
}
