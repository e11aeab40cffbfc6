/** An HTTP server in front of a model, with the wire format of OpenAI, on the server of the JDK. */
module dev.paligemma.server {
    requires jdk.httpserver;
    requires org.slf4j;
    requires transitive dev.paligemma.base;
    requires transitive dev.paligemma;
    requires transitive org.jspecify;

    exports dev.paligemma.server;
}
