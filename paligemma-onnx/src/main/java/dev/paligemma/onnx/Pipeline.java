package dev.paligemma.onnx;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Sessions that run one after the other, each taking what the one before hands on. Immutable. */
final class Pipeline {
    private final OrtEnvironment environment;
    private final BufferPool buffers;
    private final List<Stage> stages;

    Pipeline(OrtEnvironment environment, BufferPool buffers, List<Stage> stages) {
        this.environment = environment;
        this.buffers = buffers;
        this.stages = List.copyOf(stages);
    }

    /**
     * Runs all stages.
     *
     * @param given the inputs by name
     * @param wanted the outputs by name, to be filled
     */
    void run(Map<String, OnnxTensor> given, Map<String, OnnxTensor> wanted) throws OrtException {
        OrtSession.Result handedOn = null;
        try (MatrixStream matrices = new MatrixStream(new TensorScope(environment), buffers)) {
            Map<String, OnnxTensor> values = given;
            int needed = needed(wanted.keySet());
            for (int i = 0; i < needed; i++) {
                Stage stage = stages.get(i);
                Map<String, OnnxTensor> inputs = inputs(stage, values);
                if (!stage.matrices().isEmpty()) {
                    inputs.putAll(matrices.read(stage.matrices()));
                }
                Map<String, OnnxTensor> pinned = new HashMap<>();
                Set<String> kept = new HashSet<>();
                Set<String> next =
                        i + 1 < needed ? Set.copyOf(stages.get(i + 1).inputs().values()) : Set.of();
                stage.outputs().forEach((output, name) -> {
                    OnnxTensor target = wanted.get(name);
                    if (target != null) {
                        pinned.put(output, target);
                    } else if (next.contains(name)) {
                        kept.add(output);
                    }
                });
                OrtSession.Result result = stage.session().get().run(inputs, kept, pinned);
                close(handedOn);
                handedOn = result;
                values = new HashMap<>(given);
                for (String output : kept) {
                    OnnxValue value = result.get(output).orElseThrow();
                    values.put(stage.outputs().get(output), (OnnxTensor) value);
                }
            }
        } finally {
            close(handedOn);
        }
    }

    /** How many stages it takes; a session that has nothing to give cannot run. */
    private int needed(Set<String> wanted) {
        int needed = stages.size();
        while (needed > 1
                && Collections.disjoint(stages.get(needed - 1).outputs().values(), wanted)) {
            needed--;
        }
        return needed;
    }

    private static Map<String, OnnxTensor> inputs(Stage stage, Map<String, OnnxTensor> values) {
        Map<String, OnnxTensor> inputs = new HashMap<>(stage.constants());
        stage.inputs().forEach((input, name) -> {
            OnnxTensor value = values.get(name);
            if (value == null) {
                throw new IllegalArgumentException("no value '" + name + "' for a stage that takes "
                        + stage.inputs().values() + "; there are " + values.keySet());
            }
            inputs.put(input, value);
        });
        return inputs;
    }

    private static void close(OrtSession.@Nullable Result result) {
        if (result != null) {
            result.close();
        }
    }
}
