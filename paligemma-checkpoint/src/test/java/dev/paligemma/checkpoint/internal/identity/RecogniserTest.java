package dev.paligemma.checkpoint.internal.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.paligemma.checkpoint.TestNetwork;
import dev.paligemma.checkpoint.config.CheckpointException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The kinds of files and folders that people have, each as small as it can be. */
class RecogniserTest {
    private static final String LFS =
            "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a21\nsize 4986817288\n";
    private static final String PALIGEMMA = "{\"model_type\": \"paligemma\", \"transformers_version\": \"4.57.6\","
            + " \"architectures\": [\"PaliGemmaForConditionalGeneration\"], \"torch_dtype\": \"bfloat16\","
            + " \"text_config\": {\"model_type\": \"gemma2\", \"hidden_size\": 2304},"
            + " \"vision_config\": {\"image_size\": 448}%s}";
    private static final String ADAPTER =
            "{\"peft_type\": \"LORA\", \"r\": 16, \"base_model_name_or_path\": \"google/paligemma-3b-pt-224\"%s}";
    private static final String ZIP = "PK\3\4aaaaaaaaaaaaaaaaaaaaaa%c\0\0\0%s";

    @TempDir
    Path folder;

    private static String config(String more) {
        return PALIGEMMA.replace("%s", more);
    }

    private static String quantised(String method) {
        return config(", \"quantization_config\": {\"quant_method\": \"" + method + "\"}");
    }

    private static String safetensors(String format) {
        return safetensors(format, "");
    }

    private static String safetensors(String format, String tensors) {
        String json = "{\"__metadata__\":{\"format\":\"" + format + "\"}" + tensors + "}";
        byte[] length = ByteBuffer.allocate(8)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(json.length())
                .array();
        return new String(length, StandardCharsets.ISO_8859_1) + json;
    }

    private static String zip(String firstEntry) {
        return ZIP.replace("%c", String.valueOf((char) firstEntry.length())).replace("%s", firstEntry);
    }

    private static Arguments kind(Kind kind, String expected, Object... namesAndContents) {
        return arguments(kind, expected, List.of(namesAndContents));
    }

    /** Kind, what stands in the line, and the files of a folder. */
    static Stream<Arguments> folders() {
        String whole = safetensors("pt");
        String mlx = safetensors("mlx");
        String codes = safetensors(
                "mlx",
                ",\"a.scales\":{\"dtype\":\"F16\",\"shape\":[0],\"data_offsets\":[0,0]}"
                        + ",\"a.weight\":{\"dtype\":\"U32\",\"shape\":[0],\"data_offsets\":[0,0]}");
        return Stream.of(
                // Formats that are read
                kind(
                        Kind.CHECKPOINT,
                        "a checkpoint of PaliGemma 2 in Hugging Face format, safetensors in 1 file, bfloat16,"
                                + " written by transformers 4.57.6",
                        "config.json",
                        config(""),
                        "model.safetensors",
                        whole,
                        "tokenizer.json",
                        "{}",
                        "preprocessor_config.json",
                        "{}"),
                kind(
                        Kind.CHECKPOINT,
                        "safetensors in 2 files",
                        "config.json",
                        config(""),
                        "model.safetensors.index.json",
                        "{}",
                        "model-00001-of-00002.safetensors",
                        whole,
                        "model-00002-of-00002.safetensors",
                        whole,
                        "tokenizer.model",
                        "",
                        "processor_config.json",
                        "{}"),
                kind(
                        Kind.CHECKPOINT,
                        "in MLX format, safetensors in 1 file, bfloat16, written by MLX (mlx-vlm) from a folder of"
                                + " transformers 4.57.6",
                        "config.json",
                        config(""),
                        "model.safetensors",
                        mlx,
                        "tokenizer.json",
                        "{}",
                        "preprocessor_config.json",
                        "{}"),
                kind(
                        Kind.CHECKPOINT,
                        "bitsandbytes (4 bits, nf4)",
                        "config.json",
                        config(", \"quantization_config\": {\"quant_method\": \"bitsandbytes\", \"load_in_4bit\": true,"
                                + " \"bnb_4bit_quant_type\": \"nf4\"}"),
                        "model.safetensors",
                        whole,
                        "tokenizer.json",
                        "{}",
                        "preprocessor_config.json",
                        "{}"),
                kind(
                        Kind.BIG_VISION,
                        "a checkpoint of big_vision (pt_224.npz), written by big_vision",
                        "pt_224.npz",
                        "",
                        "tokenizer.model",
                        "",
                        "vae-oid.npz",
                        ""),
                // What they lack
                kind(
                        Kind.LACKS_FILES,
                        "without tokenizer and image processor settings, written by transformers 4.57.6, Trainer;"
                                + " copy tokenizer.json and preprocessor_config.json (processor_config.json serves as well) from"
                                + " google/paligemma2-3b-pt-448 into it, for example with 'hf download google/paligemma2-3b-pt-448"
                                + " tokenizer.json preprocessor_config.json --local-dir",
                        "config.json",
                        config(""),
                        "model.safetensors",
                        whole,
                        "trainer_state.json",
                        "{}",
                        "optimizer.pt",
                        ""),
                kind(
                        Kind.LACKS_FILES,
                        "from owner/base into it",
                        "config.json",
                        config(", \"_name_or_path\": \"owner/base\""),
                        "model.safetensors",
                        whole,
                        "tokenizer.json",
                        "{}"),
                kind(Kind.LACKS_FILES, "without a tokenizer", "pt_224.npz", ""),
                kind(Kind.DAMAGED, "cannot be read", "config.json", "{", "model.safetensors", whole),
                kind(
                        Kind.SETTINGS_ALONE,
                        "holds neither model.safetensors nor model.safetensors.index.json",
                        "config.json",
                        config("")),
                kind(
                        Kind.UNFINISHED,
                        "with a download that was cut off (model.safetensors.incomplete)",
                        "config.json",
                        config(""),
                        "model.safetensors.incomplete",
                        ""),
                kind(Kind.UNFINISHED, "run 'dvc pull'", "config.json", config(""), "model.safetensors.dvc", "outs:"),
                kind(
                        Kind.UNFINISHED,
                        "rename the file to model.safetensors",
                        "config.json",
                        config(""),
                        "weights.safetensors",
                        whole),
                // Adapters
                kind(
                        Kind.PEFT_ADAPTER,
                        "an adapter (LoRA, rank 16) for \"google/paligemma-3b-pt-224\", written by PEFT 0.14.0",
                        "adapter_config.json",
                        String.format(ADAPTER, ""),
                        "adapter_model.safetensors",
                        whole,
                        "README.md",
                        "### Framework versions\n\n- PEFT 0.14.0"),
                kind(
                        Kind.PEFT_ADAPTER,
                        "(DoRA, rank 16)",
                        "adapter_config.json",
                        String.format(ADAPTER, ", \"use_dora\": true, \"peft_version\": \"0.21.2\""),
                        "adapter_model.safetensors",
                        whole),
                kind(
                        Kind.PEFT_ADAPTER,
                        "PEFT, Unsloth",
                        "adapter_config.json",
                        String.format(ADAPTER, ", \"auto_mapping\": {\"unsloth_fixed\": true}"),
                        "adapter_model.safetensors",
                        whole,
                        "config.json",
                        config("")),
                kind(
                        Kind.MLX_ADAPTER,
                        "an adapter of mlx-vlm",
                        "adapter_config.json",
                        "{\"lora_parameters\": {\"rank\": 8}}",
                        "adapters.safetensors",
                        mlx),
                kind(
                        Kind.UNREAD_ADAPTER,
                        "pickled weights (adapter_model.bin)",
                        "adapter_config.json",
                        String.format(ADAPTER, ""),
                        "adapter_model.bin",
                        ""),
                kind(
                        Kind.UNREAD_ADAPTER,
                        "of the kind \"IA3\"",
                        "adapter_config.json",
                        "{\"peft_type\": \"IA3\"}",
                        "adapter_model.safetensors",
                        whole),
                kind(
                        Kind.UNFINISHED,
                        "without its adapter_model.safetensors",
                        "adapter_config.json",
                        String.format(ADAPTER, "")),
                kind(Kind.WEIGHTS_ALONE, "without adapter_config.json", "adapter_model.safetensors", whole),
                // Quantised by others
                kind(
                        Kind.MLX_QUANTISED,
                        "an MLX folder of PaliGemma 2 with quantised weights (4 bits, groups of 64)",
                        "config.json",
                        config(", \"quantization\": {\"bits\": 4, \"group_size\": 64}, \"quantization_config\":"
                                + " {\"bits\": 4, \"group_size\": 64}"),
                        "model.safetensors",
                        codes),
                kind(
                        Kind.MLX_QUANTISED,
                        "with quantised weights, written by MLX",
                        "config.json",
                        config(""),
                        "model.safetensors",
                        codes),
                kind(
                        Kind.QUANTISED,
                        "quantised by GPTQ (quant_method \"gptq\")",
                        "config.json",
                        quantised("gptq"),
                        "model.safetensors",
                        whole),
                kind(Kind.QUANTISED, "quantised by AWQ", "config.json", quantised("awq"), "model.safetensors", whole),
                kind(
                        Kind.QUANTISED,
                        "compressed-tensors",
                        "config.json",
                        quantised("compressed-tensors"),
                        "model.safetensors",
                        whole),
                kind(
                        Kind.QUANTISED,
                        "by torchao, written by transformers 4.57.6; of quantised weights only those of bitsandbytes are read",
                        "config.json",
                        quantised("torchao"),
                        "model.safetensors",
                        whole),
                kind(Kind.QUANTISED, "FP8", "config.json", quantised("fbgemm_fp8")),
                kind(Kind.QUANTISED, "Quanto", "config.json", quantised("quanto"), "pytorch_model.bin", ""),
                // Other formats
                kind(
                        Kind.GGUF,
                        "a folder with a GGUF file (m-Q4_K_M.gguf) of the architecture \"gemma2\"",
                        "m-Q4_K_M.gguf",
                        "GGUF\3\0\0\0\1\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\24\0\0\0\0\0\0\0general.architecture\10\0\0\0\6\0\0\0\0\0\0\0gemma2"),
                kind(Kind.GGUF, "GGUF is for llama.cpp", "config.json", config(""), "model.gguf", ""),
                kind(
                        Kind.PICKLE,
                        "pytorch_model.bin",
                        "config.json",
                        config(""),
                        "pytorch_model-00001-of-00002.bin",
                        "",
                        "pytorch_model.bin.index.json",
                        "{}"),
                kind(Kind.PICKLE, "are not read, so save as safetensors", "consolidated.pth", ""),
                kind(Kind.FLAX, "flax_model.msgpack", "config.json", config(""), "flax_model.msgpack", ""),
                kind(
                        Kind.TENSORFLOW,
                        "weights of TensorFlow (tf_model.h5)",
                        "config.json",
                        config(""),
                        "tf_model.h5",
                        ""),
                kind(Kind.TENSORFLOW, "SavedModel", "saved_model.pb", ""),
                kind(
                        Kind.KERAS,
                        "written by KerasHub 0.19.0",
                        "config.json",
                        "{\"module\": \"keras_hub.src.models\", \"class_name\": \"PaliGemmaBackbone\"}",
                        "model.weights.h5",
                        "",
                        "task.json",
                        "{}",
                        "metadata.json",
                        "{\"keras_hub_version\": \"0.19.0\"}"),
                kind(Kind.KERAS, "a model of Keras", "model.weights.h5", ""),
                kind(Kind.ONNX, "exported to ONNX", "config.json", config(""), "onnx/model.onnx", ""),
                kind(Kind.OPENVINO, "OpenVINO", "openvino_model.xml", "<net", "openvino_model.bin", ""),
                kind(Kind.CORE_ML, "Core ML", "Model.mlpackage/Manifest.json", "{}"),
                kind(Kind.TFLITE, "TensorFlow Lite", "paligemma.task", ""),
                kind(Kind.ORBAX, "JAX (Orbax)", "_METADATA", "{}", "manifest.ocdbt", ""),
                kind(Kind.MASK_CODEC, "the mask decoder of big_vision", "vae-oid.npz", ""),
                // Other models
                kind(
                        Kind.OTHER_MODEL,
                        "Gemma 3 (or MedGemma, which is one) (model_type \"gemma3\"",
                        "config.json",
                        "{\"model_type\": \"gemma3\", \"architectures\": [\"Gemma3ForConditionalGeneration\"]}",
                        "model.safetensors",
                        whole),
                kind(
                        Kind.OTHER_MODEL,
                        "ShieldGemma 2",
                        "config.json",
                        "{\"model_type\": \"shieldgemma2\"}",
                        "model.safetensors",
                        whole),
                kind(
                        Kind.PAGE_ENCODER,
                        "ColPali, a page encoder on PaliGemma in Hugging Face format",
                        "config.json",
                        "{\"model_type\": \"paligemma\", \"architectures\": [\"ColPali\"]}",
                        "model.safetensors",
                        whole,
                        "tokenizer.json",
                        "{}",
                        "preprocessor_config.json",
                        "{}"),
                kind(
                        Kind.PAGE_ENCODER,
                        "a page encoder on PaliGemma 2 in Hugging Face format",
                        "config.json",
                        "{\"model_type\": \"colpali\", \"architectures\": [\"ColPaliForRetrieval\"], \"vlm_config\":"
                                + " {\"text_config\": {\"model_type\": \"gemma2\"}}}",
                        "model.safetensors",
                        whole,
                        "tokenizer.json",
                        "{}",
                        "processor_config.json",
                        "{}"),
                kind(
                        Kind.OTHER_MODEL,
                        "a page encoder (model_type \"qwen2_vl\", architecture \"ColQwen2\"), written by"
                                + " transformers (no version); of page encoders this library runs ColPali",
                        "config.json",
                        "{\"model_type\": \"qwen2_vl\", \"architectures\": [\"ColQwen2\"]}",
                        "model.safetensors",
                        whole),
                kind(
                        Kind.OTHER_MODEL,
                        "a page encoder (model_type \"paligemma\", architecture \"BiPali\")",
                        "config.json",
                        "{\"model_type\": \"paligemma\", \"architectures\": [\"BiPali\"]}",
                        "model.safetensors",
                        whole),
                kind(
                        Kind.OTHER_MODEL,
                        "the robot policy pi0 (type \"pi0\"), written by lerobot",
                        "config.json",
                        "{\"type\": \"pi0\"}",
                        "model.safetensors",
                        whole),
                kind(Kind.OTHER_MODEL, "LLaVA", "config.json", "{\"model_type\": \"llava\"}", "pytorch_model.bin", ""),
                kind(Kind.OTHER_MODEL, "T5Gemma", "config.json", "{\"model_type\": \"t5gemma\"}"),
                kind(Kind.OTHER_MODEL, "diffusers", "model_index.json", "{}"),
                kind(Kind.OTHER_MODEL, "has no model_type", "config.json", "{}", "model.safetensors", whole),
                // What was not fetched
                kind(
                        Kind.STAND_IN,
                        "a checkpoint of PaliGemma 2 in which model.safetensors is a Git LFS pointer and not the file itself, written by"
                                + " transformers 4.57.6; run 'git lfs pull'",
                        "config.json",
                        config(""),
                        "model.safetensors",
                        LFS,
                        "tokenizer.json",
                        "{}"),
                kind(
                        Kind.STAND_IN,
                        "config.json, tokenizer.json are each a Git LFS pointer",
                        "config.json",
                        LFS,
                        "tokenizer.json",
                        LFS),
                kind(
                        Kind.STAND_IN,
                        "adapter_model.safetensors is a Git LFS pointer",
                        "adapter_config.json",
                        String.format(ADAPTER, ""),
                        "adapter_model.safetensors",
                        LFS),
                kind(
                        Kind.STAND_IN,
                        "a git-annex pointer",
                        "model.safetensors",
                        "/annex/objects/SHA256E-s1--ab.safetensors\n"),
                kind(Kind.STAND_IN, "a web page", "config.json", "<!DOCTYPE html><html>"),
                kind(Kind.STAND_IN, "an error message of a server", "config.json", "Invalid username or password."),
                kind(
                        Kind.CHECKPOINT,
                        "safetensors in 1 file",
                        "config.json",
                        config(""),
                        "model.safetensors",
                        whole,
                        "pytorch_model.bin",
                        LFS,
                        "model-00001-of-00002.safetensors",
                        LFS,
                        "tokenizer.json",
                        "{}",
                        "tokenizer.model",
                        LFS,
                        "preprocessor_config.json",
                        "{}"),
                kind(Kind.OTHER_FORMAT, "gemma.cpp", "paligemma-3b-mix-224-sfp.sbs", ""),
                kind(Kind.OTHER_FORMAT, "MLC", "mlc-chat-config.json", "{}", "params_shard_0.bin", ""),
                kind(Kind.ORBAX, "Orbax", "params/_METADATA", "{}", "assets/norm_stats.json", "{}"),
                kind(
                        Kind.OTHER_MODEL,
                        "Gemma 3",
                        "config.json",
                        "{\"model_type\": \"gemma3\"}",
                        "model.safetensors",
                        LFS),
                // Pieces of training
                kind(
                        Kind.SHARDED_TRAINING,
                        "DeepSpeed, global_step500",
                        "global_step500/mp_rank_00_model_states.pt",
                        "",
                        "zero_to_fp32.py",
                        "",
                        "config.json",
                        config("")),
                kind(
                        Kind.SHARDED_TRAINING,
                        "accelerate merge-weights pytorch_model_fsdp_0 NEW",
                        "pytorch_model_fsdp_0/__0_0.distcp",
                        "",
                        "trainer_state.json",
                        "{}"),
                kind(Kind.SHARDED_TRAINING, "Megatron", "iter_0000500/mp_rank_00/model_optim_rng.pt", ""),
                // Folders of models
                kind(
                        Kind.PARENT,
                        "a folder of training with 2 checkpoints in it; give one of them instead, the newest is",
                        "checkpoint-500/config.json",
                        config(""),
                        "checkpoint-1000/config.json",
                        config("")),
                kind(Kind.PARENT, "a folder around a model", "my-model/config.json", config("")),
                kind(
                        Kind.PARENT,
                        "the cache of the Hugging Face hub, with google/paligemma-3b-pt-224",
                        "models--google--paligemma-3b-pt-224/refs/main",
                        "abc"),
                kind(Kind.CACHE_ENTRY, "without a snapshot", "refs/main", "abc", "snapshots/.keep", ""),
                kind(
                        Kind.CACHE_ENTRY,
                        "give its snapshot instead",
                        "refs/main",
                        "abc\n",
                        "snapshots/abc/config.json",
                        config("")),
                // No model
                kind(
                        Kind.WEIGHTS_ALONE,
                        "weights in safetensors (model.safetensors) without config.json",
                        "model.safetensors",
                        whole),
                kind(Kind.UNFINISHED, "a download that was cut off", "x.safetensors.part", ""),
                kind(Kind.NO_MODEL, "a folder without a model (2 files, such as cat.jpg", "cat.jpg", "", "dog.jpg", ""),
                kind(Kind.NO_MODEL, "an empty folder"));
    }

    @ParameterizedTest
    @MethodSource("folders")
    void tellsFolders(Kind kind, String expected, List<String> namesAndContents) throws IOException {
        for (int i = 0; i < namesAndContents.size(); i += 2) {
            write(namesAndContents.get(i), namesAndContents.get(i + 1));
        }

        assertTold(Recogniser.of(folder), kind, expected);
        assertOpeningSaysTheSame(folder);
    }

    /** Kind, what stands in the line, name and content. */
    static Stream<Arguments> files() {
        return Stream.of(
                arguments(Kind.GGUF, "a GGUF file", "m.gguf", "GGUF\3\0\0\0"),
                arguments(Kind.GGUF, "a GGUF file", "m.bin", "GGUF\3\0\0\0"),
                arguments(Kind.WEIGHTS_ALONE, "without config.json beside it", "m.safetensors", safetensors("pt")),
                arguments(
                        Kind.UNFINISHED,
                        "a safetensors file that was cut off",
                        "m.safetensors",
                        safetensors("pt", ",\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16]}")),
                arguments(Kind.UNFINISHED, "no safetensors file", "m.safetensors", "garbage that goes on"),
                arguments(Kind.UNFINISHED, "an empty file", "m.safetensors", ""),
                arguments(Kind.UNFINISHED, "cut off", "m.safetensors.incomplete", "x"),
                arguments(Kind.STAND_IN, "a Git LFS pointer", "m.npz", LFS),
                arguments(Kind.STAND_IN, "a web page", "m.safetensors", "<html>"),
                arguments(Kind.STAND_IN, "an error message", "m.bin", "<?xml version='1.0'?><Error><Code>AccessDenied"),
                arguments(
                        Kind.LACKS_FILES,
                        "a checkpoint of big_vision without a tokenizer",
                        "m.npz",
                        zip("params/a.npy")),
                arguments(Kind.MASK_CODEC, "maskWeights(...)", "vae-oid.npz", zip("_vq_vae/_embedding.npy")),
                arguments(Kind.PICKLE, "pickled weights", "m.pt", zip("archive/data.pkl")),
                arguments(Kind.PICKLE, "pickled weights", "pytorch_model.bin", "\u0080\2}q\0"),
                arguments(Kind.PICKLE, "pickled weights", "m.ckpt", "x"),
                arguments(Kind.KERAS, "Keras", "m.keras", zip("metadata.json")),
                arguments(Kind.KERAS, "HDF5", "model.weights.h5", "\u0089HDF\r\n\032\n"),
                arguments(Kind.TENSORFLOW, "HDF5", "tf_model.h5", "\u0089HDF\r\n\032\n"),
                arguments(Kind.TFLITE, "TensorFlow Lite", "m.tflite", "\30\0\0\0TFL3"),
                arguments(Kind.ONNX, "ONNX", "m.onnx", "\10\7"),
                arguments(Kind.FLAX, "Flax", "flax_model.msgpack", "\u0081"),
                arguments(Kind.OPENVINO, "OpenVINO", "m.xml", "<?xml version=\"1.0\"?><net name=\"x\">"),
                arguments(Kind.ARCHIVE, "a zip archive (of model/config.json", "m.zip", zip("model/config.json")),
                arguments(Kind.ARCHIVE, "gzip", "m.tar.gz", "\037\u008b\10"),
                arguments(
                        Kind.ARCHIVE,
                        "a tar archive",
                        "m.tar",
                        "model/".concat("\0".repeat(251)).concat("ustar")),
                arguments(Kind.ARCHIVE, "zstd", "m.tar.zst", "(\u00b5/\u00fd"),
                arguments(Kind.PART, "give the folder it lies in instead", "config.json", "{}"),
                arguments(Kind.PART, "one file of a model", "model.safetensors.index.json", "{}"),
                arguments(Kind.NO_MODEL, "a picture (PNG)", "cat.png", "\u0089PNG\r\n"),
                arguments(Kind.NO_MODEL, "a picture (JPEG)", "cat", "\u00ff\u00d8\u00ff\u00e0"),
                arguments(Kind.NO_MODEL, "a text file", "notes.txt", "hello"),
                arguments(Kind.NO_MODEL, "a file of no known kind", "blob", "\1\2\3"));
    }

    @ParameterizedTest
    @MethodSource("files")
    void tellsFiles(Kind kind, String expected, String name, String content) throws IOException {
        Path file = write(name, content);

        assertTold(Recogniser.of(file), kind, expected);
        assertOpeningSaysTheSame(file);
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void aCacheWithoutItsBlobsIsTold() throws IOException {
        write("config.json", config(""));
        Files.createSymbolicLink(folder.resolve("model.safetensors"), Path.of("../../blobs/0123"));

        assertTold(
                Recogniser.of(folder),
                Kind.DANGLING,
                "in which model.safetensors is a link to a file that is not there (../../blobs/0123), written by transformers"
                        + " 4.57.6; download the model again");
        assertOpeningSaysTheSame(folder);
        assertTold(
                Recogniser.of(folder.resolve("model.safetensors")),
                Kind.DANGLING,
                "a link to something that is not there");
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void contentsThatGitAnnexHasNotFetchedAreTold() throws IOException {
        write("config.json", config(""));
        Files.createSymbolicLink(folder.resolve("model.safetensors"), Path.of(".git/annex/objects/a/b"));

        assertTold(Recogniser.of(folder), Kind.DANGLING, "run 'git annex get .'");
    }

    @Test
    void theEntryOfACacheLeadsToItsSnapshot() throws IOException {
        write("models--google--paligemma-3b-pt-224/refs/main", "abc");
        write("models--google--paligemma-3b-pt-224/snapshots/abc/config.json", config(""));
        write("models--google--paligemma-3b-pt-224/snapshots/def/config.json", config(""));
        Path entry = folder.resolve("models--google--paligemma-3b-pt-224");

        Identity told = Recogniser.of(entry);

        assertTold(told, Kind.CACHE_ENTRY, "the entry of google/paligemma-3b-pt-224 in a cache");
        assertThat(told.target()).isEqualTo(entry.resolve("snapshots/abc"));
    }

    @Test
    void aMissingPathIsMissing() {
        assertTold(Recogniser.of(folder.resolve("none")), Kind.MISSING, "not there");
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> open(folder.resolve("none")))
                .withMessage(folder.resolve("none") + " does not exist");
    }

    @Test
    void theSettingsAloneTellAnotherModel() throws IOException {
        Path settings = write("config.json", "{\"model_type\": \"gemma3\"}");

        assertTold(Recogniser.ofSettings(settings), Kind.OTHER_MODEL, "Gemma 3");
    }

    private Path write(String name, String content) throws IOException {
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        return Files.writeString(file, content, StandardCharsets.ISO_8859_1);
    }

    private static void assertTold(Identity told, Kind kind, String expected) {
        assertThat(told.line()).contains(expected).doesNotContain("\n");
        assertThat(told.kind()).isEqualTo(kind);
        List<Kind> running = List.of(Kind.CHECKPOINT, Kind.PAGE_ENCODER, Kind.BIG_VISION, Kind.CONVERTED);
        assertThat(told.runs()).isEqualTo(running.contains(kind) || kind == Kind.DAMAGED);
    }

    /** What is no format that is read is named by the error too. */
    private static void assertOpeningSaysTheSame(Path path) {
        Identity told = Recogniser.of(path);
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> open(path))
                .satisfies(e -> {
                    if (!told.kind().isRead()) {
                        assertThat(e).hasMessage(told.line()).hasCauseInstanceOf(CheckpointException.class);
                    }
                });
    }

    private static void open(Path path) {
        TestNetwork.open(path).close();
    }

    @Test
    void kindsHaveNamesForPrograms() {
        assertThat(Map.of(Kind.PEFT_ADAPTER, "peft-adapter", Kind.GGUF, "gguf"))
                .allSatisfy((kind, name) -> assertThat(kind).hasToString(name));
    }
}
