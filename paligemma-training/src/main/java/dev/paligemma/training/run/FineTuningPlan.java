package dev.paligemma.training.run;

import dev.paligemma.engine.training.FrozenFormat;

/**
 * What a run is going to do, known before weights are loaded. Immutable.
 *
 * @param examples how many examples are learned from
 * @param validationExamples how many are held out
 * @param updates how many updates the run makes, those of earlier processes included
 * @param startsAfter how many of them were made by earlier processes
 * @param longestRows how many rows the longest example has: those of its picture, its prefix and its suffix
 * @param trainedNumbers how many numbers are trained
 * @param frozenNumbers how many are not
 * @param frozen how those that are matrices are kept
 * @param recompute whether blocks are computed again in the backward pass
 * @param memory how much memory that takes
 */
public record FineTuningPlan(
        long examples,
        long validationExamples,
        long updates,
        long startsAfter,
        long longestRows,
        long trainedNumbers,
        long frozenNumbers,
        FrozenFormat frozen,
        boolean recompute,
        TrainingMemory memory) {}
