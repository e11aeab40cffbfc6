package dev.paligemma.examples;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.paligemma.engine.Precision;
import dev.paligemma.engine.checkpoint.PaliGemmaConfig;
import dev.paligemma.gemma.Networks;
import dev.paligemma.hub.HubModel;
import java.io.IOException;

/**
 * What {@code info} says of a model of the hub that is not on this machine and not among the published ones.
 *
 * @param model the model
 * @param config its sizes
 * @param machine this machine
 * @param memory what the one needs on the other
 */
record RemoteFacts(HubModel model, PaliGemmaConfig config, MachineFacts machine, MemoryFacts memory) {
    static RemoteFacts of(HubModel model, PaliGemmaConfig config, MachineFacts machine) {
        return new RemoteFacts(model, config, machine, MemoryFacts.of(config, Precision.FLOAT32, machine));
    }

    String text() {
        FactLines lines = new FactLines();
        lines.add("model", "%s, not downloaded", model);
        lines.add("architecture", "%s", ConfigFacts.architecture(config));
        lines.add("parameters", "%,d", Networks.parameterCount(config));
        ConfigFacts.addTo(lines, config);
        memory.addTo(lines);
        machine.addTo(lines);
        lines.add("paligemma", "%s", ToolVersion.version());
        return lines.toString();
    }

    void writeTo(JsonGenerator json) throws IOException {
        json.writeBooleanField("downloaded", false);
        json.writeStringField("model", model.toString());
        json.writeStringField("architecture", ConfigFacts.architecture(config));
        json.writeNumberField("parameters", Networks.parameterCount(config));
        ConfigFacts.writeTo(json, config);
        memory.writeTo(json);
        machine.writeTo(json);
        json.writeStringField("version", ToolVersion.version());
    }
}
