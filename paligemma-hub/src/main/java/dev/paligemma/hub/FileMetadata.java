package dev.paligemma.hub;

import dev.paligemma.base.internal.Quote;
import dev.paligemma.hub.HubException.Kind;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What the hub says of a file at a commit. Immutable.
 *
 * @param file its path in the repository
 * @param etag the name of its content in the cache: what the hub calls it, as in Python, where that can be the name of a file
 * @param size its bytes; -1 if the hub does not say
 * @param linkedEtag what the hub says that the content is which lies on another host; null if it does not
 * @param xetHash what the store that several models share calls the content; null if the hub does not say
 */
record FileMetadata(
        String file,
        String etag,
        long size,
        @Nullable String linkedEtag,
        @Nullable String xetHash) {
    private static final Pattern XET_HASH = Pattern.compile("[0-9a-f]{64}");

    /** Such as MD5, which mirrors on S3 give, with the number of parts behind it. */
    private static final Pattern DIGEST = Pattern.compile("[0-9a-fA-F]{32,128}(-[0-9]{1,6})?");

    private static final long MAX_WEIGHT_BYTES = 1L << 40;

    /** Several times the largest tokenizer of this family. */
    private static final long MAX_SMALL_BYTES = 256L << 20;

    /** Reads the answer to a HEAD request; refuses one that is not of a hub, or of a file too large to be what it should. */
    static FileMetadata of(Reply reply, HubModel model, String commit, String file) {
        String where = model + "/" + file;
        String answered = reply.header("X-Repo-Commit");
        String etag = reply.etag();
        if (answered == null || etag == null || etag.isBlank()) {
            throw bad(where + ": " + Http.place(reply.uri())
                    + " does not answer as a Hugging Face hub, X-Repo-Commit or ETag is missing; check HF_ENDPOINT"
                    + " and the proxy");
        }
        if (!answered.equals(commit)) {
            throw bad(where + ": the hub answers with commit " + Quote.shown(answered, 60) + ", asked was " + commit);
        }
        long size = reply.size("X-Linked-Size");
        if (size < 0 && !reply.isRedirect()) {
            size = reply.size("Content-Length");
        }
        long most = mostBytes(file);
        if (size > most) {
            throw bad(where + " has " + size + " bytes, expected at most " + most + "; it was not downloaded");
        }
        String xetHash = reply.header("X-Xet-Hash");
        boolean isXetHash = xetHash != null && XET_HASH.matcher(xetHash).matches();
        String linkedEtag = Reply.normalized(reply.header("X-Linked-Etag"));
        // A mirror may call a content by that hash, which looks like a SHA-256 and is another one.
        boolean looksAlike = linkedEtag == null && isXetHash && etag.equals(xetHash);
        return new FileMetadata(
                file,
                looksAlike ? "xet-" + etag : name(etag, commit, file),
                size,
                linkedEtag,
                isXetHash ? xetHash : null);
    }

    /**
     * An ETag may be any text. Only a digest is safe as a name, and of one content alone: mirrors also make ETags of size
     * and time, which two files can share.
     */
    private static String name(String etag, String commit, String file) {
        boolean isDigest = ContentHash.isHash(etag) || DIGEST.matcher(etag).matches();
        return isDigest ? etag : "etag-" + ContentHash.sha256(commit + "/" + file + "\n" + etag);
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
        boolean hasWeights = file.endsWith(".safetensors") || file.endsWith(".npz");
        return hasWeights ? MAX_WEIGHT_BYTES : MAX_SMALL_BYTES;
    }
}
