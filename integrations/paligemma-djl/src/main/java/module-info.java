/** The model behind the Criteria, Predictor and Translator of Deep Java Library. */
module dev.paligemma.djl {
    requires com.google.gson;
    requires java.desktop;
    requires transitive ai.djl.api;
    requires transitive dev.paligemma.base;
    requires transitive dev.paligemma.checkpoint;
    requires transitive dev.paligemma.engine;
    requires transitive dev.paligemma.hub;
    requires transitive dev.paligemma.tokenizer;
    requires transitive dev.paligemma.vision;
    requires transitive dev.paligemma;
    requires transitive org.jspecify;

    exports dev.paligemma.djl;

    provides ai.djl.engine.EngineProvider with
            dev.paligemma.djl.PaliGemmaEngineProvider;
}
