package dev.paligemma.server.internal.openai;

import dev.paligemma.constraint.GeneratedToken;
import dev.paligemma.constraint.TokenLogProbability;
import dev.paligemma.detection.DetectionResult;
import dev.paligemma.detection.Segment;
import dev.paligemma.generation.FinishReason;
import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.generation.GenerationResult;
import dev.paligemma.server.internal.typed.AnswerJson;
import dev.paligemma.server.internal.typed.MaskFormat;
import dev.paligemma.task.Tasks;
import dev.paligemma.tokenizer.PaliGemmaTokenizer;
import dev.paligemma.vision.mask.MaskCodec;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Writes one answer as OpenAI does. Confined to one thread. */
final class ChatJson {
    private static final String CHUNK = "chat.completion.chunk";

    private static final String SPACE = "\u2581";

    private final String id = "chatcmpl-" + UUID.randomUUID();
    private final long created = Instant.now().getEpochSecond();
    private final ChatRequest chat;
    private final PaliGemmaTokenizer tokenizer;

    ChatJson(ChatRequest chat, PaliGemmaTokenizer tokenizer) {
        this.chat = chat;
        this.tokenizer = tokenizer;
    }

    /** The whole answer. */
    String completion(GenerationRequest request, List<GenerationResult> results) {
        List<Map<String, @Nullable Object>> choices = new ArrayList<>();
        for (GenerationResult result : results) {
            choices.add(Members.of(
                    "index", choices.size(),
                    "message", message(request, result),
                    "logprobs", logprobs(result.tokens()),
                    "finish_reason", reason(result)));
        }
        Map<String, @Nullable Object> completion = head("chat.completion", choices);
        completion.put("usage", usage(results));
        return Members.json(completion);
    }

    private Map<String, @Nullable Object> message(GenerationRequest request, GenerationResult result) {
        Map<String, @Nullable Object> message = Members.of("role", "assistant", "refusal", null);
        if (!chat.asksForBoxes() || request.imageCount() != 1) {
            message.put("content", chat.wrapped(result.text()));
            return message;
        }
        DetectionResult found = chat.model().runner().read(Tasks.detect("any"), request, result);
        List<Map<String, @Nullable Object>> detections = detections(found);
        message.put(
                "content",
                chat.format().boxes()
                        ? new AnswerJson().boxes(found, detections).json()
                        : chat.wrapped(result.text()));
        message.put("detections", detections);
        return message;
    }

    private List<Map<String, @Nullable Object>> detections(DetectionResult found) {
        Optional<MaskCodec> codec =
                chat.asksForMasks() ? chat.model().pipeline().maskCodec() : Optional.empty();
        return Segment.of(found, codec).stream()
                .map(each -> AnswerJson.detection(each, codec.isPresent() ? MaskFormat.RLE : MaskFormat.NONE))
                .toList();
    }

    /** The content of a whole answer that is sent in one piece. */
    @Nullable
    Object content(GenerationRequest request, GenerationResult result) {
        return message(request, result).get("content");
    }

    /** A piece of an answer. */
    String chunk(
            int choice, Map<String, @Nullable Object> delta, List<GeneratedToken> tokens, @Nullable String reason) {
        return Members.json(head(
                CHUNK,
                List.of(Members.of(
                        "index", choice, "delta", delta, "logprobs", logprobs(tokens), "finish_reason", reason))));
    }

    /** What all took, behind the pieces. */
    String usageChunk(List<GenerationResult> results) {
        Map<String, @Nullable Object> chunk = head(CHUNK, List.of());
        chunk.put("usage", usage(results));
        return Members.json(chunk);
    }

    /** What every answer and every piece begins with. */
    private Map<String, @Nullable Object> head(String object, List<Map<String, @Nullable Object>> choices) {
        return Members.of(
                "id", id, "object", object, "created", created, "model", chat.modelName(), "choices", choices);
    }

    static String reason(GenerationResult result) {
        return result.finishReason() == FinishReason.LENGTH ? "length" : "stop";
    }

    private static Map<String, @Nullable Object> usage(List<GenerationResult> results) {
        GenerationResult first = results.get(0);
        int prompt = first.promptTokenIds().length + first.imageTokens();
        int completion = results.stream().mapToInt(each -> each.tokens().size()).sum();
        return Members.of(
                "prompt_tokens",
                prompt,
                "completion_tokens",
                completion,
                "total_tokens",
                prompt + completion,
                "prompt_tokens_details",
                Members.of("cached_tokens", 0, "image_tokens", first.imageTokens()));
    }

    private @Nullable Map<String, @Nullable Object> logprobs(List<GeneratedToken> tokens) {
        if (!chat.settings().logprobs() || tokens.isEmpty()) {
            return null;
        }
        List<Map<String, @Nullable Object>> content = new ArrayList<>();
        for (GeneratedToken token : tokens) {
            Map<String, @Nullable Object> one = token(token.id(), token.logProbability());
            one.put("top_logprobs", token.mostLikely().stream().map(this::token).toList());
            content.add(one);
        }
        return Members.of("content", content, "refusal", null);
    }

    private Map<String, @Nullable Object> token(TokenLogProbability token) {
        return token(token.id(), token.logProbability());
    }

    private Map<String, @Nullable Object> token(int id, double logProbability) {
        String text = tokenizer.tokenOf(id).orElse("").replace(SPACE, " ");
        List<Integer> bytes = new ArrayList<>();
        for (byte each : bytesOf(text)) {
            bytes.add(each & 255);
        }
        return Members.of("token", text, "logprob", logProbability, "bytes", bytes);
    }

    /** A token such as {@code <0xE2>} is a part of a character. */
    private static byte[] bytesOf(String token) {
        return token.matches("<0x[0-9A-F]{2}>")
                ? new byte[] {(byte) Integer.parseInt(token.substring(3, 5), 16)}
                : token.getBytes(StandardCharsets.UTF_8);
    }
}
