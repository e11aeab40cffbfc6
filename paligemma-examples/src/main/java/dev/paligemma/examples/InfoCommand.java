package dev.paligemma.examples;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.paligemma.engine.Precision;
import dev.paligemma.engine.checkpoint.Checkpoint;
import dev.paligemma.engine.checkpoint.DType;
import dev.paligemma.engine.checkpoint.PaliGemmaConfig;
import dev.paligemma.engine.checkpoint.TensorInfo;
import dev.paligemma.engine.checkpoint.TextConfig;
import dev.paligemma.engine.checkpoint.VisionConfig;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code paligemma info}: what the machine and a checkpoint are, without loading weights. */
@Command(
        name = "info",
        description = {
            "Show the machine, its engines, and what a checkpoint is; weights are not loaded.",
            "Memory needed is that of one request with one image, a short prompt and 128 written tokens."
        },
        sortOptions = false,
        usageHelpAutoWidth = true,
        footer = {"", "Example:", "  paligemma info --model paligemma2-3b-mix-224"})
final class InfoCommand implements Runnable {
    @Spec
    CommandSpec spec;

    @Mixin
    CheckpointOptions checkpoint = new CheckpointOptions();

    @Option(names = "--json", description = "Print one JSON object.")
    boolean json;

    @Override
    public void run() {
        try (ProgressDisplay progress = ProgressDisplay.of(spec);
                Checkpoint opened = Checkpoint.open(checkpoint.folder(progress))) {
            progress.clear();
            Facts facts = Facts.of(opened, checkpoint.cacheFolder());
            PrintWriter out = spec.commandLine().getOut();
            if (json) {
                out.println(Json.object(facts::writeTo));
            } else {
                out.print(facts.text());
            }
        }
    }

    /** What is worth knowing about a checkpoint. */
    private record Facts(
            Path folder,
            PaliGemmaConfig config,
            Precision precision,
            long parameters,
            Set<DType> storedTypes,
            List<Path> files,
            long weightBytes,
            MachineFacts machine,
            MemoryFacts memory,
            Path cacheFolder) {

        static Facts of(Checkpoint checkpoint, Path cacheFolder) {
            long bytes = 0;
            Set<DType> types = new TreeSet<>();
            for (TensorInfo tensor : checkpoint.tensors().values()) {
                bytes += tensor.byteLength();
                types.add(tensor.dtype());
            }
            MachineFacts machine = MachineFacts.find();
            return new Facts(
                    checkpoint.folder(),
                    checkpoint.config(),
                    checkpoint.precision(),
                    checkpoint.parameterCount(),
                    types,
                    checkpoint.files(),
                    bytes,
                    machine,
                    MemoryFacts.of(checkpoint, machine),
                    cacheFolder);
        }

        private String architecture() {
            return switch (config.text().family()) {
                case GEMMA -> "PaliGemma";
                case GEMMA2 -> "PaliGemma 2";
            };
        }

        String text() {
            VisionConfig vision = config.vision();
            TextConfig text = config.text();
            FactLines lines = new FactLines();
            lines.add("checkpoint", "%s", folder);
            lines.add("architecture", "%s", architecture());
            lines.add("parameters", "%,d", parameters);
            lines.add("precision", "%s", precision);
            lines.add("stored as", "%s, %,d bytes", names(storedTypes), weightBytes);
            for (Path file : files) {
                lines.add("weight file", "%s", file.getFileName());
            }
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
            memory.addTo(lines);
            machine.addTo(lines);
            lines.add("cache folder", "%s", cacheFolder);
            lines.add("paligemma", "%s", ToolVersion.version());
            return lines.toString();
        }

        private static String names(Set<DType> types) {
            return String.join(" and ", types.stream().map(DType::name).toList());
        }

        void writeTo(JsonGenerator json) throws IOException {
            VisionConfig vision = config.vision();
            TextConfig text = config.text();
            json.writeStringField("checkpoint", folder.toString());
            json.writeStringField("architecture", architecture());
            json.writeNumberField("parameters", parameters);
            json.writeStringField("precision", precision.toString());
            json.writeArrayFieldStart("storedAs");
            for (DType type : storedTypes) {
                json.writeString(type.name());
            }
            json.writeEndArray();
            json.writeNumberField("weightBytes", weightBytes);
            json.writeArrayFieldStart("files");
            for (Path file : files) {
                json.writeString(file.toString());
            }
            json.writeEndArray();
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
            memory.writeTo(json);
            machine.writeTo(json);
            json.writeStringField("cacheFolder", cacheFolder.toString());
            json.writeStringField("version", ToolVersion.version());
        }
    }
}
