package dev.paligemma.checkpoint.internal.identity;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Tells which program's format the weights of a folder have, where it is none that is read. Stateless. */
final class FormatRecogniser {
    private static final String SEVERAL = "weights in several pieces of a training program";

    private FormatRecogniser() {}

    /** What the folder is; null if its names are of no format. */
    static @Nullable Identity of(Listing listing) throws IOException {
        Path folder = listing.folder();
        Settings config = Settings.of(listing.resolve("config.json"));
        String base = config.isPaliGemma() ? config.base() : null;
        String writer = config.isPaliGemma() ? SettingsRecogniser.writer(folder, config) : null;
        if (listing.any(".gguf")) {
            return FileRecogniser.gguf(listing.resolve(listing.ending(".gguf").get(0)), folder, base);
        }
        Identity training = training(listing, writer);
        if (training != null) {
            return training;
        }
        if (listing.has("pytorch_model.bin", "pytorch_model.bin.index.json")) {
            return Identity.of(
                    folder,
                    Kind.PICKLE,
                    "a folder with pickled weights of PyTorch (pytorch_model.bin)",
                    writer == null ? "PyTorch" : writer,
                    Remedies.safetensors(folder.toString()));
        }
        if (listing.any(".msgpack")) {
            return other(folder, Kind.FLAX, "weights of Flax (" + first(listing, ".msgpack") + ")", "Flax", base);
        }
        if (listing.has("saved_model.pb", "keras_metadata.pb")) {
            return other(folder, Kind.TENSORFLOW, "a SavedModel of TensorFlow", "TensorFlow", base);
        }
        if (listing.any(".weights.h5", ".keras") || listing.has("task.json")) {
            return other(folder, Kind.KERAS, "a model of Keras or KerasHub", SettingsRecogniser.keras(folder), base);
        }
        if (listing.any(".h5", ".hdf5")) {
            return other(
                    folder,
                    Kind.TENSORFLOW,
                    "weights of TensorFlow (" + first(listing, ".h5", ".hdf5") + ")",
                    "TensorFlow",
                    base);
        }
        if (listing.any(".onnx", ".onnx_data") || listing.folders().contains("onnx")) {
            return other(folder, Kind.ONNX, "a graph that was exported to ONNX", "an ONNX exporter", base);
        }
        if (listing.has("openvino_model.xml") || (listing.any(".xml") && listing.any(".bin"))) {
            return other(
                    folder, Kind.OPENVINO, "a graph of OpenVINO (" + first(listing, ".xml") + ")", "OpenVINO", base);
        }
        if (listing.any(".mlmodel")
                || (listing.has("Manifest.json") && listing.folders().contains("Data"))
                || listing.folders().stream()
                        .anyMatch(name -> name.endsWith(".mlpackage") || name.endsWith(".mlmodelc"))) {
            return other(folder, Kind.CORE_ML, "a model of Core ML", "Core ML", base);
        }
        if (listing.any(".tflite", ".task", ".litertlm")) {
            return other(folder, Kind.TFLITE, "a model of TensorFlow Lite", "LiteRT or MediaPipe", base);
        }
        Path params = listing.resolve("params");
        if (listing.has("_METADATA", "_CHECKPOINT_METADATA", "manifest.ocdbt")
                || Files.exists(params.resolve("_METADATA"))) {
            return other(folder, Kind.ORBAX, "a checkpoint of JAX (Orbax)", "Orbax", base);
        }
        if (listing.any(".sbs")) {
            return other(
                    folder,
                    Kind.OTHER_FORMAT,
                    "weights of gemma.cpp (" + first(listing, ".sbs") + ")",
                    "gemma.cpp",
                    base);
        }
        if (listing.has("mlc-chat-config.json", "ndarray-cache.json", "tensor-cache.json")) {
            return other(folder, Kind.OTHER_FORMAT, "a model of MLC", "MLC-LLM", base);
        }
        if (listing.any(".pte", ".engine", ".plan")) {
            String file = first(listing, ".pte", ".engine", ".plan");
            return other(folder, Kind.OTHER_FORMAT, "a compiled graph (" + file + ")", "ExecuTorch or TensorRT", base);
        }
        if (listing.has("model_index.json")) {
            return Identity.of(folder, Kind.OTHER_MODEL, "a pipeline of diffusers", "diffusers", Remedies.PALIGEMMA);
        }
        if (listing.any(".bin", ".pt", ".pth", ".ckpt", ".pkl") && !listing.any(".safetensors")) {
            return Identity.of(
                    folder,
                    Kind.PICKLE,
                    "a folder with pickled weights of PyTorch ("
                            + first(listing, ".bin", ".pt", ".pth", ".ckpt", ".pkl") + ")",
                    "PyTorch",
                    Remedies.safetensors(folder.toString()));
        }
        return null;
    }

    private static @Nullable Identity training(Listing listing, @Nullable String writer) {
        Path folder = listing.folder();
        Optional<String> deepSpeed = listing.folderStarting("global_step");
        if (deepSpeed.isPresent()
                || listing.has("zero_to_fp32.py")
                || listing.any("_optim_states.pt", "_model_states.pt")) {
            return Identity.of(
                    folder,
                    Kind.SHARDED_TRAINING,
                    SEVERAL + " (DeepSpeed" + deepSpeed.map(name -> ", " + name).orElse("") + ")",
                    "DeepSpeed",
                    "gather them with DeepSpeed: 'python zero_to_fp32.py . NEW --safe_serialization' in that folder,"
                            + " and copy config.json, tokenizer and processor files into NEW");
        }
        Optional<String> fsdp = listing.folderStarting("pytorch_model_fsdp", "distributed_checkpoint");
        if (fsdp.isPresent() || listing.any(".distcp")) {
            return Identity.of(
                    folder,
                    Kind.SHARDED_TRAINING,
                    SEVERAL + " (FSDP)",
                    writer == null ? "PyTorch FSDP" : writer + ", PyTorch FSDP",
                    "gather them with Accelerate: 'accelerate merge-weights " + fsdp.orElse(".")
                            + " NEW', and copy config.json, tokenizer and processor files into NEW");
        }
        if (listing.folderStarting("mp_rank_", "iter_", "tp_rank_").isPresent()
                || listing.has("latest_checkpointed_iteration.txt")) {
            return Identity.of(
                    folder,
                    Kind.SHARDED_TRAINING,
                    SEVERAL + " (Megatron)",
                    "Megatron",
                    "export them to Hugging Face format with the program that wrote them");
        }
        return null;
    }

    private static Identity other(Path folder, Kind kind, String what, String writer, @Nullable String base) {
        return Identity.of(folder, kind, what, writer, "that format is not read: " + Remedies.original(base));
    }

    private static String first(Listing listing, String... endings) {
        return FolderRecogniser.shown(List.of(listing.ending(endings).get(0)));
    }
}
