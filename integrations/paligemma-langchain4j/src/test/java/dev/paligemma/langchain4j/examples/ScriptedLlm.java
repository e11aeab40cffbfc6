package dev.paligemma.langchain4j.examples;

import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.ToolExecutionResultMessage;
import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.response.ChatResponse;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/** A language model without any: it calls the tools that it was told to, one after the other, and then says what they returned. */
final class ScriptedLlm implements ChatModel {
    private final Deque<ToolExecutionRequest> calls = new ArrayDeque<>();
    private final List<String> toolNames = new ArrayList<>();

    ScriptedLlm calls(String tool, String arguments) {
        calls.add(ToolExecutionRequest.builder()
                .id(String.valueOf(calls.size()))
                .name(tool)
                .arguments(arguments)
                .build());
        return this;
    }

    /** The tools that it was offered. */
    List<String> toolNames() {
        return toolNames;
    }

    @Override
    public ChatResponse doChat(ChatRequest request) {
        if (toolNames.isEmpty()) {
            request.toolSpecifications().forEach(each -> toolNames.add(each.name()));
        }
        if (!calls.isEmpty()) {
            return response(AiMessage.from(calls.remove()));
        }
        List<String> results = new ArrayList<>();
        for (ChatMessage message : request.messages()) {
            if (message instanceof ToolExecutionResultMessage result) {
                results.add(result.text());
            }
        }
        return response(AiMessage.from(String.join(" | ", results)));
    }

    private static ChatResponse response(AiMessage message) {
        return ChatResponse.builder().aiMessage(message).build();
    }
}
