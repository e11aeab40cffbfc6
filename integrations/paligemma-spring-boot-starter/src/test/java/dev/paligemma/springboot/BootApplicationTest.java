package dev.paligemma.springboot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.checkpoint.config.CheckpointException;
import dev.paligemma.tiny.TinyModel;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.ai.chat.client.ChatClient;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.availability.ApplicationAvailability;
import org.springframework.boot.availability.ReadinessState;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.web.server.context.WebServerInitializedEvent;
import org.springframework.context.ApplicationListener;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.core.io.FileSystemResource;
import org.springframework.util.MimeTypeUtils;

/** A whole application with an actuator, over HTTP. */
class BootApplicationTest {
    private static final HttpClient HTTP = HttpClient.newHttpClient();

    /** What an application adds: nothing, but for the gate of this test. */
    @SpringBootConfiguration
    @EnableAutoConfiguration
    static class Application {
        private final CountDownLatch gate = new CountDownLatch(1);

        @Bean
        CountDownLatch gate() {
            return gate;
        }

        @Bean
        PipelineCustomizer waitingForTheGate() {
            return builder -> PaliGemmaAutoConfigurationTest.await(gate);
        }
    }

    private static HttpResponse<String> get(int port, String path) throws IOException, InterruptedException {
        return HTTP.send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                        .build(),
                BodyHandlers.ofString());
    }

    @Test
    void isReadyOnceTheModelIsLoadedAndTellsOfItsWork() throws Exception {
        CompletableFuture<WebServerInitializedEvent> server = new CompletableFuture<>();
        SpringApplication application = new SpringApplication(Application.class);
        application.addListeners((ApplicationListener<WebServerInitializedEvent>) event -> {
            if (event.getApplicationContext().getServerNamespace() == null) {
                server.complete(event);
            }
        });
        CompletableFuture<ConfigurableApplicationContext> start = CompletableFuture.supplyAsync(() -> application.run(
                "--paligemma.model=bundled",
                "--server.port=0",
                "--server.address=127.0.0.1",
                "--spring.main.banner-mode=off",
                "--logging.level.root=warn",
                "--management.endpoint.health.probes.enabled=true",
                "--management.endpoint.health.show-details=always",
                "--management.endpoints.web.exposure.include=health,prometheus"));

        int port = server.get(1, TimeUnit.MINUTES).getWebServer().getPort();
        assertThat(get(port, "/actuator/health/readiness").statusCode()).isEqualTo(503);
        assertThat(get(port, "/actuator/health").body()).contains("OUT_OF_SERVICE", "is being loaded");
        assertThat(get(port, "/actuator/health/liveness").statusCode()).isEqualTo(200);
        assertThat(start).isNotDone();

        server.get().getApplicationContext().getBean(CountDownLatch.class).countDown();
        PaliGemmaPipeline pipeline;
        try (ConfigurableApplicationContext context = start.get(1, TimeUnit.MINUTES)) {
            assertThat(get(port, "/actuator/health/readiness").statusCode()).isEqualTo(200);
            assertThat(get(port, "/actuator/health").body()).contains("\"paliGemma\":{", "\"engine\":\"onnx\"");
            assertThat(context.getBean(ChatClient.Builder.class)
                            .build()
                            .prompt()
                            .user(user -> user.text("caption en")
                                    .media(MimeTypeUtils.IMAGE_PNG, new FileSystemResource(TinyModel.picture())))
                            .call()
                            .content())
                    .isEqualTo(TinyModel.CAPTION);
            assertThat(get(port, "/actuator/prometheus").body())
                    .contains(
                            "paligemma_requests_seconds_count{kind=\"single\",outcome=\"stop\"} 1",
                            "paligemma_tokens_total{kind=\"image\"} 64",
                            "paligemma_model_loaded{engine=\"onnx\",precision=\"float32\"} 1")
                    .containsPattern("gen_ai_client_operation_seconds_count\\{.*gen_ai_system=\"paligemma\".*} 1");
            pipeline = context.getBean(PaliGemmaPipeline.class);
        }
        assertThat(catchThrowable(() -> pipeline.caption(TinyModel.picture())))
                .isInstanceOf(IllegalStateException.class);
    }

    /** What an application without a gate adds: nothing. */
    @SpringBootConfiguration
    @EnableAutoConfiguration
    static class Plain {}

    private static ConfigurableApplicationContext startWithout(Path model, String... more) {
        return new SpringApplicationBuilder(Plain.class)
                .properties(
                        "paligemma.checkpoint=" + model,
                        "server.port=0",
                        "server.address=127.0.0.1",
                        "spring.main.banner-mode=off",
                        "logging.level.root=off",
                        "management.endpoint.health.probes.enabled=true")
                .run(more);
    }

    @Test
    void anApplicationWithoutItsModelStaysAndRefusesTraffic(@TempDir Path empty) throws Exception {
        try (ConfigurableApplicationContext context = startWithout(empty)) {
            int port = Integer.parseInt(context.getEnvironment().getProperty("local.server.port"));

            assertThat(context.getBean(ApplicationAvailability.class).getReadinessState())
                    .isEqualTo(ReadinessState.REFUSING_TRAFFIC);
            assertThat(get(port, "/actuator/health/readiness").statusCode()).isEqualTo(503);
            assertThat(get(port, "/actuator/health/liveness").statusCode()).isEqualTo(200);
            assertThat(get(port, "/actuator/health").body()).contains("\"status\":\"DOWN\"");
            assertThat(catchThrowable(() -> context.getBean(PaliGemmaPipeline.class)))
                    .hasStackTraceContaining(ModelNotLoadedException.class.getName());
            assertThat(catchThrowable(() ->
                            context.getBean(PaliGemmaLoader.class).runner().tokenizer()))
                    .isInstanceOf(ModelNotLoadedException.class)
                    .hasCauseInstanceOf(CheckpointException.class);
        }
    }

    @Test
    void anApplicationWithoutItsModelEndsIfItIsToldTo(@TempDir Path empty) {
        assertThat(catchThrowable(() -> startWithout(empty, "--paligemma.fail-fast=true")))
                .isInstanceOf(ModelNotLoadedException.class)
                .hasCauseInstanceOf(CheckpointException.class);
    }
}
