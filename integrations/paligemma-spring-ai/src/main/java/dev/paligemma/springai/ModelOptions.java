package dev.paligemma.springai;

import dev.paligemma.base.internal.Quote;
import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.generation.Sampling;
import dev.paligemma.task.TaskRunner;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.model.tool.StructuredOutputChatOptions;
import org.springframework.ai.model.tool.ToolCallingChatOptions;

/** The options of a model: what they may be, and what they mean for a request. Immutable. */
final class ModelOptions {
    /** Spring AI's own options have no fields that are unknown here; those of another model would be ignored in silence. */
    private static final List<String> KNOWN =
            List.of("org.springframework.ai.chat.prompt", "org.springframework.ai.model.tool");

    /** In Spring AI 1.1 tools may be given by name, in 2.0 there is no such method. */
    private static final boolean TOOLS_HAVE_NAMES = Arrays.stream(ToolCallingChatOptions.class.getMethods())
            .anyMatch(method -> method.getName().equals("getToolNames"));

    private final String name;
    private final TaskRunner runner;
    private final @Nullable ChatOptions defaults;

    ModelOptions(TaskRunner runner, String name, @Nullable ChatOptions defaults) {
        this.name = name;
        this.runner = runner;
        this.defaults = defaults;
        check(defaults);
    }

    /** The options of a prompt, and where it has none the default ones; refuses what would change an answer and cannot be done. */
    ChatOptions merged(@Nullable ChatOptions own) {
        check(own);
        String model = chosen(own, ChatOptions::getModel);
        return ChatOptions.builder()
                .model(model == null ? name : model)
                .maxTokens(chosen(own, ChatOptions::getMaxTokens))
                .stopSequences(chosen(own, ChatOptions::getStopSequences))
                .temperature(chosen(own, ChatOptions::getTemperature))
                .topK(chosen(own, ChatOptions::getTopK))
                .topP(chosen(own, ChatOptions::getTopP))
                .frequencyPenalty(chosen(own, ChatOptions::getFrequencyPenalty))
                .presencePenalty(chosen(own, ChatOptions::getPresencePenalty))
                .build();
    }

    private <T> @Nullable T chosen(@Nullable ChatOptions own, Function<ChatOptions, @Nullable T> field) {
        T value = own == null ? null : field.apply(own);
        return value != null || defaults == null ? value : field.apply(defaults);
    }

    private void check(@Nullable ChatOptions options) {
        if (options == null) {
            return;
        }
        if (!KNOWN.contains(options.getClass().getPackageName())) {
            throw new IllegalArgumentException(
                    "options of class " + options.getClass().getName()
                            + " are not supported, for those of its fields that other models have would be ignored; use ChatOptions.builder()");
        }
        refusePenalty("frequencyPenalty", options.getFrequencyPenalty());
        refusePenalty("presencePenalty", options.getPresencePenalty());
        if (options instanceof ToolCallingChatOptions tools && hasTools(tools)) {
            throw new IllegalArgumentException("tools are not supported: the model cannot call any");
        }
        if (options instanceof StructuredOutputChatOptions structured && structured.getOutputSchema() != null) {
            throw new IllegalArgumentException("an output schema is not supported: the model cannot follow one");
        }
        String model = options.getModel();
        if (model != null && !model.equals(name) && !runner.adapters().contains(model)) {
            throw new IllegalArgumentException("model " + Quote.quote(model) + " is not supported: this one is called "
                    + Quote.quote(name) + ", its adapters " + runner.adapters());
        }
    }

    private static boolean hasTools(ToolCallingChatOptions options) {
        return !options.getToolCallbacks().isEmpty()
                || (TOOLS_HAVE_NAMES && !options.getToolNames().isEmpty());
    }

    private static void refusePenalty(String field, @Nullable Double penalty) {
        if (penalty != null && penalty != 0) {
            throw new IllegalArgumentException(field + " is not supported; there is repetitionPenalty of"
                    + " GenerationRequest.Builder, for customizeRequests(...)");
        }
    }

    /** Makes a request do what merged options say. */
    void set(GenerationRequest.Builder request, ChatOptions options) {
        Integer maxTokens = options.getMaxTokens();
        if (maxTokens != null) {
            request.maxNewTokens(maxTokens);
        }
        List<String> stop = options.getStopSequences();
        if (stop != null) {
            request.stop(stop.toArray(String[]::new));
        }
        String model = options.getModel();
        if (model != null && !model.equals(name)) {
            request.adapter(model);
        }
        request.sampling(sampling(options.getTemperature(), options.getTopP(), options.getTopK()));
    }

    private static Sampling sampling(@Nullable Double temperature, @Nullable Double topP, @Nullable Integer topK) {
        if (temperature == null ? topP == null && topK == null : temperature == 0) {
            return Sampling.greedy();
        }
        Sampling sampling = Sampling.temperature(temperature == null ? 1 : temperature)
                .seed(ThreadLocalRandom.current().nextLong());
        sampling = topP == null ? sampling : sampling.topP(topP);
        return topK == null ? sampling : sampling.topK(topK);
    }
}
