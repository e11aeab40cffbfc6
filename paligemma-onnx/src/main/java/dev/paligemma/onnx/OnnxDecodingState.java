package dev.paligemma.onnx;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import dev.paligemma.engine.EngineException;
import dev.paligemma.engine.graph.AttentionSpec;
import dev.paligemma.engine.spi.DecodingState;
import dev.paligemma.engine.spi.HostTensor;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The key/value caches of one request. Confined to one thread at a time.
 *
 * <p>The first run writes keys and values of the prefix straight into their final place. Each later run returns one row
 * per cache, a few kilobytes, which is copied into the generated part; the handles that the session sees stay the same
 * from token to token until that part is full and grows.
 */
final class OnnxDecodingState implements DecodingState {
    /** Added to a score to hide it: the exponential of anything near it is exactly 0 in float32. */
    private static final float HIDDEN = -1e30f;

    private static final int SMALLEST_CAPACITY = 16;

    /** The keys, or the values, of one cache. */
    private static final class Part {
        final AttentionSpec spec;
        final String prefixName;
        final String generatedName;
        final String newName;
        ByteBuffer prefix = ByteBuffer.allocate(0);
        ByteBuffer generated = prefix;
        ByteBuffer newRow = prefix;

        Part(AttentionSpec spec, String prefixName, String generatedName, String newName) {
            this.spec = spec;
            this.prefixName = prefixName;
            this.generatedName = generatedName;
            this.newName = newName;
        }

        long[] shape(int rows) {
            return new long[] {spec.kvHeads(), rows, spec.headDim()};
        }

        long bytes(int rows) {
            return (long) spec.kvHeads() * rows * spec.headDim() * Float.BYTES;
        }
    }

    private final OnnxProgram program;
    private final List<Part> parts = new ArrayList<>();
    private final int window;
    private final Map<String, OnnxTensor> inputs = new HashMap<>();
    private final Map<String, OnnxTensor> outputs = new HashMap<>();
    private TensorScope handles;
    private int prefixLength;
    private int generatedLength;
    private int capacity;
    private ByteBuffer bias = ByteBuffer.allocate(0);
    private ByteBuffer windowBias = bias;
    /** Set while the caches are rebuilt. Stays set if that fails: a handle left closed would end the JVM in native code. */
    private boolean broken;

    private boolean closed;

    OnnxDecodingState(OnnxProgram program, int expectedRows) {
        this.program = program;
        this.handles = new TensorScope(program.environment());
        this.capacity = Math.max(SMALLEST_CAPACITY, expectedRows);
        int widest = 0;
        for (AttentionSpec spec : program.graph().caches()) {
            CacheNames names = CacheNames.of(spec);
            parts.add(new Part(spec, names.prefixKeys(), names.generatedKeys(), names.newKeys()));
            parts.add(new Part(spec, names.prefixValues(), names.generatedValues(), names.newValues()));
            widest = Math.max(widest, spec.window());
        }
        this.window = widest;
    }

    @Override
    public int length() {
        return prefixLength + generatedLength;
    }

    @Override
    public void run(Map<String, HostTensor> newInputs, Map<String, HostTensor> newOutputs) {
        if (closed) {
            throw new IllegalStateException("the decoding state is closed");
        }
        if (broken) {
            throw new IllegalStateException("the decoding state failed in an earlier run and can only be closed");
        }
        int rows = program.cachedRows(newInputs);
        if (rows < 1 || (prefixLength > 0 && rows != 1)) {
            throw new IllegalArgumentException("expected " + (prefixLength > 0 ? "one row" : "at least one row")
                    + " after " + length() + " rows, got " + rows);
        }
        try {
            if (prefixLength == 0) {
                runPrefix(rows, newInputs, newOutputs);
            } else {
                runNext(newInputs, newOutputs);
            }
        } catch (OrtException e) {
            throw new EngineException("ONNX Runtime refused a key/value cache: " + e.getMessage(), e);
        }
    }

    private void runPrefix(int rows, Map<String, HostTensor> newInputs, Map<String, HostTensor> newOutputs)
            throws OrtException {
        ByteBuffer none = ByteBuffer.allocateDirect(0);
        for (Part part : parts) {
            part.prefix = replace(part.prefix, part.bytes(rows));
            inputs.put(part.prefixName, handles.floats(none, part.shape(0)));
            inputs.put(part.generatedName, handles.floats(none, part.shape(0)));
            outputs.put(part.newName, handles.floats(part.prefix, part.shape(rows)));
        }
        inputs.put(CacheNames.BIAS, handles.floats(none, 0));
        inputs.put(CacheNames.WINDOW_BIAS, handles.floats(none, 0));
        program.runPrefix(newInputs, newOutputs, inputs, outputs);
        broken = true;
        prefixLength = rows;
        for (Part part : parts) {
            part.newRow = program.buffers().acquire(part.bytes(1));
        }
        resize(capacity);
    }

    private void runNext(Map<String, HostTensor> newInputs, Map<String, HostTensor> newOutputs) throws OrtException {
        if (generatedLength == capacity) {
            resize(Math.addExact(capacity, Math.max(capacity / 2, SMALLEST_CAPACITY)));
        }
        int row = length();
        if (window > 0 && row >= window) {
            // Row i sees the rows j > i - window; the one that just left the window is hidden for good.
            windowBias.asFloatBuffer().put(row - window, HIDDEN);
        }
        program.runNext(newInputs, newOutputs, inputs, outputs);
        for (Part part : parts) {
            copyRows(part, part.newRow, 1, part.generated, capacity, generatedLength, 1);
        }
        bias.asFloatBuffer().put(row, 0f);
        windowBias.asFloatBuffer().put(row, 0f);
        generatedLength++;
    }

    /** Makes room for that many generated rows, keeping those that are there. */
    private void resize(int newCapacity) throws OrtException {
        broken = true;
        handles.close();
        handles = new TensorScope(program.environment());
        for (Part part : parts) {
            ByteBuffer larger = program.buffers().acquire(part.bytes(newCapacity));
            copyRows(part, part.generated, capacity, larger, newCapacity, 0, generatedLength);
            release(part.generated);
            part.generated = larger;
            inputs.put(part.prefixName, handles.floats(part.prefix, part.shape(prefixLength)));
            inputs.put(part.generatedName, handles.floats(larger, part.shape(newCapacity)));
            outputs.put(part.newName, handles.floats(part.newRow, part.shape(1)));
        }
        capacity = newCapacity;
        int visible = prefixLength + newCapacity + 1;
        bias = replace(bias, (long) visible * Float.BYTES);
        windowBias = replace(windowBias, (long) visible * Float.BYTES);
        FloatBuffer full = bias.asFloatBuffer();
        FloatBuffer windowed = windowBias.asFloatBuffer();
        for (int row = 0; row < visible - 1; row++) {
            full.put(row, row < length() ? 0 : HIDDEN);
            windowed.put(row, row < length() && (window == 0 || row > length() - window) ? 0 : HIDDEN);
        }
        inputs.put(CacheNames.BIAS, handles.floats(bias, visible));
        inputs.put(CacheNames.WINDOW_BIAS, handles.floats(windowBias, visible));
        broken = false;
    }

    /** Copies the first {@code rows} rows of each head to row {@code toRow} of another tensor {@code [K, R, h]}. */
    private static void copyRows(
            Part part, ByteBuffer from, int fromRows, ByteBuffer to, int toRows, int toRow, int rows) {
        int rowBytes = part.spec.headDim() * Float.BYTES;
        for (int head = 0; rows > 0 && head < part.spec.kvHeads(); head++) {
            to.put((head * toRows + toRow) * rowBytes, from, head * fromRows * rowBytes, rows * rowBytes);
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
    public void close() {
        if (!closed) {
            closed = true;
            handles.close();
            for (Part part : parts) {
                release(part.prefix);
                release(part.generated);
                release(part.newRow);
            }
            release(bias);
            release(windowBias);
        }
    }
}
