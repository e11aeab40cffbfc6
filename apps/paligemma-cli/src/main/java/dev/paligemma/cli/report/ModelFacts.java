package dev.paligemma.cli.report;

import dev.paligemma.catalog.KnownModel;
import dev.paligemma.checkpoint.Checkpoint;
import dev.paligemma.checkpoint.config.PaliGemmaConfig;
import dev.paligemma.checkpoint.config.TextConfig;
import dev.paligemma.checkpoint.config.VisionConfig;
import dev.paligemma.checkpoint.internal.generation.GenerationSettings;
import dev.paligemma.checkpoint.internal.identity.Identity;
import dev.paligemma.engine.Precision;
import dev.paligemma.engine.weights.DType;
import dev.paligemma.engine.weights.TensorInfo;
import dev.paligemma.hub.HubModel;
import dev.paligemma.network.Networks;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** What is worth knowing about a model, and about this machine beside it. Stateless. */
public final class ModelFacts {
    private ModelFacts() {}

    /** A checkpoint on this machine, and what was found where it was named. */
    public static Facts of(Checkpoint checkpoint, Identity identity, Path cacheFolder) {
        long bytes = 0;
        Set<DType> types = new TreeSet<>();
        for (Map.Entry<String, TensorInfo> tensor : checkpoint.tensors().entrySet()) {
            types.add(tensor.getValue().dtype());
            // Of a quantised weight the codes are not all.
            for (TensorInfo stored : checkpoint.storedTensors(tensor.getKey())) {
                bytes += stored.byteLength();
            }
        }
        Facts facts = new Facts()
                .add("checkpoint", "checkpoint", checkpoint.folder())
                .all(IdentityFacts.of(identity))
                .all(writing(checkpoint.folder()))
                .all(size(checkpoint.config(), checkpoint.parameterCount()))
                .add("precision", "precision", checkpoint.precision())
                .line("stored as", "%s, %,d bytes", joined(types), bytes)
                .value("storedAs", types)
                .value("weightBytes", bytes)
                .value("files", checkpoint.files());
        checkpoint.files().forEach(file -> facts.line("weight file", "%s", file.getFileName()));
        // What is known of memory is for a model that writes an answer.
        boolean writes = checkpoint.config().pageRows() == null;
        return facts.all(shapes(checkpoint.config()))
                .all(writes ? memory(checkpoint.config(), checkpoint.precision()) : new Facts())
                .add("cache folder", "cacheFolder", cacheFolder)
                .all(version());
    }

    /** How the checkpoint itself wants answers written. */
    private static Facts writing(Path folder) {
        GenerationSettings settings = GenerationSettings.readFolder(folder);
        Facts facts = new Facts().value("generation", settings.applied()).value("ignored", settings.ignored());
        if (!settings.applied().isEmpty()) {
            facts.line("answers have", "%s", String.join(", ", settings.applied()));
        }
        if (!settings.ignored().isEmpty()) {
            facts.line("not applied", "%s (generation_config.json)", String.join(", ", settings.ignored()));
        }
        return facts;
    }

    private static String joined(Set<DType> types) {
        return types.stream().map(DType::name).collect(Collectors.joining(" and "));
    }

    /** A published model that is not on this machine. */
    public static Facts of(KnownModel model) {
        PaliGemmaConfig config = model.config();
        Facts facts = new Facts()
                .value("downloaded", false)
                .line("model", "%s, not downloaded", model)
                .line("page", "%s", model.modelPage())
                .line("terms", "%s", KnownModel.LICENSE_PAGE)
                .line("architecture", "%s", model.size())
                .line("parameters", "%,d", model.parameterCount())
                .all(PublishedModels.facts(model));
        for (KnownModel.Revision revision : model.revisions()) {
            facts.line(
                    "revision",
                    "%s: %s, %s to download",
                    revision.name(),
                    revision.type(),
                    Facts.gigabytes(model.weightBytes(revision)));
        }
        return facts.line("image", "%d x %d pixels", model.imageSize(), model.imageSize())
                .line("image tokens", "%d", config.vision().patches())
                .all(memory(config, Precision.FLOAT32))
                .all(version());
    }

    /** A model of the hub that is neither on this machine nor among the published ones. */
    public static Facts of(HubModel model, PaliGemmaConfig config) {
        return new Facts()
                .value("downloaded", false)
                .line("model", "%s, not downloaded", model)
                .value("model", model)
                .all(size(config, Networks.parameterCount(config)))
                .all(shapes(config))
                .all(memory(config, Precision.FLOAT32))
                .all(version());
    }

    private static Facts size(PaliGemmaConfig config, long parameters) {
        String model = switch (config.text().family()) {
            case GEMMA -> "PaliGemma";
            case GEMMA2 -> "PaliGemma 2";
        };
        String architecture = config.pageRows() == null ? model : "ColPali on " + model;
        return new Facts()
                .add("architecture", "architecture", architecture)
                .line("parameters", "%,d", parameters)
                .value("parameters", parameters);
    }

    private static Facts shapes(PaliGemmaConfig config) {
        VisionConfig vision = config.vision();
        TextConfig text = config.text();
        return new Facts()
                .line("image", "%d x %d pixels", vision.imageSize(), vision.imageSize())
                .value("imageSize", vision.imageSize())
                .line("image tokens", "%d (patches of %d pixels)", vision.patches(), vision.patchSize())
                .value("imageTokens", vision.patches())
                .line(
                        "vision encoder",
                        "%d layers, width %d, %d heads, MLP %d",
                        vision.layers(),
                        vision.hiddenSize(),
                        vision.heads(),
                        vision.intermediateSize())
                .value(
                        "vision",
                        new Facts()
                                .value("layers", vision.layers())
                                .value("width", vision.hiddenSize())
                                .value("heads", vision.heads())
                                .value("mlp", vision.intermediateSize())
                                .value("patchSize", vision.patchSize()))
                .line(
                        "language model",
                        "%d layers, width %d, %d heads of %d (%d for keys and values), MLP %d",
                        text.sizes().layers(),
                        text.sizes().hiddenSize(),
                        text.sizes().heads(),
                        text.sizes().headDim(),
                        text.sizes().kvHeads(),
                        text.sizes().intermediateSize())
                .value(
                        "language",
                        new Facts()
                                .value("layers", text.sizes().layers())
                                .value("width", text.sizes().hiddenSize())
                                .value("heads", text.sizes().heads())
                                .value("headWidth", text.sizes().headDim())
                                .value("keyValueHeads", text.sizes().kvHeads())
                                .value("mlp", text.sizes().intermediateSize()))
                .line("vocabulary", "%,d", text.sizes().vocabSize())
                .value("vocabulary", text.sizes().vocabSize());
    }

    private static Facts memory(PaliGemmaConfig config, Precision stored) {
        MachineFacts machine = MachineFacts.find();
        return new Facts().all(MemoryFacts.of(config, stored, machine).facts()).all(machine.facts());
    }

    private static Facts version() {
        return new Facts().add("paligemma", "version", ToolVersion.version());
    }
}
