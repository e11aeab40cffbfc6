package dev.paligemma.checkpoint.internal.convert;

import dev.paligemma.checkpoint.Checkpoint;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Remembers the content hash of a checkpoint, original or converted, by what its files look like from outside, for reading
 * them takes seconds.
 *
 * <p>A text file per checkpoint folder: one line for each weight file and small file with real path, size, times and the
 * system's own number of the file, then the hash. It is believed only if it is exactly what would be written now. Losing
 * it costs time and nothing else.
 */
record SourceMemo(Path file, String looks, boolean atRest) {
    private static final Logger LOG = LoggerFactory.getLogger(SourceMemo.class);

    private static final String VERSION = "paligemma source memo 1";
    private static final int MAX_BYTES = 1 << 20;

    /** A file may change twice within the resolution of its times; only what has been at rest is remembered. */
    private static final Duration AT_REST = Duration.ofSeconds(3);

    /** Looks at the files of a checkpoint now. */
    static SourceMemo of(Path memoFolder, Checkpoint source) throws IOException {
        List<Path> files = new ArrayList<>(source.files());
        files.addAll(SmallFiles.of(source.folder()));
        List<String> lines = new ArrayList<>();
        lines.add(VERSION);
        Instant newest = Instant.MIN;
        for (Path each : files) {
            Path real = each.toRealPath();
            BasicFileAttributes attributes = Files.readAttributes(real, BasicFileAttributes.class);
            Instant modified = attributes.lastModifiedTime().toInstant();
            newest = modified.isAfter(newest) ? modified : newest;
            lines.add(each.getFileName() + " | " + real.toUri() + " | " + attributes.size() + " | " + modified + " | "
                    + changed(real) + " | " + attributes.fileKey());
        }
        String name = ContentHash.of(source.folder().toRealPath().toUri().toString());
        boolean atRest = newest.isBefore(Instant.now().minus(AT_REST));
        return new SourceMemo(memoFolder.resolve(name + ".memo"), String.join("\n", lines), atRest);
    }

    /** When the file was last changed in any way, which a program cannot set; empty where the system does not tell. */
    private static String changed(Path real) throws IOException {
        try {
            return String.valueOf(Files.getAttribute(real, "unix:ctime"));
        } catch (UnsupportedOperationException | IllegalArgumentException e) {
            return "";
        }
    }

    /** Whether the files look the same to both. */
    boolean agreesWith(SourceMemo other) {
        return looks.equals(other.looks);
    }

    /** The hash remembered for files that look like these, or null. */
    @Nullable
    String read() {
        try {
            if (!Files.isRegularFile(file) || Files.size(file) > MAX_BYTES) {
                return null;
            }
            String text = Files.readString(file, StandardCharsets.UTF_8);
            int at = text.lastIndexOf('\n') + 1;
            String hash = text.substring(at).split(" ", -1)[0];
            return hash.matches("[0-9a-f]{64}") && text.equals(text(hash)) ? hash : null;
        } catch (IOException e) {
            LOG.debug("cannot read {}", file, e);
            return null;
        }
    }

    /** Remembers the hash if possible. */
    void write(String hash) {
        if (!atRest) {
            return;
        }
        Path temporary = file.resolveSibling(file.getFileName() + "." + UUID.randomUUID());
        try {
            Files.createDirectories(file.toAbsolutePath().getParent());
            try {
                Files.writeString(temporary, text(hash), StandardCharsets.UTF_8);
                Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            } finally {
                Files.deleteIfExists(temporary);
            }
        } catch (IOException e) {
            LOG.info("cannot remember the hash of a checkpoint, it is computed again at each start: {}", e.toString());
        }
    }

    /** The last line has the hash, and a hash over all that against accidents. */
    private String text(String hash) {
        return looks + "\n" + hash + " " + ContentHash.of(looks + hash);
    }
}
