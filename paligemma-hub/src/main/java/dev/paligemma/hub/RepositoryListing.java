package dev.paligemma.hub;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.paligemma.hub.HubException.Kind;
import java.io.IOException;
import java.util.LinkedHashSet;
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

    /**
     * Reads an answer of {@code /api/models}.
     *
     * @throws HubException if it is something else
     */
    static RepositoryListing parse(byte[] json, String where) {
        String commit = null;
        Set<String> files = null;
        try (JsonParser parser = JsonText.parser(json)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw bad(where, "is not a JSON object", null);
            }
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String name = parser.currentName();
                JsonToken value = parser.nextToken();
                if (name.equals("sha") && value == JsonToken.VALUE_STRING) {
                    commit = parser.getText();
                } else if (name.equals("siblings") && value == JsonToken.START_ARRAY) {
                    files = files(parser, where);
                } else {
                    parser.skipChildren();
                }
            }
        } catch (IOException e) {
            throw bad(where, "is not JSON", e);
        }
        if (commit == null || !HubModel.isCommit(commit) || files == null) {
            throw bad(where, "does not name a commit and its files", null);
        }
        return new RepositoryListing(commit, files);
    }

    private static Set<String> files(JsonParser parser, String where) throws IOException {
        Set<String> files = new LinkedHashSet<>();
        while (parser.nextToken() == JsonToken.START_OBJECT) {
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                boolean isName = parser.currentName().equals("rfilename");
                if (parser.nextToken() == JsonToken.VALUE_STRING && isName) {
                    files.add(parser.getText());
                } else {
                    parser.skipChildren();
                }
            }
            if (files.size() > MAX_FILES) {
                throw bad(where, "names more than " + MAX_FILES + " files", null);
            }
        }
        return files;
    }

    private static HubException bad(String where, String problem, @Nullable Exception cause) {
        return new HubException(
                Kind.BAD_ANSWER,
                where + ": the answer " + problem
                        + ", so this is not a Hugging Face hub; check HF_ENDPOINT and the proxy",
                cause);
    }
}
