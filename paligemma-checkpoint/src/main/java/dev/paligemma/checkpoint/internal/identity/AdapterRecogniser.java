package dev.paligemma.checkpoint.internal.identity;

import dev.paligemma.base.internal.InputFiles;
import dev.paligemma.base.internal.Quote;
import dev.paligemma.checkpoint.config.CheckpointException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Tells what a folder with an {@code adapter_config.json} is, and who wrote it. Stateless. */
final class AdapterRecogniser {
    static final String CONFIG = "adapter_config.json";

    private static final int MAX_README_BYTES = 1 << 20;
    private static final Pattern PEFT_VERSION = Pattern.compile("(?m)^\\W*PEFT[: ]+v?(\\d[\\w.]{0,30})");

    private AdapterRecogniser() {}

    static Identity of(Listing listing) {
        Path folder = listing.folder();
        Settings config = Settings.read(listing.resolve(CONFIG));
        if (config == null) {
            return Identity.of(
                    folder,
                    Kind.UNREAD_ADAPTER,
                    "an adapter for a model that its damaged " + CONFIG + " does not name",
                    null,
                    "save or download that file again");
        }
        String base = config.text("base_model_name_or_path");
        String of = base == null ? "for a model that it does not name" : "for " + Quote.quote(base);
        String use = "open that model, and give this folder as its adapter with adapter(...) of the builder";
        String type = config.text("peft_type");
        boolean mlx = type == null
                && (config.has("lora_parameters")
                        || config.has("fine_tune_type")
                        || listing.has("adapters.safetensors"));
        if (mlx) {
            return Identity.of(folder, Kind.MLX_ADAPTER, "an adapter of mlx-vlm " + of, "mlx-vlm (MLX)", use);
        }
        String writer = writer(listing, config);
        boolean weights = listing.any(".safetensors");
        if (!weights && listing.has("adapter_model.bin")) {
            return Identity.of(
                    folder,
                    Kind.UNREAD_ADAPTER,
                    "an adapter " + of + " with pickled weights (adapter_model.bin)",
                    writer,
                    "pickled weights can run code and are not read; save it as safetensors, in Python:"
                            + " PeftModel.from_pretrained(base, \"" + folder + "\").save_pretrained(\"NEW\","
                            + " safe_serialization=True)");
        }
        if (type != null && !type.equals("LORA")) {
            return Identity.of(
                    folder,
                    Kind.UNREAD_ADAPTER,
                    "an adapter of the kind " + Quote.quote(type) + " " + of,
                    writer,
                    "of adapters only LoRA is read; merge it in Python with merge_and_unload() and save_pretrained(\"NEW\"),"
                            + " and open NEW");
        }
        Long rank = config.integer("r");
        String kind = (config.flag("use_dora") ? "DoRA" : "LoRA") + (rank == null ? "" : ", rank " + rank);
        return Identity.of(
                folder,
                weights ? Kind.PEFT_ADAPTER : Kind.UNFINISHED,
                "an adapter (" + kind + ") " + of + (weights ? "" : " without its adapter_model.safetensors"),
                writer,
                weights ? use : "copy or download that file into it, then " + use);
    }

    private static String writer(Listing listing, Settings config) {
        String version = config.text("peft_version");
        if (version == null && listing.has("README.md")) {
            version = versionIn(listing.resolve("README.md"));
        }
        String unsloth = config.text("unsloth_version");
        boolean isUnsloth =
                unsloth != null || config.object("auto_mapping").flag("unsloth_fixed") || config.flag("unsloth_fixed");
        boolean swift = listing.has("additional_config.json");
        return "PEFT" + (version == null ? "" : " " + version)
                + (isUnsloth ? ", Unsloth" + (unsloth == null ? "" : " " + unsloth) : "")
                + (swift ? ", ms-swift" : "");
    }

    /** The model card that PEFT writes ends with its version. */
    private static @Nullable String versionIn(Path readme) {
        try {
            String text = new String(
                    InputFiles.readAll(readme, MAX_README_BYTES, CheckpointException::new), StandardCharsets.UTF_8);
            Matcher version = PEFT_VERSION.matcher(text);
            return version.find() ? version.group(1).toLowerCase(Locale.ROOT) : null;
        } catch (CheckpointException e) {
            return null;
        }
    }
}
