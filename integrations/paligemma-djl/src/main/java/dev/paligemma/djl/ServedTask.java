package dev.paligemma.djl;

import ai.djl.modality.Input;
import ai.djl.modality.Output;
import ai.djl.modality.cv.output.DetectedObjects;
import ai.djl.ndarray.BytesSupplier;
import ai.djl.util.JsonUtils;
import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.generation.GenerationResult;
import dev.paligemma.task.Task;
import dev.paligemma.task.Tasks;
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
    private final int maxNewTokens;
    /** For inputs without a text; null if each has to say what is to be found. */
    private final @Nullable Task<?> usual;

    /** Refuses arguments here, not at the first request. Labels may come with each request, so that none is no error. */
    ServedTask(TranslatorArguments arguments) {
        boxes = arguments.wantsBoxes();
        masks = boxes && arguments.wantsMasks();
        maxNewTokens = arguments.maxNewTokens();
        PaliGemmaTranslators.requireLimit(maxNewTokens);
        List<String> labels = boxes ? arguments.labelsIfAny() : null;
        if (boxes) {
            usual = labels == null ? null : finding(masks, labels);
        } else {
            usual = writing(arguments.writing(), maxNewTokens);
        }
    }

    @Override
    public Output apply(PaliGemmaPipeline pipeline, Input input) {
        RgbImage image = RgbImage.read(picture(input));
        String text = input.getAsString(TEXT);
        if (text == null) {
            text = input.getProperty(TEXT, null);
        }
        Task<?> task;
        if (text == null) {
            task = usual;
        } else if (boxes) {
            task = finding(masks, TranslatorArguments.split(text));
        } else {
            task = writing(
                    Tasks.text(text).with(request -> request.controlTokens(ControlTokens.AS_TEXT)), maxNewTokens);
        }
        if (task == null) {
            throw new IllegalArgumentException(
                    "neither the input has a text nor the model labels: what is to be found?");
        }
        Output output = new Output();
        output.addProperty("Content-Type", "application/json");
        output.add(BytesSupplier.wrap(JsonUtils.GSON_COMPACT.toJson(pipeline.run(task, image))));
        return output;
    }

    private static Task<DetectedObjects> finding(boolean masks, List<String> labels) {
        return masks
                ? Tasks.segment(labels).map(DjlConversions::toDetectedObjects)
                : Tasks.detect(labels).map(DjlConversions::toDetectedObjects);
    }

    private static Task<Map<String, String>> writing(Task<GenerationResult> task, int maxNewTokens) {
        return PaliGemmaTranslators.writing(task, maxNewTokens).map(text -> Map.of(TEXT, text));
    }

    private static byte[] picture(Input input) {
        BytesSupplier named = input.get("image");
        BytesSupplier picture = named == null ? input.getData() : named;
        if (picture == null) {
            throw new IllegalArgumentException("the input has no content, expected the bytes of a picture file");
        }
        return picture.getAsBytes();
    }
}
