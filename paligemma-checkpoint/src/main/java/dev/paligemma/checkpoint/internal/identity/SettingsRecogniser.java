package dev.paligemma.checkpoint.internal.identity;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Tells what a {@code config.json} describes, and who wrote it. Stateless. */
final class SettingsRecogniser {
    private static final String BITS_AND_BYTES = "bitsandbytes";

    /** How the methods of quantisation call themselves that do not with their names. */
    private static final Map<String, String> METHODS = Map.of(
            "gptq", "GPTQ",
            "awq", "AWQ",
            "quanto", "Quanto",
            "hqq", "HQQ",
            "fp8", "FP8",
            "fbgemm_fp8", "FP8 (fbgemm)",
            "compressed-tensors", "compressed-tensors (llm-compressor, vLLM)",
            "modelopt", "NVIDIA ModelOpt");

    private SettingsRecogniser() {}

    static Identity of(Path folder, Settings config) {
        if (config.text("module") != null && config.text("class_name") != null) {
            return Identity.of(
                    folder,
                    Kind.KERAS,
                    "a preset of KerasHub, " + config.text("class_name"),
                    keras(folder),
                    Remedies.original(null));
        }
        String writer = writer(folder, config);
        if (!config.isPaliGemma() && !config.isPageEncoder()) {
            String other = config.otherModel();
            boolean pages = other != null && other.startsWith("a page encoder");
            return other == null
                    ? Identity.of(
                            folder,
                            Kind.OTHER_MODEL,
                            "something whose config.json describes no model of transformers (it has no model_type)",
                            writer,
                            Remedies.PALIGEMMA)
                    : Identity.of(folder, Kind.OTHER_MODEL, other, writer, pages ? Remedies.PAGES : Remedies.PALIGEMMA);
        }
        String model = config.generation();
        Settings mlx = config.object("quantization");
        if (mlx.has("bits") || mlx.has("group_size") || mlx.has("mode")) {
            return mlxQuantised(folder, model, mlx, writer);
        }
        String method = method(config);
        if (method != null && !method.equals(BITS_AND_BYTES)) {
            return Identity.of(
                    folder,
                    Kind.QUANTISED,
                    model + " with weights quantised by " + METHODS.getOrDefault(method, method)
                            + (METHODS.containsKey(method) ? " (quant_method \"" + method + "\")" : ""),
                    writer,
                    "of quantised weights only those of bitsandbytes are read: " + Remedies.smaller(config.base()));
        }
        return config.isPageEncoder()
                ? Identity.of(folder, Kind.PAGE_ENCODER, "ColPali, a page encoder on " + model, writer, null)
                : Identity.of(folder, Kind.CHECKPOINT, "a checkpoint of " + model, writer, null);
    }

    static Identity mlxQuantised(Path folder, String model, Settings quantisation, @Nullable String writer) {
        Long bits = quantisation.integer("bits");
        Long group = quantisation.integer("group_size");
        return Identity.of(
                folder,
                Kind.MLX_QUANTISED,
                "an MLX folder of " + model + " with quantised weights"
                        + (bits == null
                                ? ""
                                : " (" + bits + " bits" + (group == null ? "" : ", groups of " + group) + ")"),
                "MLX (mlx-vlm)" + (writer == null ? "" : " from a folder of " + writer),
                "quantised MLX weights are not read, those in bfloat16 are: " + Remedies.smaller(config(folder)));
    }

    private static @Nullable String config(Path folder) {
        return Settings.of(folder.resolve("config.json")).base();
    }

    /** The method of quantisation; null without one. */
    private static @Nullable String method(Settings config) {
        for (String name : List.of("quantization_config", "compression_config")) {
            if (config.has(name)) {
                Settings quantisation = config.object(name);
                String method = quantisation.text("quant_method");
                if (method != null) {
                    return method;
                }
                // The first releases that could save such a model did not write the name of the method.
                boolean unnamed = quantisation.flag("load_in_8bit") || quantisation.flag("load_in_4bit");
                return unnamed ? BITS_AND_BYTES : "a method that " + name + " does not name";
            }
        }
        return null;
    }

    /** Who wrote the files; null if nothing tells. */
    static @Nullable String writer(Path folder, Settings config) {
        List<String> writers = new ArrayList<>();
        String version = config.text("transformers_version");
        if (version == null) {
            version = config.object("text_config").text("transformers_version");
        }
        if (version == null) {
            version = Settings.of(folder.resolve("generation_config.json")).text("transformers_version");
        }
        if (version != null) {
            writers.add("transformers " + version);
        } else if (config.has("model_type") || config.has("architectures")) {
            writers.add("transformers (no version)");
        }
        if (BITS_AND_BYTES.equals(method(config))) {
            writers.add(BITS_AND_BYTES + " (" + bits(config.object("quantization_config")) + ")");
        }
        String unsloth = config.text("unsloth_version");
        if (unsloth != null || config.flag("unsloth_fixed")) {
            writers.add("Unsloth" + (unsloth == null ? "" : " " + unsloth));
        }
        if (config.text("type") != null && !config.has("model_type")) {
            writers.add("lerobot");
        }
        return writers.isEmpty() ? null : String.join(", ", writers);
    }

    private static String bits(Settings quantisation) {
        if (quantisation.flag("load_in_8bit")) {
            return "8 bits";
        }
        String type = quantisation.text("bnb_4bit_quant_type");
        return "4 bits" + (type == null ? "" : ", " + type);
    }

    /** KerasHub writes its version beside the settings. */
    static String keras(Path folder) {
        Settings metadata = Settings.of(folder.resolve("metadata.json"));
        for (String name : List.of("keras_hub_version", "keras_nlp_version", "keras_version")) {
            String version = metadata.text(name);
            if (version != null) {
                return (name.startsWith("keras_hub")
                                ? "KerasHub "
                                : name.startsWith("keras_nlp") ? "KerasNLP " : "Keras ")
                        + version;
            }
        }
        return "Keras";
    }
}
