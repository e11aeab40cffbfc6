/** A pipeline and a chat model for applications of Spring Boot 4, with health and meters. */
module dev.paligemma.springboot {
    requires static dev.paligemma.tiny;
    requires static micrometer.core;
    requires static spring.boot.health;
    requires dev.paligemma.micrometer;
    requires micrometer.observation;
    requires spring.ai.model;
    requires spring.beans;
    requires spring.boot.autoconfigure;
    requires spring.context;
    requires spring.core;
    requires transitive dev.paligemma;
    requires transitive dev.paligemma.springai;
    requires transitive org.jspecify;
    requires transitive spring.boot;

    exports dev.paligemma.springboot;

    opens dev.paligemma.springboot;
}
