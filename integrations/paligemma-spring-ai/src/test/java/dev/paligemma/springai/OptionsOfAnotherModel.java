package dev.paligemma.springai;

import java.util.List;
import org.springframework.ai.chat.prompt.ChatOptions;

/** As those of Ollama or OpenAI, which have more than Spring AI's own. */
final class OptionsOfAnotherModel implements ChatOptions {
    @Override
    public String getModel() {
        return null;
    }

    @Override
    public Double getFrequencyPenalty() {
        return null;
    }

    @Override
    public Integer getMaxTokens() {
        return null;
    }

    @Override
    public Double getPresencePenalty() {
        return null;
    }

    @Override
    public List<String> getStopSequences() {
        return null;
    }

    @Override
    public Double getTemperature() {
        return null;
    }

    @Override
    public Integer getTopK() {
        return null;
    }

    @Override
    public Double getTopP() {
        return null;
    }

    @Override
    @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"}) // of Spring AI 1.1
    public <T extends ChatOptions> T copy() {
        return (T) this;
    }
}
