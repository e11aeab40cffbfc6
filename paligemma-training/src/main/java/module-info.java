/** Fine-tunes a model on pictures and texts. */
module dev.paligemma.training {
    requires com.fasterxml.jackson.core;
    requires org.slf4j;
    requires transitive dev.paligemma.checkpoint;
    requires transitive dev.paligemma.engine;
    requires transitive dev.paligemma;
    requires transitive dev.paligemma.base;
    requires transitive org.jspecify;

    exports dev.paligemma.training;
    exports dev.paligemma.training.data;
    exports dev.paligemma.training.recipe;
    exports dev.paligemma.training.run;
}
