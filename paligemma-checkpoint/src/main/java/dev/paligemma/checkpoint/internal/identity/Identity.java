package dev.paligemma.checkpoint.internal.identity;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * What a path holds. Immutable.
 *
 * @param what it in words, to follow "is"
 * @param writer who wrote it, with versions as far as files tell; null if nothing tells
 * @param remedy what to do to get it to run; null if nothing needs to be done
 * @param target the place to give instead, where that is the remedy; null if there is none
 */
public record Identity(
        Path path,
        Kind kind,
        String what,
        @Nullable String writer,
        @Nullable String remedy,
        @Nullable Path target) {
    static Identity of(Path path, Kind kind, String what, @Nullable String writer, @Nullable String remedy) {
        return new Identity(path, kind, what, writer, remedy, null);
    }

    /** Whether it runs as it is, as far as names and settings tell. */
    public boolean runs() {
        return remedy == null;
    }

    /** All of it on one line, for an error. */
    public String line() {
        return path + " is " + what + (writer == null ? "" : ", written by " + writer)
                + (remedy == null ? "" : "; " + remedy);
    }
}
