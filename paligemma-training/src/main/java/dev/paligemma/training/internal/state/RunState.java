package dev.paligemma.training.internal.state;

import dev.paligemma.training.run.Evaluation;
import dev.paligemma.training.run.Metric;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What has happened in a run so far; parameters and moments are the program's. Confined to one thread. */
public final class RunState {
    private final List<Double> losses = new ArrayList<>();
    private final List<Double> norms = new ArrayList<>();
    private final List<Double> rates = new ArrayList<>();
    private final List<Evaluation> evaluations = new ArrayList<>();
    private double seconds;

    /** How many updates were made. */
    public long updates() {
        return losses.size();
    }

    /** Notes an update. */
    public void addUpdate(double loss, double norm, double rate) {
        losses.add(loss);
        norms.add(norm);
        rates.add(rate);
    }

    /** Notes an evaluation; gives whether it is the best one so far. */
    public boolean addEvaluation(Evaluation evaluation) {
        evaluations.add(evaluation);
        return bestIndex() == evaluations.size() - 1;
    }

    /** Notes that time has gone by. */
    public void addSeconds(double more) {
        seconds += more;
    }

    /** The first of the best evaluations by their first metric; empty without any. */
    public Optional<Evaluation> best() {
        return bestIndex() < 0 ? Optional.empty() : Optional.of(evaluations.get(bestIndex()));
    }

    /** How many evaluations there were since the best one. */
    public int evaluationsSinceBest() {
        return bestIndex() < 0 ? 0 : evaluations.size() - 1 - bestIndex();
    }

    private int bestIndex() {
        int best = -1;
        for (int i = 0; i < evaluations.size(); i++) {
            Map.Entry<Metric, Double> first = firstOf(evaluations.get(i));
            if (best < 0
                    || first.getKey()
                            .isBetter(
                                    first.getValue(),
                                    firstOf(evaluations.get(best)).getValue())) {
                best = i;
            }
        }
        return best;
    }

    private static Map.Entry<Metric, Double> firstOf(Evaluation evaluation) {
        return evaluation.values().entrySet().iterator().next();
    }

    /** The loss of each update. */
    public List<Double> losses() {
        return Collections.unmodifiableList(losses);
    }

    /** The gradients' norm of each update. */
    public List<Double> norms() {
        return Collections.unmodifiableList(norms);
    }

    /** The learning rate of each update. */
    public List<Double> rates() {
        return Collections.unmodifiableList(rates);
    }

    /** All evaluations. */
    public List<Evaluation> evaluations() {
        return Collections.unmodifiableList(evaluations);
    }

    /** How long updates took. */
    public double seconds() {
        return seconds;
    }
}
