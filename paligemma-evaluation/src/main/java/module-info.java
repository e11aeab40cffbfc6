/** Scores of answers, equal to those of the published evaluators. */
module dev.paligemma.evaluation {
    requires com.fasterxml.jackson.core;
    requires transitive dev.paligemma;
    requires transitive dev.paligemma.base;
    requires transitive org.jspecify;

    exports dev.paligemma.evaluation;
    exports dev.paligemma.evaluation.answer;
    exports dev.paligemma.evaluation.data;
    exports dev.paligemma.evaluation.detection;
    exports dev.paligemma.evaluation.metric;
    exports dev.paligemma.evaluation.run;
    exports dev.paligemma.evaluation.text;
}
