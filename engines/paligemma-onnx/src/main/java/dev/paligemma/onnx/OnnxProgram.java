package dev.paligemma.onnx;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import dev.paligemma.engine.EngineException;
import dev.paligemma.engine.graph.Graph;
import dev.paligemma.engine.spi.CheckedProgram;
import dev.paligemma.engine.spi.HostTensor;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Sessions of ONNX Runtime that together run a graph. Thread-safe.
 *
 * <p>Passing a closed tensor to a session would end the JVM; the ownership of tensors by {@link TensorScope} is what prevents
 * that.
 */
final class OnnxProgram extends CheckedProgram<OnnxDecodingState> {
    private final OrtEnvironment environment;
    private final Pipeline prefix;
    private final Pipeline next;
    private final List<OnnxSession> sessions;
    /** Small weights that the sessions take as inputs. */
    private final TensorScope constants;

    private final BufferPool buffers;

    /**
     * A program of sessions it will close.
     *
     * @param prefix serves the first run of a sequence
     * @param next serves all other runs
     */
    OnnxProgram(
            Graph graph,
            OrtEnvironment environment,
            BufferPool buffers,
            Pipeline prefix,
            Pipeline next,
            List<OnnxSession> sessions,
            TensorScope constants) {
        super(graph, OnnxDecodingState.class);
        this.environment = environment;
        this.buffers = buffers;
        this.prefix = prefix;
        this.next = next;
        this.sessions = List.copyOf(sessions);
        this.constants = constants;
    }

    @Override
    protected void compute(Map<String, HostTensor> inputs, Map<String, HostTensor> outputs) {
        run(false, inputs, outputs, Map.of(), Map.of());
    }

    @Override
    protected OnnxDecodingState start(int expectedRows) {
        return new OnnxDecodingState(this, expectedRows);
    }

    @Override
    protected OnnxDecodingState gather(List<OnnxDecodingState> states) {
        return OnnxDecodingState.join(this, states);
    }

    OrtEnvironment environment() {
        return environment;
    }

    BufferPool buffers() {
        return buffers;
    }

    /**
     * Runs the rows of a graph.
     *
     * @param first whether they are the first of a sequence, and not one later row of each
     */
    void run(
            boolean first,
            Map<String, HostTensor> inputs,
            Map<String, HostTensor> outputs,
            Map<String, OnnxTensor> cacheInputs,
            Map<String, OnnxTensor> cacheOutputs) {
        try {
            whileOpen(() -> {
                try (TensorScope scope = new TensorScope(environment)) {
                    Map<String, OnnxTensor> in = new HashMap<>(cacheInputs);
                    for (Map.Entry<String, HostTensor> entry : inputs.entrySet()) {
                        in.put(entry.getKey(), scope.view(entry.getValue()));
                    }
                    Map<String, OnnxTensor> out = new HashMap<>(cacheOutputs);
                    for (Map.Entry<String, HostTensor> entry : outputs.entrySet()) {
                        out.put(entry.getKey(), scope.view(entry.getValue()));
                    }
                    (first ? prefix : next).run(in, out);
                    return true;
                }
            });
        } catch (OrtException e) {
            throw new EngineException("ONNX Runtime failed in graph " + graph().name() + ": " + e.getMessage(), e);
        }
    }

    @Override
    protected void free() {
        try {
            for (OnnxSession session : sessions) {
                session.close();
            }
            constants.close();
            buffers.clear();
        } catch (OrtException e) {
            throw new EngineException(
                    "ONNX Runtime failed to close graph " + graph().name() + ": " + e.getMessage(), e);
        }
    }
}
