package dev.paligemma.tokenizer;

import dev.paligemma.base.internal.Json;
import dev.paligemma.base.internal.JsonObject;
import dev.paligemma.base.internal.Quote;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads the lists of added tokens that lie beside a {@code tokenizer.model}: {@code added_tokens_decoder} in {@code
 * tokenizer_config.json}, with all that is known of each, and {@code added_tokens.json}, with ids only.
 *
 * <p>As in transformers, the former decides where both are there; a token of the latter is not special. An id counts as it is
 * written, since the model was trained with it. Files that contradict each other are refused.
 */
final class AddedTokenLists {
    static final String LIST = "added_tokens.json";
    static final String CONFIG = "tokenizer_config.json";

    private static final String DECODER = "added_tokens_decoder";
    private static final long MAX_BYTES = 8 << 20;

    private AddedTokenLists() {}

    /** The files that there are. */
    static List<Path> filesIn(Path folder) {
        return List.of(folder.resolve(LIST), folder.resolve(CONFIG)).stream()
                .filter(Files::exists)
                .toList();
    }

    /** The tokens in the order of the files; none if there is no file. */
    static List<AddedToken> read(Path folder) {
        Map<String, AddedToken> byContent = new LinkedHashMap<>();
        Path config = folder.resolve(CONFIG);
        if (Files.exists(config)) {
            JsonObject described =
                    Json.readObject(config, MAX_BYTES, TokenizerException::new).objectOrNull(DECODER);
            if (described != null) {
                described.members().keySet().forEach(id -> add(byContent, described, describe(described, id)));
            }
        }
        Path list = folder.resolve(LIST);
        if (Files.exists(list)) {
            addIds(byContent, Json.readObject(list, MAX_BYTES, TokenizerException::new));
        }
        requireDifferentIds(folder, byContent);
        return new ArrayList<>(byContent.values());
    }

    private static void addIds(Map<String, AddedToken> byContent, JsonObject ids) {
        boolean described = !byContent.isEmpty();
        for (String content : ids.members().keySet()) {
            int id = ids.asInteger(content, ids.members().get(content), 0, TokenizerFile.MAX_IDS - 1);
            AddedToken known = byContent.get(content);
            if (known == null) {
                add(byContent, ids, new AddedToken(content, id, false, true));
            } else if (described && known.id() != id) {
                throw new TokenizerException(ids.where() + ": the token " + Quote.quote(content) + " has the id " + id
                        + ", but " + CONFIG + " beside it says " + known.id());
            }
        }
    }

    private static AddedToken describe(JsonObject decoder, String name) {
        int id;
        try {
            id = Integer.parseInt(name);
        } catch (NumberFormatException e) {
            throw new TokenizerException(decoder.where() + ": " + Quote.quote(name) + " is not a token id", e);
        }
        JsonObject token = decoder.objectOrNull(name);
        String content = token == null ? null : token.stringOrNull("content");
        if (token == null || content == null || id < 0 || id >= TokenizerFile.MAX_IDS) {
            throw new TokenizerException(decoder.where() + ": the token with id " + name
                    + " must have a content, and an id of 0 to " + (TokenizerFile.MAX_IDS - 1));
        }
        for (String option : List.of("lstrip", "rstrip", "single_word")) {
            if (token.bool(option, false)) {
                throw new TokenizerException(decoder.where() + ": the token " + Quote.quote(content)
                        + " has the option " + option + ", which is not supported; save it with " + option + "=False");
            }
        }
        boolean special = token.bool("special", false);
        return new AddedToken(content, id, special, token.bool("normalized", !special));
    }

    private static void add(Map<String, AddedToken> byContent, JsonObject from, AddedToken token) {
        String content = token.content();
        if (content.isEmpty() || content.length() > TokenizerFile.MAX_TOKEN_CHARS) {
            throw new TokenizerException(from.where() + ": a token must have 1 to " + TokenizerFile.MAX_TOKEN_CHARS
                    + " characters, but has " + content.length());
        }
        if (byContent.size() == TokenizerFile.MAX_ADDED_TOKENS) {
            throw new TokenizerException(
                    from.where() + " has more than " + TokenizerFile.MAX_ADDED_TOKENS + " added tokens");
        }
        AddedToken other = byContent.put(content, token);
        if (other != null) {
            throw new TokenizerException(from.where() + ": the token " + Quote.quote(content) + " has two ids, "
                    + other.id() + " and " + token.id());
        }
    }

    private static void requireDifferentIds(Path folder, Map<String, AddedToken> byContent) {
        Map<Integer, String> contents = new HashMap<>();
        byContent.values().forEach(token -> {
            @Nullable String other = contents.put(token.id(), token.content());
            if (other != null) {
                throw new TokenizerException(folder + ": the added tokens " + Quote.quote(other) + " and "
                        + Quote.quote(token.content()) + " share the id " + token.id());
            }
        });
    }
}
