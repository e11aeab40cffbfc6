package dev.paligemma.checkpoint.internal.identity;

import dev.paligemma.base.internal.Quote;
import dev.paligemma.base.internal.StandIn;
import dev.paligemma.checkpoint.config.CheckpointException;
import dev.paligemma.checkpoint.internal.safetensors.SafeTensorsFile;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Tells what a single file is, by its first bytes before its name. Stateless. */
final class FileRecogniser {
    /** The weights of the mask decoder of big_vision. */
    static final String MASK_CODEC = "vae-oid.npz";

    private static final int BEGINNING = 512;
    private static final int TAR_MAGIC = 257;

    private static final Map<String, String> PICTURES = Map.of(
            "\u0089PNG",
            "PNG",
            "\u00ff\u00d8\u00ff",
            "JPEG",
            "GIF8",
            "GIF",
            "BM",
            "BMP",
            "II*\0",
            "TIFF",
            "MM\0*",
            "TIFF",
            "%PDF",
            "PDF");

    private static final Map<String, String> ARCHIVES = Map.of(
            "\u001f\u008b",
            "gzip",
            "7z\u00bc\u00af",
            "7z",
            "Rar!",
            "rar",
            "\u00fd7zXZ",
            "xz",
            "BZh",
            "bzip2",
            "(\u00b5/\u00fd",
            "zstd");

    private FileRecogniser() {}

    static Identity of(Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            return Identity.of(
                    file, Kind.NO_MODEL, "a pipe, a socket or a device", null, "give the folder of a checkpoint");
        }
        byte[] bytes;
        try (InputStream in = Files.newInputStream(file)) {
            bytes = in.readNBytes(BEGINNING);
        }
        String start = new String(bytes, StandardCharsets.ISO_8859_1);
        String name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
        StandIn standIn = StandIn.of(file);
        if (standIn != null) {
            return Identity.of(file, Kind.STAND_IN, standIn.what(), null, standIn.remedy());
        }
        if (bytes.length == 0) {
            return Identity.of(file, Kind.UNFINISHED, "an empty file", null, Remedies.DOWNLOAD_AGAIN);
        }
        if (ends(name, ".incomplete", ".part", ".crdownload", ".aria2", ".download")) {
            return Identity.of(file, Kind.UNFINISHED, "a download that was cut off", null, Remedies.DOWNLOAD_AGAIN);
        }
        Identity weights = weights(file, name, start, bytes);
        return weights == null ? noModel(file, name, start, bytes) : weights;
    }

    private static @Nullable Identity weights(Path file, String name, String start, byte[] bytes) throws IOException {
        if (start.startsWith("GGUF") || start.startsWith("tjgg") || start.startsWith("lmgg")) {
            return gguf(file, file, null);
        }
        if (isSafeTensors(bytes, Files.size(file))) {
            return safeTensors(file);
        }
        if (start.startsWith("PK\3\4")) {
            return zip(file, name, bytes);
        }
        if (start.startsWith("\u0089HDF\r\n")) {
            boolean keras = ends(name, ".weights.h5", ".keras");
            return other(
                    file,
                    keras ? Kind.KERAS : Kind.TENSORFLOW,
                    "weights in HDF5",
                    keras ? "Keras" : "TensorFlow or Keras");
        }
        if (start.startsWith("TFL3", 4) || ends(name, ".tflite", ".task", ".litertlm")) {
            return other(file, Kind.TFLITE, "a model of TensorFlow Lite", "LiteRT or MediaPipe");
        }
        boolean pickle = bytes.length > 1 && (bytes[0] & 0xff) == 0x80 && bytes[1] >= 2 && bytes[1] <= 5;
        if (pickle || ends(name, ".pt", ".pth", ".ckpt", ".pkl") || name.matches("(pytorch|adapter)_model.*\\.bin")) {
            return pickle(file);
        }
        if (ends(name, ".msgpack")) {
            return other(file, Kind.FLAX, "weights of Flax", "Flax");
        }
        if (ends(name, ".sbs")) {
            return other(file, Kind.OTHER_FORMAT, "weights of gemma.cpp", "gemma.cpp");
        }
        if (ends(name, ".onnx", ".onnx_data")) {
            return other(file, Kind.ONNX, "a graph that was exported to ONNX", "an ONNX exporter");
        }
        if (ends(name, ".mlmodel")) {
            return other(file, Kind.CORE_ML, "a model of Core ML", "Core ML");
        }
        if (ends(name, ".safetensors", ".npz", ".gguf")) {
            String kind = name.substring(name.lastIndexOf('.') + 1);
            return Identity.of(
                    file,
                    Kind.UNFINISHED,
                    "no " + kind + " file, though it is called one (" + Files.size(file) + " bytes)",
                    null,
                    Remedies.DOWNLOAD_AGAIN);
        }
        return null;
    }

    private static Identity noModel(Path file, String name, String start, byte[] bytes) {
        Path folder = parent(file);
        if (start.startsWith("ustar", TAR_MAGIC) || ends(name, ".tar")) {
            return archive(file, "a tar archive");
        }
        for (Map.Entry<String, String> archive : ARCHIVES.entrySet()) {
            if (start.startsWith(archive.getKey())) {
                return archive(file, "an archive (" + archive.getValue() + ")");
            }
        }
        boolean partOfModel = name.matches("(config|adapter_config|tokenizer|tokenizer_config|preprocessor_config"
                        + "|processor_config|generation_config|special_tokens_map|added_tokens|task|metadata)\\.json")
                || ends(name, ".index.json")
                || name.equals("tokenizer.model");
        if (partOfModel) {
            return new Identity(
                    file,
                    Kind.PART,
                    "one file of a model",
                    null,
                    "give the folder it lies in instead, " + folder,
                    folder);
        }
        if (ends(name, ".xml") || (start.startsWith("<") && start.contains("<net "))) {
            return other(file, Kind.OPENVINO, "a graph of OpenVINO", "OpenVINO");
        }
        for (Map.Entry<String, String> picture : PICTURES.entrySet()) {
            if (start.startsWith(picture.getKey())) {
                return none(
                        file,
                        "a "
                                + (picture.getValue().equals("PDF")
                                        ? "document (PDF)"
                                        : "picture (" + picture.getValue() + ")"));
            }
        }
        if (start.startsWith("RIFF") && start.startsWith("WEBP", 8)) {
            return none(file, "a picture (WEBP)");
        }
        boolean text = true;
        for (byte each : bytes) {
            text &= each < 0 || each >= ' ' || each == '\n' || each == '\r' || each == '\t';
        }
        return none(file, text ? "a text file" : "a file of no known kind");
    }

    private static Identity none(Path file, String what) {
        return Identity.of(
                file, Kind.NO_MODEL, what, null, "give the folder of a checkpoint, or an archive .npz of big_vision");
    }

    private static Identity other(Path file, Kind kind, String what, String writer) {
        return Identity.of(file, kind, what, writer, "that format is not read: " + Remedies.original(null));
    }

    private static Identity pickle(Path file) {
        Path folder = parent(file);
        return Identity.of(
                file,
                Kind.PICKLE,
                "a file of pickled weights",
                "PyTorch",
                Remedies.safetensors(String.valueOf(folder)));
    }

    private static Identity archive(Path file, String what) {
        return Identity.of(
                file, Kind.ARCHIVE, what, null, "unpack it, and give the folder that then holds config.json");
    }

    static Identity maskCodec(Path path) {
        return Identity.of(
                path,
                Kind.MASK_CODEC,
                "the mask decoder of big_vision (" + MASK_CODEC + "), which makes masks of an answer and is no model",
                "big_vision",
                "open a checkpoint, and give this with maskWeights(...) of the builder or put it into its folder");
    }

    static Identity gguf(Path file, Path asked, @Nullable String base) throws IOException {
        String architecture = architecture(file);
        return Identity.of(
                asked,
                Kind.GGUF,
                (asked.equals(file)
                                ? "a GGUF file"
                                : "a folder with a GGUF file (" + Quote.shown(String.valueOf(file.getFileName()), 80)
                                        + ")")
                        + (architecture == null ? "" : " of the architecture " + Quote.quote(architecture)),
                "llama.cpp",
                "GGUF is for llama.cpp and Ollama and is not read here: " + Remedies.smaller(base));
    }

    /** The first member that converters write is {@code general.architecture}: length, name, type 8, length, text. */
    private static @Nullable String architecture(Path file) throws IOException {
        byte[] bytes;
        try (InputStream in = Files.newInputStream(file)) {
            bytes = in.readNBytes(BEGINNING);
        }
        String text = new String(bytes, StandardCharsets.ISO_8859_1);
        String name = "general.architecture";
        int at = text.indexOf(name);
        int length = at + name.length() + Integer.BYTES;
        if (at < 0 || length + Long.BYTES > bytes.length) {
            return null;
        }
        long count = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong(length);
        int start = length + Long.BYTES;
        return count < 1 || count > 64 || start + count > bytes.length
                ? null
                : text.substring(start, start + (int) count);
    }

    private static boolean isSafeTensors(byte[] bytes, long size) {
        if (bytes.length <= Long.BYTES || bytes[Long.BYTES] != '{') {
            return false;
        }
        long length = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong(0);
        return length >= 2
                && length <= SafeTensorsFile.MAX_HEADER_BYTES
                && (length <= size || bytes[Long.BYTES + 1] == '"');
    }

    private static Identity safeTensors(Path file) {
        Path folder = parent(file);
        String writer = null;
        String problem = null;
        try {
            SafeTensorsFile read = SafeTensorsFile.read(file);
            String format = read.metadata().get("format");
            writer = "mlx".equals(format) ? "MLX" : "pt".equals(format) ? "PyTorch" : null;
        } catch (CheckpointException e) {
            problem = String.valueOf(e.getMessage());
        }
        if (problem != null && problem.contains("truncated")) {
            return Identity.of(
                    file, Kind.UNFINISHED, "a safetensors file that was cut off", null, Remedies.DOWNLOAD_AGAIN);
        }
        boolean adapter = Files.isRegularFile(folder.resolve(AdapterRecogniser.CONFIG));
        boolean config = Files.isRegularFile(folder.resolve("config.json"));
        if (adapter || config) {
            return new Identity(
                    file,
                    Kind.PART,
                    "the weights of " + (config ? "a model" : "an adapter") + " (safetensors)",
                    writer,
                    "give the folder it lies in instead, " + folder,
                    folder);
        }
        return Identity.of(
                file,
                Kind.WEIGHTS_ALONE,
                "weights in safetensors without config.json beside it",
                writer,
                "put it as model.safetensors into a folder with config.json, tokenizer.json and preprocessor_config.json of"
                        + " its base model, and give the folder");
    }

    /** Zip archives are told by the name of their first entry. */
    private static Identity zip(Path file, String name, byte[] bytes) {
        String first = "";
        if (bytes.length > 30) {
            int length = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getShort(26) & 0xffff;
            first = new String(bytes, 30, Math.min(length, bytes.length - 30), StandardCharsets.ISO_8859_1);
        }
        if (name.equals(MASK_CODEC) || first.startsWith("_vq_vae") || first.startsWith("decoder.")) {
            return maskCodec(file);
        }
        if (first.endsWith(".npy")) {
            return npz(file, name);
        }
        if (first.endsWith("data.pkl") || ends(name, ".pt", ".pth", ".bin", ".ckpt")) {
            return pickle(file);
        }
        if (ends(name, ".keras")) {
            return other(file, Kind.KERAS, "a model of Keras", "Keras");
        }
        if (ends(name, ".task", ".litertlm")) {
            return other(file, Kind.TFLITE, "a model of MediaPipe", "LiteRT or MediaPipe");
        }
        return archive(
                file,
                "a zip archive (of " + (first.isEmpty() ? "nothing" : Quote.shown(first, 80)) + " and what follows)");
    }

    private static Identity npz(Path file, String name) {
        if (!ends(name, ".npz")) {
            return Identity.of(
                    file, Kind.PART, "an archive of NumPy arrays", "NumPy", "give it a name that ends in .npz");
        }
        Path folder = parent(file);
        boolean tokenizer = Stream.of("tokenizer.json", "tokenizer.model")
                .anyMatch(each -> Files.isRegularFile(folder.resolve(each)));
        return Identity.of(
                file,
                tokenizer ? Kind.BIG_VISION : Kind.LACKS_FILES,
                "a checkpoint of big_vision" + (tokenizer ? "" : " without a tokenizer beside it"),
                "big_vision",
                tokenizer
                        ? null
                        : Remedies.copy(
                                "tokenizer.json or tokenizer.model",
                                "tokenizer.json",
                                "google/paligemma-3b-pt-224",
                                String.valueOf(folder)));
    }

    /** The folder that a file lies in. */
    private static Path parent(Path file) {
        return Objects.requireNonNull(file.toAbsolutePath().getParent());
    }

    private static boolean ends(String name, String... endings) {
        return List.of(endings).stream().anyMatch(name::endsWith);
    }
}
