package dev.paligemma.constraint;

import dev.paligemma.tokenizer.ControlTokens;
import dev.paligemma.tokenizer.PaliGemmaTokenizer;
import dev.paligemma.tokenizer.TokenizerException;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Makes the usual constraints for the vocabulary of one tokenizer. Thread-safe, as is all that it makes.
 *
 * <pre>{@code
 * TokenConstraints constraints = new TokenConstraints(pipeline.tokenizer());
 * TokenConstraint yesOrNo = constraints.oneOf(List.of("yes", "no"));
 * TokenConstraint plate = constraints.matching("[A-Z]{1,3} \\d{1,4}");
 * TokenConstraint cats = constraints.detections(List.of("cat", "dog"));
 * }</pre>
 *
 * <p>Keep an instance for as long as its tokenizer, and keep a constraint for as long as it is needed: the instance
 * indexes the texts of all tokens when they are first needed, a part of a second for the vocabulary of Gemma, and a
 * constraint remembers which tokens its states allow.
 *
 * <p>A constraint says what an answer may be, not what is true. A model that would have written something else writes
 * the allowed text that it takes for the most likely one.
 */
public final class TokenConstraints {
    private final PaliGemmaTokenizer tokenizer;
    private @Nullable VocabularyTexts vocabulary;

    /** Makes constraints for the tokenizer of the checkpoint which will write the answers. */
    public TokenConstraints(PaliGemmaTokenizer tokenizer) {
        this.tokenizer = Objects.requireNonNull(tokenizer, "tokenizer");
    }

    private synchronized VocabularyTexts vocabulary() {
        if (vocabulary == null) {
            vocabulary = new VocabularyTexts(tokenizer);
        }
        return vocabulary;
    }

    /**
     * Allows some answers and nothing else: a classification.
     *
     * <p>Each may be written in the tokens that the tokenizer gives for it, which are those the model was trained on,
     * and in no other. The answer {@code "cat"} begins without a space, as answers do. Location and segmentation codes
     * may be spelled out.
     *
     * @param answers the answers, at least one; the same one twice counts once, and the empty one lets the model write
     *     nothing
     * @throws IllegalArgumentException if there is no answer, or one that the vocabulary cannot write, such as one with
     *     {@code <eos>} in it
     */
    public TokenConstraint oneOf(List<String> answers) {
        requireSome(answers, "answers");
        TokenSet endOfSequence = TokenSet.of(tokenizer.eosId());
        List<Map.Entry<int[], TokenSet>> ids = answers.stream()
                .map(answer -> Map.entry(writable(answer, ControlTokens.PARSE), endOfSequence))
                .toList();
        return owned(new AnswerConstraint(TokenTrie.of(ids), new Ended(endOfSequence)));
    }

    /**
     * Allows the answers that match a regular expression as a whole, in whatever tokens spell them: a number, a date, a
     * plate.
     *
     * <p>Understood is the regular part of the syntax of {@link java.util.regex.Pattern}, with the meaning it has there
     * without flags:
     *
     * <ul>
     *   <li>characters, also those beyond U+FFFF; a backslash before one that is not a letter or digit; {@code \n},
     *       {@code \r}, {@code \t}, {@code \f} and {@code \}{@code uXXXX};
     *   <li>{@code .} for all but line terminators; {@code \d}, {@code \w}, {@code \s} (ASCII) and {@code \D},
     *       {@code \W}, {@code \S};
     *   <li>classes such as {@code [a-z_]} and {@code [^0-9\s]}, without brackets or {@code &&} inside;
     *   <li>groups {@code (...)} and {@code (?:...)}, choices {@code a|b};
     *   <li>{@code *}, {@code +}, {@code ?}, {@code {2}}, {@code {2,}}, {@code {2,5}} with counts up to 1000.
     * </ul>
     *
     * <p>All else that has a meaning there is refused, {@code ^} and {@code $} included, since the whole answer always
     * has to match. Bound the length, as in {@code [a-z ]{1,40}}: an expression such as {@code .*} lets the model write
     * until it is cut off. Special, location and segmentation tokens are never allowed.
     *
     * @param regex the expression, at most 1000 chars
     * @throws IllegalArgumentException if the expression is malformed, too long, too complex (its automaton would have
     *     more than 2000 states), or matches nothing that the vocabulary can write
     */
    public TokenConstraint matching(String regex) {
        TextPattern pattern = RegexParser.parse(Objects.requireNonNull(regex, "regex"));
        TextState start = TextAutomaton.of(pattern, vocabulary());
        if (start == null) {
            throw new IllegalArgumentException(
                    "regular expression '" + regex + "': matches nothing that the tokens of the vocabulary can write");
        }
        return owned(new TextConstraint(vocabulary(), () -> start));
    }

    /**
     * Allows lists of given items, each as often as the model likes.
     *
     * @param items the items, at least one
     * @param separator what stands between two items, such as {@code ", "}
     * @param maxItems the most items of a list; it has at least one
     * @throws IllegalArgumentException if there is no item, if an item or the separator is empty or cannot be written in
     *     the vocabulary, if {@code maxItems} is below 1, or if a list could not be cut at its separators again because
     *     an item contains the separator or its end and the separator make one
     */
    public TokenConstraint listOf(List<String> items, String separator, int maxItems) {
        return list(items, separator, maxItems, false);
    }

    /** As {@link #listOf}, with each item at most once. */
    public TokenConstraint distinctListOf(List<String> items, String separator, int maxItems) {
        return list(items, separator, maxItems, true);
    }

    private TokenConstraint list(List<String> items, String separator, int maxItems, boolean distinct) {
        requireSome(items, "items");
        if (maxItems < 1) {
            throw new IllegalArgumentException("maxItems must be at least 1, got " + maxItems);
        }
        requireText(separator, "the separator");
        for (String item : items) {
            requireText(item, "an item");
            if ((item + separator).indexOf(separator) < item.length()) {
                throw new IllegalArgumentException(
                        "a list could not be cut at '" + separator + "' again, because of the item '" + item + "'");
            }
        }
        List<int[]> characters = items.stream()
                .distinct()
                .map(item -> item.codePoints().toArray())
                .toList();
        ListText text = new ListText(characters, separator.codePoints().toArray(), maxItems, distinct);
        return owned(new TextConstraint(vocabulary(), text::start));
    }

    private void requireText(String text, String what) {
        if (text.isEmpty()) {
            throw new IllegalArgumentException(what + " must not be empty");
        }
        text.codePoints().forEach(c -> {
            if (!vocabulary().canWriteOneOf(c, c)) {
                throw new IllegalArgumentException(what + ", '" + text + "', has the character U+"
                        + Integer.toHexString(c) + ", which the vocabulary cannot write");
            }
        });
    }

    /**
     * Allows any number of boxes with given labels, as an answer to {@code detect cat ; dog}; see {@link
     * DetectionGrammar#boxes}.
     */
    public TokenConstraint detections(List<String> labels) {
        return detections(DetectionGrammar.boxes(labels));
    }

    /**
     * Allows any number of boxes with masks and given labels, as an answer to {@code segment cat ; dog}; see {@link
     * DetectionGrammar#masks}.
     */
    public TokenConstraint segments(List<String> labels) {
        return detections(DetectionGrammar.masks(labels));
    }

    /**
     * Allows answers with boxes or masks that a grammar describes. Labels and separators may be written in the tokens
     * that the tokenizer gives for them, and in no other.
     *
     * @throws IllegalArgumentException if the vocabulary cannot write a label
     * @throws TokenizerException if the tokenizer has no location tokens, or for masks no segmentation tokens
     */
    public TokenConstraint detections(DetectionGrammar grammar) {
        return owned(new DetectionConstraint(this, tokenizer, Objects.requireNonNull(grammar, "grammar")));
    }

    /** Allows every token of the vocabulary at every step. */
    public TokenConstraint anything() {
        return forbidding(TokenSet.of());
    }

    /**
     * Allows every token of the vocabulary except some, at every step: for example no {@link #locations} in a caption.
     *
     * @throws IllegalArgumentException if the end-of-sequence token is among them: no answer could end
     */
    public TokenConstraint forbidding(TokenSet tokens) {
        int eosId = tokenizer.eosId();
        if (tokens.contains(eosId)) {
            throw new IllegalArgumentException(
                    "the end-of-sequence token, " + eosId + ", must not be forbidden: no answer could end");
        }
        BitSet allowed = new BitSet(tokenizer.vocabularySize());
        for (int id = 0; id < tokenizer.vocabularySize(); id++) {
            allowed.set(id, tokenizer.tokenOf(id).isPresent() && !tokens.contains(id));
        }
        return owned(new FreeText(TokenSet.of(allowed), new Ended(TokenSet.of(eosId)), eosId));
    }

    /** The ids of the 1024 location tokens; a {@link TokenizerException} if the tokenizer has none. */
    public TokenSet locations() {
        return locationsFrom(0);
    }

    TokenSet locationsFrom(int smallest) {
        return TokenSet.of(IntStream.range(smallest, PaliGemmaTokenizer.LOCATIONS)
                .map(tokenizer::locationId)
                .toArray());
    }

    /** The ids of the 128 segmentation tokens; a {@link TokenizerException} if the tokenizer has none. */
    public TokenSet segmentationCodes() {
        return TokenSet.of(IntStream.range(0, PaliGemmaTokenizer.SEGMENTATION_CODES)
                .map(tokenizer::segmentationId)
                .toArray());
    }

    /** Encodes a text that an answer has to spell exactly. */
    int[] writable(String text, ControlTokens controlTokens) {
        int[] ids = tokenizer.encode(text, controlTokens);
        String written = tokenizer.decode(ids, true);
        if (!written.equals(text)) {
            throw new IllegalArgumentException(
                    "'" + text + "' cannot be part of an answer: written in tokens it reads '" + written + "'");
        }
        int eosId = tokenizer.eosId();
        if (Arrays.stream(ids).anyMatch(id -> id == eosId)) {
            throw new IllegalArgumentException("'" + text + "' cannot be part of an answer: its tokens end the answer");
        }
        return ids;
    }

    private TokenConstraint owned(TokenConstraint rules) {
        return new OwnedConstraint(rules, tokenizer);
    }

    private static void requireSome(List<String> texts, String what) {
        if (texts.isEmpty()) {
            throw new IllegalArgumentException(what + ": at least one is needed");
        }
        texts.forEach(text -> Objects.requireNonNull(text, what));
    }
}
