/** Downloads checkpoints and adapters from the Hugging Face hub into the cache that Python shares. Plain Java. */
module dev.paligemma.hub {
    requires com.fasterxml.jackson.core;
    requires java.net.http;
    requires org.slf4j;
    requires transitive dev.paligemma.base;
    requires transitive org.jspecify;

    exports dev.paligemma.hub;
}
