package dev.paligemma.examples;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.paligemma.KnownModel;
import dev.paligemma.KnownModels;
import dev.paligemma.engine.Precision;
import dev.paligemma.engine.checkpoint.Checkpoint;
import dev.paligemma.engine.checkpoint.PaliGemmaConfig;
import dev.paligemma.engine.weights.DType;
import dev.paligemma.engine.weights.TensorInfo;
import dev.paligemma.gemma.Networks;
import dev.paligemma.hub.FileSet;
import dev.paligemma.hub.HubModel;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
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
            "Weights of a model of the hub are not downloaded for that either.",
            "Memory needed is that of one request with one image, a short prompt and 128 written tokens."
        },
        sortOptions = false,
        usageHelpAutoWidth = true,
        footer = {"", "Example:", "  paligemma info --model paligemma2-3b-mix-224"})
final class InfoCommand implements Runnable {
    private static final String CONFIG_FILE = "config.json";

    @Spec
    CommandSpec spec;

    @Mixin
    CheckpointOptions checkpoint = new CheckpointOptions();

    @Option(names = "--json", description = "Print one JSON object.")
    boolean json;

    @Override
    public void run() {
        HubModel absent = checkpoint.absent();
        if (absent != null) {
            describe(absent);
            return;
        }
        try (ProgressDisplay progress = ProgressDisplay.of(spec);
                Checkpoint opened = Networks.open(checkpoint.folder(progress))) {
            progress.clear();
            Facts facts = Facts.of(opened, checkpoint.cacheFolder());
            print(facts.text(), facts::writeTo);
        }
    }

    /** Of published models nothing is downloaded, of others their sizes. */
    private void describe(HubModel absent) {
        MachineFacts machine = MachineFacts.find();
        // Of a revision that is not known the hub is asked.
        KnownModel known = KnownModels.find(absent.id())
                .filter(each ->
                        each.revisions().stream().anyMatch(one -> one.name().equals(absent.revision())))
                .orElse(null);
        if (known != null) {
            PublishedFacts facts = PublishedFacts.of(known, machine);
            print(facts.text(), facts::writeTo);
            return;
        }
        try (ProgressDisplay progress = ProgressDisplay.of(spec)) {
            PaliGemmaConfig config = PaliGemmaConfig.read(
                    checkpoint.folder(FileSet.of(CONFIG_FILE), progress).resolve(CONFIG_FILE));
            progress.clear();
            RemoteFacts facts = RemoteFacts.of(absent, config, machine);
            print(facts.text(), facts::writeTo);
        }
    }

    private void print(String text, Json.Fields fields) {
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            out.println(Json.object(fields));
        } else {
            out.print(text);
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
            for (Map.Entry<String, TensorInfo> tensor : checkpoint.tensors().entrySet()) {
                types.add(tensor.getValue().dtype());
                // Of a quantised weight the codes are not all.
                for (TensorInfo stored : checkpoint.storedTensors(tensor.getKey())) {
                    bytes += stored.byteLength();
                }
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

        String text() {
            FactLines lines = new FactLines();
            lines.add("checkpoint", "%s", folder);
            lines.add("architecture", "%s", ConfigFacts.architecture(config));
            lines.add("parameters", "%,d", parameters);
            lines.add("precision", "%s", precision);
            lines.add("stored as", "%s, %,d bytes", names(storedTypes), weightBytes);
            for (Path file : files) {
                lines.add("weight file", "%s", file.getFileName());
            }
            ConfigFacts.addTo(lines, config);
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
            json.writeStringField("checkpoint", folder.toString());
            json.writeStringField("architecture", ConfigFacts.architecture(config));
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
            ConfigFacts.writeTo(json, config);
            memory.writeTo(json);
            machine.writeTo(json);
            json.writeStringField("cacheFolder", cacheFolder.toString());
            json.writeStringField("version", ToolVersion.version());
        }
    }
}
