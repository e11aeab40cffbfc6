package dev.paligemma.evaluation.run;

/** Hears how a run gets on. */
@FunctionalInterface
public interface EvaluationListener {
    /**
     * Called when some answers have been written, by the thread of the run.
     *
     * @param done how many questions have an answer
     * @param before how many of them an earlier run had answered
     * @param failed how many of them failed
     * @param total how many questions there are
     */
    void answered(int done, int before, int failed, int total);
}
