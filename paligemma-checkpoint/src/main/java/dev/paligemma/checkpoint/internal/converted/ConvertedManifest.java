package dev.paligemma.checkpoint.internal.converted;

import dev.paligemma.base.internal.InputFiles;
import dev.paligemma.base.internal.Json;
import dev.paligemma.base.internal.JsonObject;
import dev.paligemma.base.internal.Quote;
import dev.paligemma.checkpoint.config.CheckpointException;
import dev.paligemma.checkpoint.internal.safetensors.WeightFiles;
import dev.paligemma.engine.Precision;
import dev.paligemma.engine.weights.MatrixFormat;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * What {@value #FILE_NAME} in a converted checkpoint says: what was converted, how, and the checksums of all files.
 * Immutable and thread-safe.
 *
 * <p>The file is JSON; its last member is a checksum of the text before it. It is written last, so a folder without it is
 * not a converted checkpoint.
 *
 * @param precision what the weights were converted for
 * @param source the hash of what was converted, 64 hexadecimal digits
 * @param files the other files of the folder by name
 */
public record ConvertedManifest(Precision precision, String source, Map<String, FileSum> files) {
    /** The name of the manifest: {@value}. */
    public static final String FILE_NAME = "paligemma.json";

    /** The version of names, formats and manifest: {@value}. A folder of another version must be converted anew. */
    public static final int FORMAT_VERSION = 1;

    /** The name of the file that holds all weights: {@value}. */
    public static final String WEIGHTS = WeightFiles.SINGLE;

    /** How the names of tensors without meaning start, which make others start at round positions: {@value}. */
    public static final String PADDING = "padding.";

    /** The file of weights is checksummed in pieces of this many bytes, the others whole. */
    public static final int CHUNK_BYTES = 16 << 20;

    private static final int MAX_BYTES = 8 << 20;
    private static final int MAX_FILES = 100;
    private static final int MAX_CHUNKS = 1 << 18;
    // What a manifest takes without its files, and for each file and checksum, rounded up.
    private static final long MANIFEST_BYTES = 256;
    private static final long FILE_BYTES = 160;
    private static final long SUM_BYTES = 11;

    private static final String HASH = "[0-9a-f]{64}";
    private static final String SUM_MEMBER = ",\"crc32c\":\"";
    private static final String END = "\"}\n";
    private static final int TAIL_BYTES = SUM_MEMBER.length() + 8 + END.length();

    /** The size of a file, and the CRC-32C of each piece, as unsigned numbers. Immutable. */
    public record FileSum(long bytes, List<Long> crc32c) {
        /** Copies the list. */
        public FileSum {
            crc32c = List.copyOf(crc32c);
        }
    }

    /** Checks that the hash is one. */
    public ConvertedManifest {
        Objects.requireNonNull(precision, "precision");
        files = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(files));
        if (!source.matches(HASH)) {
            throw new IllegalArgumentException("source must be 64 hexadecimal digits, got '" + source + "'");
        }
    }

    /** Reads the files of a folder, {@link #WEIGHTS} among them, and describes them. */
    public static ConvertedManifest describe(Path folder, List<String> names, Precision precision, String source) {
        Map<String, FileSum> files = new LinkedHashMap<>();
        for (String name : names) {
            files.put(name, Checksums.of(folder.resolve(name), pieceBytes(name)));
        }
        return new ConvertedManifest(precision, source, files);
    }

    /** Whether a folder has a manifest, good or bad, and so claims to be a converted checkpoint. */
    public static boolean isIn(Path folder) {
        return Files.exists(folder.resolve(FILE_NAME), LinkOption.NOFOLLOW_LINKS);
    }

    /** Reads and checks the manifest of a folder. */
    public static ConvertedManifest read(Path folder) {
        Path file = folder.resolve(FILE_NAME);
        byte[] bytes = InputFiles.readAll(file, MAX_BYTES, CheckpointException::new);
        int body = bytes.length - TAIL_BYTES;
        String tail = body < 0 ? "" : new String(bytes, body, TAIL_BYTES, StandardCharsets.ISO_8859_1);
        if (!tail.equals(tail(bytes, Math.max(0, body)))) {
            throw new CheckpointException(
                    file + " is damaged: its checksum does not fit; convert the checkpoint again");
        }
        return parse(Json.readObject(file, MAX_BYTES, CheckpointException::new));
    }

    private static ConvertedManifest parse(JsonObject json) {
        int version = json.integer("format", 0, 0, Integer.MAX_VALUE);
        if (version != FORMAT_VERSION) {
            throw new CheckpointException(json.where() + ": format " + version
                    + " is not known to this version, expected " + FORMAT_VERSION + "; convert the checkpoint again");
        }
        String source = json.stringOrNull("source");
        if (source == null || !source.matches(HASH)) {
            throw json.wrong("source", "64 hexadecimal digits");
        }
        Map<String, FileSum> files = new LinkedHashMap<>();
        JsonObject listed = json.object("files");
        if (listed.members().size() > MAX_FILES) {
            throw new CheckpointException(
                    listed.where() + " lists " + listed.members().size() + " files, expected at most " + MAX_FILES);
        }
        for (String name : listed.members().keySet()) {
            if (!name.matches("[A-Za-z0-9_][A-Za-z0-9._-]{0,100}")) {
                throw new CheckpointException(listed.where() + ": " + Quote.quote(name) + " is not a plain file name");
            }
            files.put(name, fileSum(name, listed.object(name)));
        }
        if (!files.containsKey(WEIGHTS) || !files.containsKey("config.json")) {
            throw new CheckpointException(listed.where() + " must list " + WEIGHTS + " and config.json");
        }
        return new ConvertedManifest(precision(json), source, files);
    }

    private static Precision precision(JsonObject json) {
        String name = json.stringOrNull("precision");
        return Stream.of(Precision.INT8, Precision.INT4)
                .filter(precision -> precision.toString().equals(name))
                .findFirst()
                .orElseThrow(() -> json.wrong("precision", "\"int8\" or \"int4\""));
    }

    private static FileSum fileSum(String name, JsonObject json) {
        Object bytes = json.members().get("bytes");
        List<@Nullable Object> pieces = json.listOrNull("crc32c");
        if (!(bytes instanceof Long size) || size < 0 || pieces == null || pieces.size() > MAX_CHUNKS) {
            throw new CheckpointException(json.where() + " must have a size in bytes and a list of checksums");
        }
        List<Long> sums = new ArrayList<>();
        for (Object piece : pieces) {
            if (!(piece instanceof Long sum) || sum >>> Integer.SIZE != 0) {
                throw new CheckpointException(json.where() + ": " + JsonObject.describe(piece) + " is not a checksum");
            }
            sums.add(sum);
        }
        if (sums.size() != Checksums.pieces(size, pieceBytes(name))) {
            throw new CheckpointException(json.where() + " has " + sums.size() + " checksums for " + size + " bytes");
        }
        return new FileSum(size, sums);
    }

    /** Writes the manifest into the folder that it describes, where there must be none. */
    public void write(Path folder) throws IOException {
        byte[] body = json().getBytes(StandardCharsets.UTF_8);
        // Without the closing brace, which is part of the tail.
        int length = body.length - 1;
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(body, 0, length);
        out.writeBytes(tail(body, length).getBytes(StandardCharsets.ISO_8859_1));
        Files.write(folder.resolve(FILE_NAME), out.toByteArray(), java.nio.file.StandardOpenOption.CREATE_NEW);
    }

    private String json() {
        Map<String, Object> sums = new LinkedHashMap<>();
        files.forEach((name, sum) -> {
            Map<String, Object> file = new LinkedHashMap<>();
            file.put("bytes", sum.bytes());
            file.put("crc32c", sum.crc32c());
            sums.put(name, file);
        });
        Map<String, Object> manifest = new LinkedHashMap<>();
        manifest.put("format", FORMAT_VERSION);
        manifest.put("precision", precision.toString());
        manifest.put("block", MatrixFormat.BLOCK);
        manifest.put("source", source);
        manifest.put("files", sums);
        return Json.text(manifest, false);
    }

    private static String tail(byte[] bytes, int length) {
        CRC32C sum = new CRC32C();
        sum.update(ByteBuffer.wrap(bytes, 0, length));
        return SUM_MEMBER + String.format(Locale.ROOT, "%08x", sum.getValue()) + END;
    }

    /** Compares all files but the weights, and the size of the weights: quick. */
    public void checkSmallFiles(Path folder) {
        files.forEach((name, sum) -> {
            Path file = folder.resolve(name);
            long size = InputFiles.size(InputFiles.regular(file, CheckpointException::new), CheckpointException::new);
            if (size != sum.bytes()) {
                throw new CheckpointException(file + " has changed since it was converted: expected " + sum.bytes()
                        + " bytes, got " + size + "; convert the checkpoint again");
            }
            if (!name.equals(WEIGHTS)) {
                Checksums.check(file, sum, pieceBytes(name));
            }
        });
    }

    /**
     * Reads all weights and compares them with their checksums, in parallel; several GB/s when the file is in memory.
     */
    public void checkWeights(Path folder) {
        FileSum sum = Objects.requireNonNull(files.get(WEIGHTS));
        Checksums.check(folder.resolve(WEIGHTS), sum, pieceBytes(WEIGHTS));
    }

    /** How many bytes a manifest takes at most, of so many files and so large a file of weights. */
    public static long mostBytes(int files, long weightBytes) {
        long sums = files + Checksums.pieces(weightBytes, CHUNK_BYTES);
        return MANIFEST_BYTES + FILE_BYTES * files + SUM_BYTES * sums;
    }

    private static int pieceBytes(String name) {
        return name.equals(WEIGHTS) ? CHUNK_BYTES : Integer.MAX_VALUE;
    }
}
