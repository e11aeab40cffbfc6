package dev.paligemma.springboot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.paligemma.ModelInfo;
import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.checkpoint.config.CheckpointException;
import dev.paligemma.cli.RandomAdapter;
import dev.paligemma.engine.Device;
import dev.paligemma.engine.Precision;
import dev.paligemma.generation.RequestInfo;
import dev.paligemma.generation.RequestListener;
import dev.paligemma.micrometer.PaliGemmaMetrics;
import dev.paligemma.springai.PaliGemmaChatModel;
import dev.paligemma.tiny.TinyModel;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.model.chat.client.autoconfigure.ChatClientAutoConfiguration;
import org.springframework.ai.model.tool.autoconfigure.ToolCallingAutoConfiguration;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.boot.health.contributor.Status;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

class PaliGemmaAutoConfigurationTest {
    private final ApplicationContextRunner contexts = new ApplicationContextRunner()
            .withConfiguration(AutoConfigurations.of(
                    PaliGemmaAutoConfiguration.class,
                    PaliGemmaChatAutoConfiguration.class,
                    PaliGemmaHealthAutoConfiguration.class,
                    PaliGemmaMetricsAutoConfiguration.class,
                    ToolCallingAutoConfiguration.class,
                    ChatClientAutoConfiguration.class));

    private final ApplicationContextRunner bundled = contexts.withPropertyValues("paligemma.model=bundled");

    @Test
    void nothingIsLoadedUnlessAModelIsNamed() {
        contexts.withPropertyValues("paligemma.precision=int8")
                .run(context -> assertThat(context)
                        .hasNotFailed()
                        .doesNotHaveBean(PaliGemmaLoader.class)
                        .doesNotHaveBean(PaliGemmaPipeline.class)
                        .doesNotHaveBean(ChatModel.class)
                        .doesNotHaveBean(HealthIndicator.class)
                        .doesNotHaveBean(PaliGemmaMetrics.class));
    }

    @Test
    void aNamedModelIsAPipelineAndAChatModelUntilTheEnd() {
        AtomicReference<PaliGemmaPipeline> kept = new AtomicReference<>();
        bundled.run(context -> {
            PaliGemmaPipeline pipeline = context.getBean(PaliGemmaPipeline.class);
            kept.set(pipeline);
            assertThat(pipeline.caption(TinyModel.picture())).isEqualTo(TinyModel.CAPTION);
            assertThat(context).hasSingleBean(PaliGemmaChatModel.class).hasSingleBean(ChatClient.Builder.class);
            assertThat(context.getBean(PaliGemmaLoader.class).pipeline()).isSameAs(pipeline);
        });

        assertThatThrownBy(() -> kept.get().caption(TinyModel.picture())).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void propertiesReachThePipelineAndTheChatModel(@TempDir Path folder) throws IOException {
        Path adapter = RandomAdapter.write(folder.resolve("lora"), 7);
        contexts.withPropertyValues(
                        "paligemma.checkpoint=" + TinyModel.folder(),
                        "paligemma.offline=true",
                        "paligemma.cache-directory=" + folder.resolve("cache"),
                        "paligemma.engine=onnx",
                        "paligemma.device=cpu",
                        "paligemma.precision=int8",
                        "paligemma.threads=2",
                        "paligemma.max-concurrent-requests=1",
                        "paligemma.max-waiting=0",
                        "paligemma.adapters.strange=" + adapter,
                        "paligemma.mask-weights=" + TinyModel.folder().resolve("vae-oid.npz"),
                        "paligemma.load=sync",
                        "paligemma.warm-up=true",
                        "paligemma.chat.model-name=eyes",
                        "paligemma.chat.other-messages=leave-out",
                        "paligemma.chat.options.max-tokens=5",
                        "paligemma.chat.options.stop-sequences=one,two",
                        "paligemma.chat.options.temperature=0.5",
                        "paligemma.chat.options.top-k=3",
                        "paligemma.chat.options.top-p=0.9")
                .run(context -> {
                    PaliGemmaPipeline pipeline = context.getBean(PaliGemmaPipeline.class);
                    ModelInfo info = pipeline.info();
                    assertThat(info.folder()).isEqualTo(TinyModel.folder());
                    assertThat(info.engine()).isEqualTo("onnx");
                    assertThat(info.options().device()).isEqualTo(Device.CPU);
                    assertThat(info.options().precision()).isEqualTo(Precision.INT8);
                    assertThat(info.options().threads()).isEqualTo(2);
                    assertThat(folder.resolve("cache")).isNotEmptyDirectory();
                    assertThat(pipeline.adapters()).containsExactly("strange");
                    ChatOptions options =
                            context.getBean(PaliGemmaChatModel.class).getDefaultOptions();
                    assertThat(options.getModel()).isEqualTo("eyes");
                    assertThat(options.getMaxTokens()).isEqualTo(5);
                    assertThat(options.getStopSequences()).containsExactly("one", "two");
                    assertThat(options.getTemperature()).isEqualTo(0.5);
                    assertThat(options.getTopK()).isEqualTo(3);
                    assertThat(options.getTopP()).isEqualTo(0.9);
                });
    }

    @Test
    void anotherChatModelMayBeChosen() {
        bundled.withPropertyValues("spring.ai.model.chat=openai")
                .run(context -> assertThat(context)
                        .hasSingleBean(PaliGemmaPipeline.class)
                        .doesNotHaveBean(ChatModel.class));
    }

    @Test
    void aPipelineOfTheApplicationGoesFirst() {
        try (PaliGemmaPipeline own = PaliGemmaPipeline.load(TinyModel.folder())) {
            bundled.withBean(PaliGemmaPipeline.class, () -> own, definition -> definition.setDestroyMethodName(""))
                    .run(context -> {
                        assertThat(context).doesNotHaveBean(PaliGemmaLoader.class);
                        assertThat(context.getBean(PaliGemmaPipeline.class)).isSameAs(own);
                        assertThat(context).hasSingleBean(PaliGemmaChatModel.class);
                    });
        }
    }

    @Test
    void listenersAndCustomizersAreUsed() {
        List<String> heard = new CopyOnWriteArrayList<>();
        RequestListener listener = new RequestListener() {
            @Override
            public void queued(RequestInfo request) {
                heard.add("queued");
            }
        };
        bundled.withBean(RequestListener.class, () -> listener)
                .withBean(PipelineCustomizer.class, () -> builder -> heard.add("customized"))
                .run(context -> {
                    context.getBean(PaliGemmaPipeline.class).caption(TinyModel.picture());
                    assertThat(heard).containsExactly("customized", "queued");
                });
    }

    @Test
    void healthFollowsTheModel() {
        CountDownLatch gate = new CountDownLatch(1);
        bundled.withBean(PipelineCustomizer.class, () -> builder -> await(gate)).run(context -> {
            HealthIndicator health = context.getBean("paliGemmaHealthIndicator", HealthIndicator.class);
            assertThat(health.health().getStatus()).isEqualTo(Status.OUT_OF_SERVICE);
            assertThat(context.getBean(PaliGemmaLoader.class).isLoaded()).isFalse();

            gate.countDown();
            context.getBean(PaliGemmaPipeline.class);
            assertThat(health.health().getStatus()).isEqualTo(Status.UP);
            assertThat(health.health().getDetails())
                    .containsEntry("engine", "onnx")
                    .containsEntry("precision", "float32")
                    .containsEntry("device", "cpu")
                    .containsKey("engineVersion");
        });
    }

    static void await(CountDownLatch gate) {
        try {
            gate.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException("interrupted while a test waits", e);
        }
    }

    @Test
    void aModelThatCannotBeLoadedIsDown(@TempDir Path empty) {
        contexts.withPropertyValues("paligemma.checkpoint=" + empty).run(context -> {
            assertThatThrownBy(() -> context.getBean(PaliGemmaLoader.class).pipeline())
                    .isInstanceOf(ModelNotLoadedException.class)
                    .hasMessageStartingWith("the model could not be loaded: ")
                    .hasCauseInstanceOf(CheckpointException.class);
            assertThat(context.getBean("paliGemmaHealthIndicator", HealthIndicator.class)
                            .health()
                            .getStatus())
                    .isEqualTo(Status.DOWN);
        });
        contexts.withPropertyValues("paligemma.checkpoint=" + empty, "paligemma.load=sync")
                .run(context -> assertThat(context).hasFailed());
    }

    @Test
    void theBundledModelNeedsItsArchive() {
        bundled.withClassLoader(new FilteredClassLoader(TinyModel.class))
                .run(context -> assertThat(context)
                        .getFailure()
                        .rootCause()
                        .hasMessage(
                                "paligemma.model is bundled, but that model is not on the class path; add the dependency"
                                        + " dev.paligemma:paligemma-tiny"));
    }

    @Test
    void neitherHealthNorMetersAreNeeded() {
        bundled.withClassLoader(new FilteredClassLoader(HealthIndicator.class, MeterRegistry.class))
                .run(context -> assertThat(context)
                        .hasNotFailed()
                        .hasSingleBean(PaliGemmaChatModel.class)
                        .doesNotHaveBean("paliGemmaHealthIndicator")
                        .doesNotHaveBean("paliGemmaMetrics"));
        bundled.withPropertyValues("management.health.paligemma.enabled=false")
                .run(context -> assertThat(context).doesNotHaveBean("paliGemmaHealthIndicator"));
    }

    @Test
    void metersTellWhatIsLoaded() {
        MeterRegistry registry = new SimpleMeterRegistry();
        bundled.run(context -> {
            context.getBean(PaliGemmaMetrics.class).bindTo(registry);
            context.getBean(PaliGemmaPipeline.class).caption(TinyModel.picture());
            assertThat(registry.get("paligemma.requests").timer().count()).isEqualTo(1);
            assertThat(registry.get("paligemma.model.loaded").gauge().value()).isEqualTo(1);
        });

        assertThat(registry.get("paligemma.model.loaded").gauge().value()).isZero();
    }
}
