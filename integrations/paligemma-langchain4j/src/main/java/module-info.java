/** Chat models of LangChain4j that see pictures, and tools that give eyes to another language model. */
module dev.paligemma.langchain4j {
    requires org.slf4j;
    requires transitive dev.paligemma.base;
    requires transitive dev.paligemma.checkpoint;
    requires transitive dev.paligemma.engine;
    requires transitive dev.paligemma.hub;
    requires transitive dev.paligemma.tokenizer;
    requires transitive dev.paligemma.vision;
    requires transitive dev.paligemma;
    requires transitive langchain4j.core;
    requires transitive org.jspecify;

    exports dev.paligemma.langchain4j;
}
