package dev.paligemma.cli.report;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.paligemma.checkpoint.PaliGemmaConfig;
import dev.paligemma.checkpoint.TextConfig;
import dev.paligemma.checkpoint.VisionConfig;
import java.io.IOException;

/** What {@code info} says of the sizes of a model. Stateless. */
public final class ConfigFacts {
    private ConfigFacts() {}

    public static String architecture(PaliGemmaConfig config) {
        return switch (config.text().family()) {
            case GEMMA -> "PaliGemma";
            case GEMMA2 -> "PaliGemma 2";
        };
    }

    public static void addTo(FactLines lines, PaliGemmaConfig config) {
        VisionConfig vision = config.vision();
        TextConfig text = config.text();
        lines.add("image", "%d x %d pixels", vision.imageSize(), vision.imageSize());
        lines.add("image tokens", "%d (patches of %d pixels)", vision.patches(), vision.patchSize());
        lines.add(
                "vision encoder",
                "%d layers, width %d, %d heads, MLP %d",
                vision.layers(),
                vision.hiddenSize(),
                vision.heads(),
                vision.intermediateSize());
        lines.add(
                "language model",
                "%d layers, width %d, %d heads of %d (%d for keys and values), MLP %d",
                text.layers(),
                text.hiddenSize(),
                text.heads(),
                text.headDim(),
                text.kvHeads(),
                text.intermediateSize());
        lines.add("vocabulary", "%,d", text.vocabSize());
    }

    public static void writeTo(JsonGenerator json, PaliGemmaConfig config) throws IOException {
        VisionConfig vision = config.vision();
        TextConfig text = config.text();
        json.writeNumberField("imageSize", vision.imageSize());
        json.writeNumberField("imageTokens", vision.patches());
        json.writeObjectFieldStart("vision");
        json.writeNumberField("layers", vision.layers());
        json.writeNumberField("width", vision.hiddenSize());
        json.writeNumberField("heads", vision.heads());
        json.writeNumberField("mlp", vision.intermediateSize());
        json.writeNumberField("patchSize", vision.patchSize());
        json.writeEndObject();
        json.writeObjectFieldStart("language");
        json.writeNumberField("layers", text.layers());
        json.writeNumberField("width", text.hiddenSize());
        json.writeNumberField("heads", text.heads());
        json.writeNumberField("headWidth", text.headDim());
        json.writeNumberField("keyValueHeads", text.kvHeads());
        json.writeNumberField("mlp", text.intermediateSize());
        json.writeEndObject();
        json.writeNumberField("vocabulary", text.vocabSize());
    }
}
