package dev.paligemma.server.internal.typed;

import dev.paligemma.base.internal.Json;
import dev.paligemma.detection.BoundingBox;
import dev.paligemma.detection.Detection;
import dev.paligemma.detection.Fragment;
import dev.paligemma.detection.ParsedAnswer;
import dev.paligemma.detection.Segment;
import dev.paligemma.generation.AnswerScore;
import dev.paligemma.generation.FinishReason;
import dev.paligemma.generation.GenerationResult;
import dev.paligemma.generation.Timings;
import dev.paligemma.vision.PixelBox;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The objects that answers are made of. Confined to one thread. */
public final class AnswerJson {
    private static final double MASK_THRESHOLD = 0.5;

    private final Map<String, @Nullable Object> members = new LinkedHashMap<>();

    /** What the model wrote. */
    AnswerJson text(GenerationResult result) {
        members.put("text", result.text());
        members.put("finish_reason", result.finishReason() == FinishReason.LENGTH ? "length" : "stop");
        return this;
    }

    /** What the model said of given answers. */
    AnswerJson scores(List<AnswerScore> scores) {
        members.put("scores", scores.stream().map(AnswerJson::score).toList());
        return this;
    }

    private static Map<String, Object> score(AnswerScore score) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("answer", score.answer());
        json.put("log_probability", score.logProbability());
        json.put("probability", Math.exp(score.logProbability()));
        json.put("share", score.share());
        return json;
    }

    /**
     * What it cost.
     *
     * @param results the answers to one prompt, which share their time
     * @param waitedMs the time before the model began
     */
    AnswerJson cost(String model, List<GenerationResult> results, double waitedMs) {
        GenerationResult first = results.get(0);
        int prompt = first.promptTokenIds().length + first.imageTokens();
        int completion = results.stream().mapToInt(each -> each.tokens().size()).sum();
        Map<String, Object> usage = new LinkedHashMap<>();
        usage.put("prompt_tokens", prompt);
        usage.put("image_tokens", first.imageTokens());
        usage.put("completion_tokens", completion);
        usage.put("total_tokens", prompt + completion);
        members.put("usage", usage);
        Timings spent = first.timings();
        Map<String, Object> timings = new LinkedHashMap<>();
        timings.put("waited_ms", millis(Math.max(0, waitedMs)));
        timings.put("preprocess_ms", millis(spent.preprocessMs()));
        timings.put("vision_ms", millis(spent.visionMs()));
        timings.put("prefill_ms", millis(spent.prefillMs()));
        timings.put("decode_ms", millis(spent.decodeMs()));
        members.put("timings", timings);
        members.put("model", model);
        return this;
    }

    /** Microseconds are the last digit that means anything. */
    private static double millis(double value) {
        return Math.round(value * 1000) / 1000.0;
    }

    /** What was found, as {@link #detection} writes it, and all else that the model wrote. */
    public AnswerJson boxes(ParsedAnswer answer, List<Map<String, @Nullable Object>> detections) {
        members.put("width", answer.imageWidth());
        members.put("height", answer.imageHeight());
        members.put("detections", detections);
        members.put(
                "fragments",
                answer.fragments().stream().map(AnswerJson::fragment).toList());
        members.put("raw", answer.rawText());
        return this;
    }

    /** Which form masks have. */
    AnswerJson masks(MaskFormat format) {
        members.put("masks", format.toString());
        return this;
    }

    /** One thing that was found. */
    public static Map<String, @Nullable Object> detection(Segment found, MaskFormat format) {
        PixelBox pixels = found.pixels();
        BoundingBox box = found.box();
        Detection.Edges spread = found.detection().spread();
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("label", found.label());
        json.put("confidence", known(found.confidence()));
        json.put("box", List.of(pixels.left(), pixels.top(), pixels.right(), pixels.bottom()));
        json.put("box_normalized", List.of(box.left(), box.top(), box.right(), box.bottom()));
        json.put(
                "spread",
                Arrays.asList(
                        known(spread.left()), known(spread.top()), known(spread.right()), known(spread.bottom())));
        if (format != MaskFormat.NONE) {
            found.bitMask(MASK_THRESHOLD).ifPresent(mask -> json.put("mask", format.json(mask)));
        }
        return json;
    }

    private static @Nullable Double known(double value) {
        return Double.isFinite(value) ? value : null;
    }

    private static Map<String, Object> fragment(Fragment fragment) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("reason", fragment.reason().name().toLowerCase(Locale.ROOT));
        json.put("text", fragment.piece().text());
        json.put("start", fragment.piece().start());
        return json;
    }

    /** The object as text. */
    public String json() {
        return Json.text(members, false);
    }
}
