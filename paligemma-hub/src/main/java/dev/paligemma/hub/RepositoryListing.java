package dev.paligemma.hub;

import dev.paligemma.base.internal.Json;
import dev.paligemma.base.internal.JsonObject;
import dev.paligemma.hub.HubException.Kind;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What the hub knows of a revision. Immutable.
 *
 * @param commit 40 hexadecimal digits
 * @param files the paths of all files, as the hub gave them: not checked to be safe
 */
record RepositoryListing(String commit, Set<String> files) {
    static final int MAX_BYTES = 16 << 20;

    private static final int MAX_FILES = 100_000;

    /** Reads an answer of {@code /api/models}; throws HubException if it is something else. */
    static RepositoryListing parse(byte[] json, String where) {
        JsonObject listing =
                Json.readObject(where, json, (message, cause) -> bad(where, "is not JSON as expected", cause));
        String commit = listing.stringOrNull("sha");
        List<@Nullable Object> siblings = listing.listOrNull("siblings");
        if (commit == null || !HubModel.isCommit(commit) || siblings == null) {
            throw bad(where, "does not name a commit and its files", null);
        }
        if (siblings.size() > MAX_FILES) {
            throw bad(where, "names more than " + MAX_FILES + " files", null);
        }
        Set<String> files = new LinkedHashSet<>();
        for (Object sibling : siblings) {
            if (sibling instanceof Map<?, ?> file && file.get("rfilename") instanceof String name) {
                files.add(name);
            }
        }
        return new RepositoryListing(commit, files);
    }

    private static HubException bad(String where, String problem, @Nullable Throwable cause) {
        return new HubException(
                Kind.BAD_ANSWER,
                where + ": the answer " + problem
                        + ", so this is not a Hugging Face hub; check HF_ENDPOINT and the proxy",
                cause);
    }
}
