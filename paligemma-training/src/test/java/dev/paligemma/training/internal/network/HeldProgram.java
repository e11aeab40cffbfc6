package dev.paligemma.training.internal.network;

import dev.paligemma.engine.graph.Graph;
import dev.paligemma.engine.training.CheckedTrainingProgram;
import dev.paligemma.engine.training.RowLosses;
import dev.paligemma.engine.training.TrainedParts;
import dev.paligemma.engine.training.TrainingBatch;
import dev.paligemma.engine.training.UpdateRule;
import java.nio.FloatBuffer;
import java.util.HashMap;
import java.util.Map;

/** A training program that holds parameters and computes nothing. */
public final class HeldProgram extends CheckedTrainingProgram {
    private final Map<String, float[]> values = new HashMap<>();

    public HeldProgram(Graph graph, TrainedParts parts) {
        super(graph, parts);
    }

    @Override
    protected RowLosses compute(TrainingBatch batch, boolean gradients) {
        throw new UnsupportedOperationException();
    }

    @Override
    protected double change(UpdateRule rule) {
        throw new UnsupportedOperationException();
    }

    @Override
    protected void clear() {}

    @Override
    protected void copyOut(String parameter, Numbers which, FloatBuffer into) {
        float[] held = values.get(parameter);
        into.put(held == null ? new float[into.remaining()] : held);
    }

    @Override
    protected void copyIn(String parameter, Numbers which, FloatBuffer from) {
        float[] copy = new float[from.remaining()];
        from.get(copy);
        values.put(parameter, copy);
    }

    @Override
    protected void free() {}
}
