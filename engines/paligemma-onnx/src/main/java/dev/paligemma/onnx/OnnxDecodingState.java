package dev.paligemma.onnx;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import dev.paligemma.engine.EngineException;
import dev.paligemma.engine.graph.AttentionSpec;
import dev.paligemma.engine.spi.CheckedDecodingState;
import dev.paligemma.engine.spi.HostTensor;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * The key/value caches of one request. Confined to one thread at a time.
 *
 * <p>The first run writes keys and values of the prefix straight into their final place. Each later run returns one row
 * per sequence and cache, a few kilobytes, which is copied into the generated part; the handles that the session sees stay
 * the same from token to token until that part is full and grows, or the sequences change.
 *
 * <p>Sequences that were one share the prefix. Those that were joined each have a copy, padded to the longest; their biases
 * hide the padding.
 */
final class OnnxDecodingState extends CheckedDecodingState {
    /** Added to a score to hide it: the exponential of anything near it is exactly 0 in float32. */
    private static final float HIDDEN = -1e30f;

    private static final int SMALLEST_CAPACITY = 16;
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    /** The keys, or the values, of one cache. */
    private static final class Part {
        final AttentionSpec spec;
        final CacheNames.Names names;
        ByteBuffer prefix = NOTHING;
        ByteBuffer generated = NOTHING;
        ByteBuffer newRows = NOTHING;

        Part(AttentionSpec spec, CacheNames.Names names) {
            this.spec = spec;
            this.names = names;
        }

        long[] shape(int sequences, int rows) {
            return new long[] {sequences, spec.kvHeads(), rows, spec.headDim()};
        }

        long bytes(int sequences, int rows) {
            return (long) sequences * spec.kvHeads() * rows * spec.headDim() * Float.BYTES;
        }

        /** Copies the first rows of each head to a row of another place. */
        void copy(Place from, Place to, int row, int rows) {
            int rowBytes = spec.headDim() * Float.BYTES;
            for (int head = 0; rows > 0 && head < spec.kvHeads(); head++) {
                int source = (from.sequence * spec.kvHeads() + head) * from.capacity;
                int target = (to.sequence * spec.kvHeads() + head) * to.capacity + row;
                to.buffer.put(target * rowBytes, from.buffer, source * rowBytes, rows * rowBytes);
            }
        }
    }

    /** Where the rows of one sequence stand in a buffer {@code [S, K, capacity, h]}. */
    private record Place(ByteBuffer buffer, int sequence, int capacity) {}

    /** What is visible of one sequence. */
    private static final class Rows {
        final int prefix;
        int generated;

        Rows(int prefix, int generated) {
            this.prefix = prefix;
            this.generated = generated;
        }

        int all() {
            return prefix + generated;
        }

        Rows copy() {
            return new Rows(prefix, generated);
        }
    }

    private final OnnxProgram program;
    private final List<Part> parts = new ArrayList<>();
    private final int window;
    private final Map<String, OnnxTensor> inputs = new HashMap<>();
    private final Map<String, OnnxTensor> outputs = new HashMap<>();
    private TensorScope handles;
    private List<Rows> sequences = List.of(new Rows(0, 0));
    /** Whether all sequences have the one prefix that is stored; or else there is a copy for each. */
    private boolean sharedPrefix = true;
    /** Rows of the stored prefixes. */
    private int prefixRows;

    private int capacity;
    private ByteBuffer bias = NOTHING;
    private ByteBuffer windowBias = NOTHING;

    OnnxDecodingState(OnnxProgram program, int expectedRows) {
        super(program);
        this.program = program;
        this.handles = new TensorScope(program.environment());
        this.capacity = Math.max(SMALLEST_CAPACITY, expectedRows);
        int widest = 0;
        for (AttentionSpec spec : program.graph().caches()) {
            CacheNames names = CacheNames.of(spec);
            parts.add(new Part(spec, names.keys()));
            parts.add(new Part(spec, names.values()));
            widest = Math.max(widest, spec.window());
        }
        this.window = widest;
    }

    /** A state of all sequences of other states, which stay as they are. */
    static OnnxDecodingState join(OnnxProgram program, List<OnnxDecodingState> states) {
        int expectedRows =
                states.stream().mapToInt(state -> state.capacity).max().orElseThrow();
        OnnxDecodingState joined = new OnnxDecodingState(program, expectedRows);
        try {
            joined.change(() -> joined.takeAll(states));
            return joined;
        } catch (OrtException e) {
            joined.close();
            throw refused(e);
        } catch (RuntimeException | OutOfMemoryError e) {
            joined.close();
            throw e;
        }
    }

    private void takeAll(List<OnnxDecodingState> states) throws OrtException {
        sequences = states.stream()
                .flatMap(state -> state.sequences.stream().map(Rows::copy))
                .toList();
        sharedPrefix = sequences.size() == 1;
        prefixRows = sequences.stream().mapToInt(rows -> rows.prefix).max().orElseThrow();
        for (int i = 0; i < parts.size(); i++) {
            Part part = parts.get(i);
            part.prefix = program.buffers().acquire(part.bytes(sequences.size(), prefixRows));
            part.generated = program.buffers().acquire(part.bytes(sequences.size(), capacity));
            int sequence = 0;
            for (OnnxDecodingState state : states) {
                Part other = state.parts.get(i);
                for (int own = 0; own < state.sequences.size(); own++, sequence++) {
                    Rows rows = state.sequences.get(own);
                    int stored = state.sharedPrefix ? 0 : own;
                    Place oldPrefix = new Place(other.prefix, stored, state.prefixRows);
                    part.copy(oldPrefix, new Place(part.prefix, sequence, prefixRows), 0, rows.prefix);
                    Place oldRows = new Place(other.generated, own, state.capacity);
                    part.copy(oldRows, new Place(part.generated, sequence, capacity), 0, rows.generated);
                }
            }
        }
        bind();
    }

    @Override
    public int sequences() {
        return sequences.size();
    }

    @Override
    public int length(int sequence) {
        return sequences.get(sequence).all();
    }

    private static EngineException refused(OrtException e) {
        return new EngineException("ONNX Runtime refused a key/value cache: " + e.getMessage(), e);
    }

    @Override
    protected void runPrefix(int rows, Map<String, HostTensor> newInputs, Map<String, HostTensor> newOutputs) {
        try {
            bindPrefix(rows);
            program.run(true, newInputs, newOutputs, inputs, outputs);
            change(() -> {
                prefixRows = rows;
                sequences = List.of(new Rows(rows, 0));
                for (Part part : parts) {
                    part.generated = program.buffers().acquire(part.bytes(1, capacity));
                }
                bind();
            });
        } catch (OrtException e) {
            throw refused(e);
        }
    }

    /** Lets the session write the prefix where it stays. */
    private void bindPrefix(int rows) throws OrtException {
        ByteBuffer none = ByteBuffer.allocateDirect(0);
        for (Part part : parts) {
            part.prefix = replace(part.prefix, part.bytes(1, rows));
            inputs.put(part.names.prefix(), handles.floats(none, part.shape(1, 0)));
            inputs.put(part.names.generated(), handles.floats(none, part.shape(1, 0)));
            outputs.put(part.names.added(), handles.floats(part.prefix, part.shape(1, rows)));
        }
        inputs.put(CacheNames.BIAS, handles.floats(none, 1, 1, 1, 0));
        inputs.put(CacheNames.WINDOW_BIAS, handles.floats(none, 1, 1, 1, 0));
    }

    @Override
    protected void runNext(Map<String, HostTensor> newInputs, Map<String, HostTensor> newOutputs) {
        if (sequences.stream().anyMatch(rows -> rows.generated == capacity)) {
            rebuild(this::grow);
        }
        if (window > 0) {
            for (int sequence = 0; sequence < sequences.size(); sequence++) {
                // Row i sees the rows j > i - window; the one that just left the window is hidden for good.
                int left = sequences.get(sequence).all() - window;
                if (left >= 0) {
                    windowBias.asFloatBuffer().put(place(sequence, left), HIDDEN);
                }
            }
        }
        program.run(false, newInputs, newOutputs, inputs, outputs);
        for (int sequence = 0; sequence < sequences.size(); sequence++) {
            Rows rows = sequences.get(sequence);
            for (Part part : parts) {
                Place target = new Place(part.generated, sequence, capacity);
                part.copy(new Place(part.newRows, sequence, 1), target, rows.generated, 1);
            }
            bias.asFloatBuffer().put(place(sequence, rows.all()), 0f);
            windowBias.asFloatBuffer().put(place(sequence, rows.all()), 0f);
            rows.generated++;
        }
    }

    @Override
    protected void keep(int[] chosen) {
        rebuild(() -> {
            List<Rows> old = sequences;
            sequences = Arrays.stream(chosen).mapToObj(i -> old.get(i).copy()).toList();
            if (!sharedPrefix) {
                gatherPrefixes(chosen);
            }
            moveGenerated(chosen, capacity);
        });
    }

    /** Changes the caches, and shows them to the session: a handle left closed would end the JVM in native code. */
    private void rebuild(Runnable rebuilding) {
        try {
            change(() -> {
                rebuilding.run();
                bind();
            });
        } catch (OrtException e) {
            throw refused(e);
        }
    }

    private void gatherPrefixes(int[] chosen) {
        boolean one = Arrays.stream(chosen).distinct().count() == 1;
        int[] kept = one ? new int[] {chosen[0]} : chosen;
        int oldRows = prefixRows;
        prefixRows = sequences.stream().mapToInt(rows -> rows.prefix).max().orElseThrow();
        for (Part part : parts) {
            ByteBuffer gathered = program.buffers().acquire(part.bytes(kept.length, prefixRows));
            for (int i = 0; i < kept.length; i++) {
                Place old = new Place(part.prefix, kept[i], oldRows);
                part.copy(old, new Place(gathered, i, prefixRows), 0, sequences.get(i).prefix);
            }
            release(part.prefix);
            part.prefix = gathered;
        }
        sharedPrefix = one;
    }

    /** Makes room for more generated rows. */
    private void grow() {
        int larger = Math.addExact(capacity, Math.max(capacity / 2, SMALLEST_CAPACITY));
        moveGenerated(IntStream.range(0, sequences.size()).toArray(), larger);
        capacity = larger;
    }

    /**
     * Gives the generated rows another place.
     *
     * @param chosen for each sequence of now where its rows stand so far
     * @param newCapacity the room for each
     */
    private void moveGenerated(int[] chosen, int newCapacity) {
        for (Part part : parts) {
            ByteBuffer moved = program.buffers().acquire(part.bytes(chosen.length, newCapacity));
            for (int i = 0; i < chosen.length; i++) {
                Place old = new Place(part.generated, chosen[i], capacity);
                part.copy(old, new Place(moved, i, newCapacity), 0, sequences.get(i).generated);
            }
            release(part.generated);
            part.generated = moved;
        }
    }

    /** Shows the caches as they are now to the session, and hides what is not in use. */
    private void bind() throws OrtException {
        handles.close();
        handles = new TensorScope(program.environment());
        int count = sequences.size();
        for (Part part : parts) {
            part.newRows = replace(part.newRows, part.bytes(count, 1));
            inputs.put(
                    part.names.prefix(), handles.floats(part.prefix, part.shape(sharedPrefix ? 1 : count, prefixRows)));
            inputs.put(part.names.generated(), handles.floats(part.generated, part.shape(count, capacity)));
            outputs.put(part.names.added(), handles.floats(part.newRows, part.shape(count, 1)));
        }
        bias = replace(bias, (long) count * visible() * Float.BYTES);
        windowBias = replace(windowBias, (long) count * visible() * Float.BYTES);
        for (int sequence = 0; sequence < count; sequence++) {
            hideUnused(bias.asFloatBuffer(), sequence, 0);
            hideUnused(windowBias.asFloatBuffer(), sequence, window == 0 ? 0 : length(sequence) - window + 1);
        }
        inputs.put(CacheNames.BIAS, handles.floats(bias, count, 1, 1, visible()));
        inputs.put(CacheNames.WINDOW_BIAS, handles.floats(windowBias, count, 1, 1, visible()));
    }

    /** Rows of a bias: the prefix, the generated part, and the row being run. */
    private int visible() {
        return prefixRows + capacity + 1;
    }

    /** Where the bias of a row of a sequence stands. */
    private int place(int sequence, int row) {
        int prefix = sequences.get(sequence).prefix;
        return sequence * visible() + (row < prefix ? row : prefixRows + row - prefix);
    }

    private void hideUnused(FloatBuffer target, int sequence, int firstVisible) {
        int start = sequence * visible();
        for (int i = 0; i < visible() - 1; i++) {
            target.put(start + i, HIDDEN);
        }
        target.put(start + visible() - 1, 0f);
        for (int row = Math.max(0, firstVisible); row < length(sequence); row++) {
            target.put(place(sequence, row), 0f);
        }
    }

    private ByteBuffer replace(ByteBuffer old, long bytes) {
        // In this order: if there is no memory, the old buffer is still ours, and released only once.
        ByteBuffer fresh = program.buffers().acquire(bytes);
        release(old);
        return fresh;
    }

    private void release(ByteBuffer buffer) {
        if (buffer.isDirect()) {
            program.buffers().release(buffer);
        }
    }

    @Override
    protected void free() {
        handles.close();
        for (Part part : parts) {
            release(part.prefix);
            release(part.generated);
            release(part.newRows);
        }
        release(bias);
        release(windowBias);
    }
}
