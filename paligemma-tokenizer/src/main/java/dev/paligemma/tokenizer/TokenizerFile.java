package dev.paligemma.tokenizer;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import dev.paligemma.base.internal.Json;
import dev.paligemma.base.internal.Quote;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.CharacterCodingException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The parts of a {@code tokenizer.json} that matter, read in one pass and checked.
 *
 * <p>Only the shape of Gemma's files is accepted: a BPE model with byte fallback, spaces replaced by U+2581, and the
 * decoder that undoes both. Everything else is refused, because running it would give other ids in silence. The
 * {@code post_processor}, {@code truncation} and {@code padding} sections are not used: a prompt is laid out by
 * {@link PromptEncoder}.
 */
final class TokenizerFile {

    /** Ids are below this, which bounds every table by id. Gemma has 257,216 rows. */
    static final int MAX_IDS = 1 << 20;

    /** The longest token, in chars. Gemma's longest is 31. */
    static final int MAX_TOKEN_CHARS = 1 << 10;

    private static final int MAX_TOKEN_CHARS_TOGETHER = 1 << 24;

    /** The most added tokens, and the chars of all of them, which bound the trie that finds them. */
    static final int MAX_ADDED_TOKENS = 1 << 14;

    static final int MAX_ADDED_CHARS_TOGETHER = 1 << 18;

    private static final Map<String, Object> SPACE = Map.of("String", " ");
    private static final Map<String, Object> REPLACE_SPACE =
            Map.of("type", "Replace", "pattern", SPACE, "content", "\u2581");
    private static final Set<Object> NORMALIZERS =
            Set.of(REPLACE_SPACE, Map.of("type", "Sequence", "normalizers", List.of(REPLACE_SPACE)));

    /** Splits at spaces, of which the normalizer has left none. */
    private static final Map<String, Object> SPLIT_AT_SPACE =
            Map.of("type", "Split", "pattern", SPACE, "behavior", "MergedWithPrevious", "invert", false);

    private static final Map<String, Object> DECODER = Map.of(
            "type",
            "Sequence",
            "decoders",
            List.of(
                    Map.of("type", "Replace", "pattern", Map.of("String", "\u2581"), "content", " "),
                    Map.of("type", "ByteFallback"),
                    Map.of("type", "Fuse")));

    private final JsonInput json;
    private final String source;
    private final Vocabulary vocabulary = new Vocabulary();
    private final MergesReader merges;
    private final List<AddedToken> addedTokens = new ArrayList<>();
    private final Set<String> sections = new HashSet<>();
    private @Nullable String modelType;
    private @Nullable String unknownToken;
    private boolean fuseUnknown;
    private boolean byteFallback;

    private TokenizerFile(JsonInput json, String source) {
        this.json = json;
        this.source = source;
        this.merges = new MergesReader(json, vocabulary);
    }

    /** Reads a file, called so in errors, to its end; it must be readable, well-formed and of the one shape. */
    static TokenizerParts read(InputStream in, String source) {
        try (JsonInput json = new JsonInput(in, source)) {
            TokenizerFile file = new TokenizerFile(json, source);
            file.readDocument();
            return file.parts();
        } catch (JsonProcessingException e) {
            throw new TokenizerException(
                    source + JsonInput.where(e.getLocation()) + ": not a valid tokenizer.json: " + Json.words(e), e);
        } catch (CharacterCodingException e) {
            throw new TokenizerException(source + ": not UTF-8 text", e);
        } catch (IOException e) {
            throw new TokenizerException(source + ": cannot be read: " + e.getMessage(), e);
        }
    }

    private TokenizerParts parts() {
        int unknownId = unknownToken == null ? Vocabulary.ABSENT : vocabulary.idOf(unknownToken);
        return new TokenizerParts(vocabulary, merges.table(), addedTokens, unknownId, fuseUnknown);
    }

    private void readDocument() throws IOException {
        json.next();
        json.readObject("the document", this::readSection);
        json.expectEnd();
        requireSection("model");
        requireSection("normalizer");
        requireSection("decoder");
        checkAddedTokens();
    }

    private void readSection(String name) throws IOException {
        sections.add(name);
        switch (name) {
            case "version" -> {
                String version = json.string("version");
                if (!version.equals("1.0")) {
                    throw json.error("version must be \"1.0\", but is " + Quote.quote(version));
                }
            }
            case "added_tokens" -> readAddedTokens();
            case "normalizer" -> checkShape(name, NORMALIZERS, "a replacement of \" \" by U+2581");
            case "pre_tokenizer" -> checkPreTokenizer();
            case "decoder" ->
                checkShape(name, Set.of(DECODER), "the sequence Replace U+2581 by \" \", ByteFallback, Fuse");
            case "model" -> readModel();
            default -> json.skip();
        }
    }

    private void checkPreTokenizer() throws IOException {
        if (json.parser().currentToken() != JsonToken.VALUE_NULL) {
            checkShape("pre_tokenizer", Set.of(SPLIT_AT_SPACE), "null or a Split at \" \", MergedWithPrevious");
        }
    }

    private void checkShape(String what, Set<Object> accepted, String description) throws IOException {
        Object tree = json.tree(what);
        if (tree == null || !accepted.contains(tree)) {
            throw json.error("unsupported " + what + ": expected " + description + ", as Gemma has, found "
                    + Quote.quote(String.valueOf(tree)));
        }
    }

    private void requireSection(String name) {
        if (!sections.contains(name)) {
            throw new TokenizerException(source + ": the section \"" + name + "\" is missing");
        }
    }

    private void readModel() throws IOException {
        json.readObject("model", this::readModelField);
        if (!"BPE".equals(modelType)) {
            throw json.error("unsupported model: model.type must be \"BPE\", but is "
                    + (modelType == null ? "missing" : Quote.quote(modelType)));
        }
        requireSection("model.vocab");
        requireSection("model.merges");
        if (!byteFallback) {
            throw json.error("unsupported model: model.byte_fallback must be true");
        }
        if (unknownToken != null && vocabulary.idOf(unknownToken) == Vocabulary.ABSENT) {
            throw json.error("model.unk_token " + Quote.quote(unknownToken) + " is not in the vocabulary");
        }
        merges.resolve();
    }

    private void readModelField(String name) throws IOException {
        String what = "model." + name;
        sections.add(what);
        switch (name) {
            case "type" -> modelType = json.string(what);
            case "unk_token" -> unknownToken = json.stringOrNull(what);
            case "fuse_unk" -> fuseUnknown = isTrue(what);
            case "byte_fallback" -> byteFallback = isTrue(what);
            case "ignore_merges" -> {
                if (isTrue(what)) {
                    throw json.error("unsupported model: " + what + " must be false");
                }
            }
            case "dropout" -> {
                if (json.parser().currentToken() != JsonToken.VALUE_NULL) {
                    throw json.error("unsupported model: " + what + " must be null, but is " + json.found());
                }
            }
            case "continuing_subword_prefix", "end_of_word_suffix" -> {
                String affix = json.stringOrNull(what);
                if (affix != null && !affix.isEmpty()) {
                    throw json.error("unsupported model: " + what + " must be null, but is " + Quote.quote(affix));
                }
            }
            case "vocab" -> readVocabulary();
            case "merges" -> merges.read(sections.contains("model.vocab"));
            default -> json.skip();
        }
    }

    /** Reads a flag, for which null means false. */
    private boolean isTrue(String what) throws IOException {
        return json.parser().currentToken() != JsonToken.VALUE_NULL && json.bool(what);
    }

    private void readVocabulary() throws IOException {
        json.require(JsonToken.START_OBJECT, "model.vocab", "an object");
        JsonParser parser = json.parser();
        while (json.next() == JsonToken.FIELD_NAME) {
            String token = parser.currentName();
            json.next();
            checkToken(token, "a token of model.vocab");
            if (!json.isInteger(MAX_IDS - 1)) {
                throw json.error("the id of the token " + Quote.quote(token) + " must be an integer of 0 to "
                        + (MAX_IDS - 1) + ", but is " + json.found());
            }
            addToVocabulary(token, parser.getIntValue());
        }
    }

    private void addToVocabulary(String token, int id) {
        if (vocabulary.contains(id)) {
            throw json.error("the id " + id + " belongs to two tokens, " + Quote.quote(vocabulary.textOf(id)) + " and "
                    + Quote.quote(token));
        }
        if (vocabulary.totalChars() > MAX_TOKEN_CHARS_TOGETHER - token.length()) {
            throw json.error("the tokens have more than " + MAX_TOKEN_CHARS_TOGETHER + " characters together");
        }
        if (!vocabulary.add(token, id)) {
            throw json.error("model.vocab has the token " + Quote.quote(token) + " twice");
        }
    }

    private void checkToken(String token, String what) {
        if (token.length() > MAX_TOKEN_CHARS) {
            throw json.error(what + " has " + token.length() + " characters, more than " + MAX_TOKEN_CHARS + ": "
                    + Quote.quote(token));
        }
        for (int i = 0; i < token.length(); i++) {
            if (Character.isSurrogate(token.charAt(i))) {
                if (Character.isSupplementaryCodePoint(token.codePointAt(i))) {
                    i++;
                } else {
                    throw json.error(what + " has half a surrogate pair: " + Quote.quote(token));
                }
            }
        }
    }

    private void readAddedTokens() throws IOException {
        json.require(JsonToken.START_ARRAY, "added_tokens", "an array");
        int chars = 0;
        while (json.next() != JsonToken.END_ARRAY) {
            if (addedTokens.size() == MAX_ADDED_TOKENS) {
                throw json.error("added_tokens has more than " + MAX_ADDED_TOKENS + " entries");
            }
            AddedToken token = readAddedToken("added_tokens[" + addedTokens.size() + "]");
            chars += token.content().length();
            if (chars > MAX_ADDED_CHARS_TOGETHER) {
                throw json.error("added_tokens have more than " + MAX_ADDED_CHARS_TOGETHER + " characters together");
            }
            addedTokens.add(token);
        }
    }

    private AddedToken readAddedToken(String what) throws IOException {
        AddedTokenFields fields = new AddedTokenFields();
        json.readObject(what, name -> {
            String field = what + "." + name;
            switch (name) {
                case "id" -> fields.id = json.integer(field, MAX_IDS - 1);
                case "content" -> fields.content = json.string(field);
                case "special" -> fields.special = json.bool(field);
                case "normalized" -> fields.normalized = json.bool(field);
                case "single_word", "lstrip", "rstrip" -> {
                    if (json.bool(field)) {
                        throw json.error("unsupported added token: " + field + " must be false");
                    }
                }
                default -> json.skip();
            }
        });
        String content = fields.content;
        Integer id = fields.id;
        Boolean special = fields.special;
        Boolean normalized = fields.normalized;
        if (content == null || id == null || special == null || normalized == null) {
            throw json.error(what + " must have the fields id, content, special and normalized");
        }
        if (content.isEmpty()) {
            throw json.error(what + ".content must not be empty");
        }
        checkToken(content, what + ".content");
        return new AddedToken(content, id, special, normalized);
    }

    /** The fields of an added token while it is read. */
    private static final class AddedTokenFields {
        private @Nullable Integer id;
        private @Nullable String content;
        private @Nullable Boolean special;
        private @Nullable Boolean normalized;
    }

    /**
     * Refuses added tokens that contradict the vocabulary or each other. The {@code tokenizers} library goes on with
     * the vocabulary's id there; the model may have been trained with the other one.
     */
    private void checkAddedTokens() {
        Map<String, Integer> idByContent = new HashMap<>();
        Map<Integer, String> contentById = new HashMap<>();
        for (AddedToken token : addedTokens) {
            String content = token.content();
            int id = token.id();
            String what = source + ": the added token " + Quote.quote(content) + " with id " + id;
            if (idByContent.putIfAbsent(content, id) != null) {
                throw new TokenizerException(what + " is listed twice");
            }
            String sameId = contentById.putIfAbsent(id, content);
            if (sameId == null
                    && vocabulary.contains(id)
                    && !vocabulary.textOf(id).equals(content)) {
                sameId = vocabulary.textOf(id);
            }
            if (sameId != null) {
                throw new TokenizerException(what + " shares that id with " + Quote.quote(sameId));
            }
            int vocabularyId = vocabulary.idOf(content);
            if (vocabularyId != Vocabulary.ABSENT && vocabularyId != id) {
                throw new TokenizerException(what + " has the id " + vocabularyId + " in model.vocab");
            }
        }
    }
}
