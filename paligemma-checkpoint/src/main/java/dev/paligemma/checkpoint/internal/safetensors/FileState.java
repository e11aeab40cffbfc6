package dev.paligemma.checkpoint.internal.safetensors;

import dev.paligemma.checkpoint.config.CheckpointException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What tells that a file is still the one that was looked at: its size, when it was last changed, and itself, whatever
 * its name (null where the system has no such thing). Training that saves its next checkpoint over the last one
 * replaces files by others of the same size, and weights of both must not be mixed.
 */
public record FileState(
        long size, FileTime modified, @Nullable Object key) {
    public static FileState of(Path real) throws IOException {
        BasicFileAttributes attributes = Files.readAttributes(real, BasicFileAttributes.class);
        return new FileState(attributes.size(), attributes.lastModifiedTime(), attributes.fileKey());
    }

    /** Fails if the file under this path, of the size with which it has been opened, has changed or is another one. */
    public void requireSame(Path real, long opened) throws IOException {
        if (opened != size) {
            throw new CheckpointException(
                    real + " has changed since it was opened: expected " + size + " bytes, got " + opened);
        }
        FileState now = of(real);
        if (!Objects.equals(now.key, key)) {
            throw new CheckpointException(real + " has changed since it was opened: another file has taken its place");
        }
        if (!now.equals(this)) {
            throw new CheckpointException(real + " has changed since it was opened: expected " + size
                    + " bytes written at " + modified + ", got " + now.size + " bytes written at " + now.modified);
        }
    }
}
