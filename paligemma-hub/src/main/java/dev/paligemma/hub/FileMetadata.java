package dev.paligemma.hub;

import dev.paligemma.base.internal.Quote;
import dev.paligemma.hub.HubException.Kind;
import java.util.regex.Pattern;

/**
 * What the hub says of a file at a commit. Immutable.
 *
 * @param file its path in the repository
 * @param etag what the hub calls its content, fit to be the name of a file
 * @param size its bytes; -1 if the hub does not say
 */
record FileMetadata(String file, String etag, long size) {
    private static final Pattern ETAG = Pattern.compile("[0-9A-Za-z_][0-9A-Za-z_.-]{0,127}");

    private static final long MAX_WEIGHT_BYTES = 1L << 40;

    /** Several times the largest tokenizer of this family. */
    private static final long MAX_SMALL_BYTES = 256L << 20;

    /** Reads the answer to a HEAD request; refuses one that is not of a hub, or of a file too large to be what it should. */
    static FileMetadata of(Reply reply, HubModel model, String commit, String file) {
        String where = model + "/" + file;
        String answered = reply.header("X-Repo-Commit");
        String etag = reply.etag();
        if (answered == null || etag == null) {
            throw bad(where + ": " + Http.place(reply.uri())
                    + " does not answer as a Hugging Face hub, X-Repo-Commit or ETag is missing; check HF_ENDPOINT"
                    + " and the proxy");
        }
        if (!answered.equals(commit)) {
            throw bad(where + ": the hub answers with commit " + Quote.shown(answered, 60) + ", asked was " + commit);
        }
        if (!ETAG.matcher(etag).matches() || !FileNames.isSafePart(etag) || CacheRepository.isTemporary(etag)) {
            throw bad(where + ": the hub's ETag '" + Quote.shown(etag, 60) + "' is not a checksum");
        }
        // A mirror may have names of its own for what it gives itself, but what others give must be checked.
        if (reply.isRedirect() && !ContentHash.isHash(etag)) {
            throw bad(where + " lies on another host than the hub, and what the hub calls it, '"
                    + Quote.shown(etag, 60)
                    + "', is no checksum; expected a SHA-256 or a git blob id to check it with");
        }
        long size = reply.size("X-Linked-Size");
        if (size < 0 && !reply.isRedirect()) {
            size = reply.size("Content-Length");
        }
        long most = mostBytes(file);
        if (size > most) {
            throw bad(where + " has " + size + " bytes, expected at most " + most + "; it was not downloaded");
        }
        return new FileMetadata(file, etag, size);
    }

    private static HubException bad(String message) {
        return new HubException(Kind.BAD_ANSWER, message);
    }

    /** The most bytes that the file may have. */
    long mostBytes() {
        return size >= 0 ? size : mostBytes(file);
    }

    private static long mostBytes(String file) {
        if (WeightIndex.isIndex(file)) {
            return WeightIndex.MAX_BYTES;
        }
        return file.endsWith(".safetensors") ? MAX_WEIGHT_BYTES : MAX_SMALL_BYTES;
    }
}
