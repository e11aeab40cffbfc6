/** The Gemma decoder, generation, tasks and PaliGemmaPipeline: the one dependency applications add. */
module dev.paligemma {
    requires org.slf4j;
    requires transitive dev.paligemma.base;
    requires transitive dev.paligemma.checkpoint;
    requires transitive dev.paligemma.engine;
    requires transitive dev.paligemma.hub;
    requires transitive dev.paligemma.tokenizer;
    requires transitive dev.paligemma.vision;
    requires transitive java.desktop;
    requires transitive org.jspecify;

    exports dev.paligemma;
    exports dev.paligemma.catalog;
    exports dev.paligemma.constraint;
    exports dev.paligemma.detection;
    exports dev.paligemma.generation;
    exports dev.paligemma.internal to
            dev.paligemma.retrieval;
    exports dev.paligemma.network;
    exports dev.paligemma.network.internal to
            dev.paligemma.retrieval,
            dev.paligemma.training;
    exports dev.paligemma.task;
}
