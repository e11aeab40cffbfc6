package dev.paligemma.djl;

import ai.djl.modality.Input;
import ai.djl.modality.Output;
import ai.djl.modality.cv.output.DetectedObjects;
import ai.djl.ndarray.BytesSupplier;
import ai.djl.util.JsonUtils;
import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.detection.DetectionOptions;
import dev.paligemma.prompt.Prompts;
import dev.paligemma.prompt.TaskPrompt;
import dev.paligemma.tokenizer.ControlTokens;
import dev.paligemma.vision.RgbImage;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/** One task, asked for by a server: bytes and text in, JSON out. Immutable and thread-safe. */
final class ServedTask implements BiFunction<PaliGemmaPipeline, Input, Output> {
    private static final String TEXT = "text";

    private final boolean boxes;
    private final boolean masks;
    private final @Nullable List<String> labels;
    private final @Nullable TaskPrompt prompt;
    private final int maxNewTokens;

    /** Refuses arguments here, not at the first request. Labels may come with each request, so that none is no error. */
    ServedTask(TranslatorArguments arguments) {
        boxes = arguments.wantsBoxes();
        masks = boxes && arguments.wantsMasks();
        labels = boxes ? arguments.labelsIfAny() : null;
        if (labels != null) {
            Prompts.detect(labels);
        }
        prompt = boxes ? null : arguments.prompt();
        maxNewTokens = arguments.maxNewTokens();
        PaliGemmaTranslators.requireLimit(maxNewTokens);
    }

    @Override
    public Output apply(PaliGemmaPipeline pipeline, Input input) {
        RgbImage image = RgbImage.read(picture(input));
        String text = input.getAsString(TEXT);
        if (text == null) {
            text = input.getProperty(TEXT, null);
        }
        return json(boxes ? find(pipeline, image, text) : Map.of(TEXT, write(pipeline, image, text)));
    }

    private DetectedObjects find(PaliGemmaPipeline pipeline, RgbImage image, @Nullable String text) {
        List<String> things = text == null ? labels : TranslatorArguments.split(text);
        if (things == null) {
            throw new IllegalArgumentException(
                    "neither the input has a text nor the model labels: what is to be found?");
        }
        return masks
                ? DjlConversions.toDetectedObjects(pipeline.segment(image, things.toArray(new String[0])))
                : DjlConversions.toDetectedObjects(pipeline.detect(image, things, DetectionOptions.defaults()));
    }

    private String write(PaliGemmaPipeline pipeline, RgbImage image, @Nullable String text) {
        TaskPrompt asked = text == null ? prompt : new TaskPrompt(text, ControlTokens.AS_TEXT);
        if (asked == null) {
            throw new IllegalStateException("a task of text has a prompt");
        }
        return PaliGemmaTranslators.generate(pipeline, image, asked, maxNewTokens);
    }

    private static byte[] picture(Input input) {
        BytesSupplier named = input.get("image");
        BytesSupplier picture = named == null ? input.getData() : named;
        if (picture == null) {
            throw new IllegalArgumentException("the input has no content, expected the bytes of a picture file");
        }
        return picture.getAsBytes();
    }

    private static Output json(Object result) {
        Output output = new Output();
        output.addProperty("Content-Type", "application/json");
        output.add(BytesSupplier.wrap(JsonUtils.GSON_COMPACT.toJson(result)));
        return output;
    }
}
