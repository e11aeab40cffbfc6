package dev.paligemma.cli.report;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.paligemma.KnownModel;
import dev.paligemma.checkpoint.PaliGemmaConfig;
import dev.paligemma.engine.Precision;
import java.io.IOException;

/**
 * What {@code info} says of a published model that is not on this machine.
 *
 * @param model the model
 * @param machine this machine
 * @param memory what the one needs on the other
 */
public record PublishedFacts(KnownModel model, MachineFacts machine, MemoryFacts memory) {
    public static PublishedFacts of(KnownModel model, MachineFacts machine) {
        return new PublishedFacts(model, machine, MemoryFacts.of(model.config(), Precision.FLOAT32, machine));
    }

    public String text() {
        PaliGemmaConfig config = model.config();
        FactLines lines = new FactLines();
        lines.add("model", "%s, not downloaded", model);
        lines.add("page", "%s", model.modelPage());
        lines.add("terms", "%s", KnownModel.LICENSE_PAGE);
        lines.add("architecture", "%s", model.size());
        lines.add("parameters", "%,d", model.parameterCount());
        for (KnownModel.Revision revision : model.revisions()) {
            lines.add(
                    "revision",
                    "%s: %s, %s to download",
                    revision.name(),
                    revision.type(),
                    FactLines.gigabytes(model.weightBytes(revision)));
        }
        lines.add("image", "%d x %d pixels", model.imageSize(), model.imageSize());
        lines.add("image tokens", "%d", config.vision().patches());
        memory.addTo(lines);
        machine.addTo(lines);
        lines.add("paligemma", "%s", ToolVersion.version());
        return lines.toString();
    }

    public void writeTo(JsonGenerator json) throws IOException {
        json.writeBooleanField("downloaded", false);
        PublishedModels.writeModel(json, model);
        memory.writeTo(json);
        machine.writeTo(json);
        json.writeStringField("version", ToolVersion.version());
    }
}
