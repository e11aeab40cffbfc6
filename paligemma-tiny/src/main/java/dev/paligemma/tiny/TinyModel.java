package dev.paligemma.tiny;

import dev.paligemma.base.internal.CacheFolder;
import dev.paligemma.base.internal.FailureReason;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The tiny PaliGemma 2 checkpoint, the weights of its mask decoder and the picture inside this jar, as files. Thread-safe.
 *
 * <p>A checkpoint is a folder, so the first call writes the bundled one to {@code tiny-<hash of its contents>} in a cache
 * folder; every call compares each file with the jar byte by byte and repairs what differs. A file enters the folder
 * whole, by an atomic move, and one process writes at a time, under a file lock: a process that is killed leaves at
 * most one temporary file, which the next call replaces. The folder may be deleted whenever no program uses it. The
 * cache folder is {@code PALIGEMMA_CACHE}, else {@code paligemma} in the user's cache folder, unless one is given.
 *
 * <p>The model answers about drawn scenes of coloured shapes and short words, and was not trained on anything else.
 */
public final class TinyModel {
    /** What the picture shows, as the model captions it in English. */
    public static final String CAPTION = "a blue square and the word cafe";

    /** The shape in the picture, something to detect. */
    public static final String THING = "blue square";

    /** The word in the picture, what the model reads. */
    public static final String WORD = "cafe";

    private static final String PICTURE = "scene.png";

    /** Resources beside this class, and files in the folder. */
    private static final List<String> NAMES = List.of(
            "config.json",
            "generation_config.json",
            "model.safetensors",
            "preprocessor_config.json",
            "tokenizer.json",
            "vae-oid.npz",
            PICTURE);

    /** Always the same name, so that a killed process leaves nothing that is not replaced. */
    private static final String TEMPORARY = "incomplete.tmp";

    private static final int PIECE_BYTES = 1 << 16;

    private final Path cache;
    private final Map<String, byte[]> files;

    TinyModel(Path cache, Map<String, byte[]> files) {
        this.cache = cache;
        this.files = files;
    }

    /**
     * The checkpoint folder of the bundled model.
     *
     * @return an absolute path; {@code vae-oid.npz} for masks lies in it
     * @throws UncheckedIOException if the cache folder cannot be written
     */
    public static Path folder() {
        return folder(CacheFolder.ofThisProcess());
    }

    /** As {@link #folder()}, in a cache folder of your choice, which need not exist yet. */
    public static Path folder(Path cache) {
        // The bundled files are in memory meanwhile: once, however many threads ask.
        synchronized (TinyModel.class) {
            return ofThisJar(cache).extract();
        }
    }

    /**
     * The bundled picture: a small scene of the kind the bundled model knows.
     *
     * @return an absolute path of a PNG file
     * @throws UncheckedIOException if the cache folder cannot be written
     */
    public static Path picture() {
        return picture(CacheFolder.ofThisProcess());
    }

    /** As {@link #picture()}, in a cache folder of your choice, which need not exist yet. */
    public static Path picture(Path cache) {
        return folder(cache).resolve(PICTURE);
    }

    private static TinyModel ofThisJar(Path cache) {
        Map<String, byte[]> files = new LinkedHashMap<>();
        NAMES.forEach(name -> files.put(name, read(name)));
        return new TinyModel(cache, files);
    }

    private static byte[] read(String resource) {
        try (InputStream in = TinyModel.class.getResourceAsStream(resource)) {
            if (in == null) {
                throw new IllegalStateException("this build bundles no model: resource "
                        + TinyModel.class.getPackageName() + "/" + resource + " is missing");
            }
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read the bundled resource " + resource, e);
        }
    }

    /** Brings the folder into being, or checks it. */
    Path extract() {
        Path folder = cache.resolve("tiny-" + hash()).toAbsolutePath();
        try {
            if (!isComplete(folder)) {
                write(folder);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "cannot write the bundled model to " + folder + ": " + FailureReason.of(e, folder)
                            + "; choose another folder with TinyModel.folder(...) or PALIGEMMA_CACHE",
                    e);
        }
        return folder;
    }

    // File locks exclude other processes but not other threads of this one, hence the monitor around them.
    private void write(Path folder) throws IOException {
        synchronized (TinyModel.class) {
            Files.createDirectories(folder);
            Path lockFile = cache.resolve("lock");
            if (Files.exists(lockFile) && !Files.isRegularFile(lockFile)) {
                throw new FileSystemException(lockFile.toString(), null, lockFile + " is not a regular file");
            }
            try (FileChannel channel = FileChannel.open(lockFile, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                    FileLock lock = channel.lock()) {
                try {
                    for (Map.Entry<String, byte[]> file : files.entrySet()) {
                        write(folder, file.getKey(), file.getValue());
                    }
                } finally {
                    Files.deleteIfExists(folder.resolve(TEMPORARY));
                }
                if (!lock.isValid() || !isComplete(folder)) {
                    throw new IOException("the files changed while they were written");
                }
            }
        }
    }

    private static void write(Path folder, String name, byte[] content) throws IOException {
        Path target = folder.resolve(name);
        if (holds(target, content)) {
            return;
        }
        Path temporary = folder.resolve(TEMPORARY);
        Files.deleteIfExists(temporary);
        Files.write(temporary, content, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    private boolean isComplete(Path folder) throws IOException {
        for (Map.Entry<String, byte[]> file : files.entrySet()) {
            if (!holds(folder.resolve(file.getKey()), file.getValue())) {
                return false;
            }
        }
        return true;
    }

    private static boolean holds(Path file, byte[] content) throws IOException {
        if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS) || Files.size(file) != content.length) {
            return false;
        }
        // In pieces: a whole file at once takes as much memory outside the heap.
        try (InputStream in = Files.newInputStream(file)) {
            byte[] piece = new byte[PIECE_BYTES];
            for (int at = 0; at < content.length; ) {
                int count = in.read(piece);
                if (count < 0 || !Arrays.equals(piece, 0, count, content, at, Math.min(content.length, at + count))) {
                    return false;
                }
                at += count;
            }
            return in.read() < 0;
        }
    }

    private String hash() {
        MessageDigest digest;
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
        files.forEach((name, content) -> {
            digest.update((name + ' ' + content.length + '\n').getBytes(StandardCharsets.UTF_8));
            digest.update(content);
        });
        return HexFormat.of().formatHex(digest.digest(), 0, 16);
    }
}
