package dev.paligemma.training.internal.run;

import java.util.List;

/** The batches of each update: a pure function of its number, so that a run can go on at any update. */
public interface Updates {
    /** How many updates the run makes. */
    long count();

    /** How often every example has been seen after so many updates. */
    double epochs(long updates);

    /** The batches of an update, from 0; at least one. */
    List<LabelledBatch> batches(long update);
}
