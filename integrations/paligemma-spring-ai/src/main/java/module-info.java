/** A chat model of Spring AI that sees pictures. */
module dev.paligemma.springai {
    requires transitive dev.paligemma;
    requires transitive dev.paligemma.base;
    requires transitive dev.paligemma.checkpoint;
    requires transitive dev.paligemma.engine;
    requires transitive dev.paligemma.hub;
    requires transitive dev.paligemma.tokenizer;
    requires transitive dev.paligemma.vision;
    requires transitive micrometer.observation;
    requires transitive org.jspecify;
    requires transitive reactor.core;
    requires transitive org.reactivestreams;
    requires transitive spring.ai.commons;
    requires transitive spring.ai.model;
    requires transitive spring.core;

    exports dev.paligemma.springai;
}
