package dev.paligemma.examples;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.paligemma.engine.checkpoint.PaliGemmaConfig;
import dev.paligemma.engine.checkpoint.TextConfig;
import dev.paligemma.engine.checkpoint.VisionConfig;
import java.io.IOException;

/** What {@code info} says of the sizes of a model. Stateless. */
final class ConfigFacts {
    private ConfigFacts() {}

    static String architecture(PaliGemmaConfig config) {
        return switch (config.text().family()) {
            case GEMMA -> "PaliGemma";
            case GEMMA2 -> "PaliGemma 2";
        };
    }

    static void addTo(FactLines lines, PaliGemmaConfig config) {
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
                text.sizes().layers(),
                text.sizes().hiddenSize(),
                text.sizes().heads(),
                text.sizes().headDim(),
                text.sizes().kvHeads(),
                text.sizes().intermediateSize());
        lines.add("vocabulary", "%,d", text.sizes().vocabSize());
    }

    static void writeTo(JsonGenerator json, PaliGemmaConfig config) throws IOException {
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
        json.writeNumberField("layers", text.sizes().layers());
        json.writeNumberField("width", text.sizes().hiddenSize());
        json.writeNumberField("heads", text.sizes().heads());
        json.writeNumberField("headWidth", text.sizes().headDim());
        json.writeNumberField("keyValueHeads", text.sizes().kvHeads());
        json.writeNumberField("mlp", text.sizes().intermediateSize());
        json.writeEndObject();
        json.writeNumberField("vocabulary", text.sizes().vocabSize());
    }
}
