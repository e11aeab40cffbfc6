package dev.paligemma.evaluation.answer;

import java.util.Collections;

/** VQA accuracy without any change of the texts: a third for each reference that equals the answer, at most 1. */
public final class PlainVqaAccuracy extends AnswerMetric {
    /** The metric. */
    public PlainVqaAccuracy() {
        super("vqa-plain", each -> Math.min(1, Collections.frequency(each.references(), each.answer()) / 3.0));
    }
}
