package dev.paligemma.examples;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.paligemma.engine.EngineException;
import dev.paligemma.engine.EngineOptions;
import dev.paligemma.engine.Precision;
import dev.paligemma.engine.checkpoint.Checkpoint;
import dev.paligemma.engine.checkpoint.DType;
import dev.paligemma.engine.checkpoint.PaliGemmaConfig;
import dev.paligemma.engine.checkpoint.TensorInfo;
import dev.paligemma.engine.checkpoint.TextConfig;
import dev.paligemma.engine.checkpoint.VisionConfig;
import dev.paligemma.engine.spi.Engines;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code paligemma info}: what a checkpoint is, without loading its weights. */
@Command(
        name = "info",
        description = "Show what a checkpoint is and which engines can run it; weights are not loaded.",
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
        try (Checkpoint opened = Checkpoint.open(checkpoint.folder())) {
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
            List<String> engines,
            Path cacheFolder) {

        static Facts of(Checkpoint checkpoint, Path cacheFolder) {
            long bytes = 0;
            Set<DType> types = new TreeSet<>();
            for (TensorInfo tensor : checkpoint.tensors().values()) {
                bytes += tensor.byteLength();
                types.add(tensor.dtype());
            }
            return new Facts(
                    checkpoint.folder(),
                    checkpoint.config(),
                    checkpoint.precision(),
                    checkpoint.parameterCount(),
                    types,
                    checkpoint.files(),
                    bytes,
                    Engines.names().stream().sorted().map(Facts::describe).toList(),
                    cacheFolder);
        }

        /** An engine that cannot run here is a fact worth knowing, not a reason to hide the others. */
        private static String describe(String engine) {
            try {
                return engine + " "
                        + Engines.create(engine, EngineOptions.defaults()).version();
            } catch (EngineException e) {
                return engine + " (not usable: " + e.getMessage() + ")";
            }
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
            StringBuilder lines = new StringBuilder();
            line(lines, "checkpoint", "%s", folder);
            line(lines, "architecture", "%s", architecture());
            line(lines, "parameters", "%,d", parameters);
            line(lines, "precision", "%s", precision);
            line(lines, "stored as", "%s, %,d bytes", names(storedTypes), weightBytes);
            for (Path file : files) {
                line(lines, "weight file", "%s", file.getFileName());
            }
            line(lines, "image", "%d x %d pixels", vision.imageSize(), vision.imageSize());
            line(lines, "image tokens", "%d (patches of %d pixels)", vision.patches(), vision.patchSize());
            line(
                    lines,
                    "vision encoder",
                    "%d layers, width %d, %d heads, MLP %d",
                    vision.layers(),
                    vision.hiddenSize(),
                    vision.heads(),
                    vision.intermediateSize());
            line(
                    lines,
                    "language model",
                    "%d layers, width %d, %d heads of %d (%d for keys and values), MLP %d",
                    text.layers(),
                    text.hiddenSize(),
                    text.heads(),
                    text.headDim(),
                    text.kvHeads(),
                    text.intermediateSize());
            line(lines, "vocabulary", "%,d", text.vocabSize());
            for (String engine : engines) {
                line(lines, "engine", "%s", engine);
            }
            line(lines, "cache folder", "%s", cacheFolder);
            line(lines, "paligemma", "%s", ToolVersion.version());
            return lines.toString();
        }

        private static void line(StringBuilder lines, String label, String format, @Nullable Object... values) {
            lines.append(String.format(Locale.ROOT, "%-16s", label))
                    .append(String.format(Locale.ROOT, format, values))
                    .append(System.lineSeparator());
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
            json.writeArrayFieldStart("engines");
            for (String engine : engines) {
                json.writeString(engine);
            }
            json.writeEndArray();
            json.writeStringField("cacheFolder", cacheFolder.toString());
            json.writeStringField("version", ToolVersion.version());
        }
    }
}
