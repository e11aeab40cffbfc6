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
    /** Elements of a tensor handed on from which the memory of a run is worth giving back: 512 rows of width 2048. */
    private static final long LARGE = 1 << 20;

    /** Makes a session give back the memory that only this run needed. */
    private static final String SHRINK = "memory.enable_memory_arena_shrinkage";

    private final OrtEnvironment environment;
    private final BufferPool buffers;
    private final List<Stage> stages;
    private final boolean givesBack;
    /** The place of the last stage of each session. */
    private final Map<OnnxSession, Integer> lastUse = new HashMap<>();

    /**
     * A pipeline of stages.
     *
     * @param givesBack whether the memory of large runs is given back; not worth it for runs of one row
     */
    Pipeline(OrtEnvironment environment, BufferPool buffers, List<Stage> stages, boolean givesBack) {
        this.environment = environment;
        this.buffers = buffers;
        this.stages = List.copyOf(stages);
        this.givesBack = givesBack;
        for (int i = 0; i < stages.size(); i++) {
            lastUse.put(stages.get(i).session(), i);
        }
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
                boolean shrink = givesBack && isLastUse(i) && isLarge(values);
                OrtSession.Result result = run(stage.session().get(), inputs, kept, pinned, shrink);
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

    private boolean isLastUse(int index) {
        return lastUse.getOrDefault(stages.get(index).session(), -1) == index;
    }

    private static boolean isLarge(Map<String, OnnxTensor> values) {
        return values.values().stream().anyMatch(value -> value.getInfo().getNumElements() >= LARGE);
    }

    private static OrtSession.Result run(
            OrtSession session,
            Map<String, OnnxTensor> inputs,
            Set<String> kept,
            Map<String, OnnxTensor> pinned,
            boolean shrink)
            throws OrtException {
        if (!shrink) {
            return session.run(inputs, kept, pinned);
        }
        try (OrtSession.RunOptions options = new OrtSession.RunOptions()) {
            options.addRunConfigEntry(SHRINK, "cpu:0");
            return session.run(inputs, kept, pinned, options);
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
