package dev.paligemma.constraint;

import dev.paligemma.tokenizer.ControlTokens;
import dev.paligemma.tokenizer.PaliGemmaTokenizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Allows answers with boxes or masks as a {@link DetectionGrammar} describes them. Immutable and thread-safe.
 *
 * <p>Between the codes of two entries stands a text such as {@code " shoe ; "}, after the last codes one such as
 * {@code " shoe"}. Codes split a text before pairs are merged, so each of these texts has tokens of its own, but the
 * tokens of the first need not begin with those of the second: both are in one tree, and what comes next decides.
 */
final class DetectionConstraint implements TokenConstraint {
    private static final String SEPARATOR = " ; ";
    private static final int BOX_CODES = 4;
    private static final int MASK_CODES = 16;
    private static final int BOTTOM = 2;
    private static final int RIGHT = 3;

    private final TokenConstraints tokens;
    private final PaliGemmaTokenizer tokenizer;
    private final DetectionGrammar grammar;
    private final int eosId;
    private final int codes;
    private final TokenSet locations;
    private final TokenSet segmentationCodes;
    private final TokenSet locationsOrEnd;
    private final Ended ended;

    /** Where texts after codes begin: another entry has to follow, may follow, must not follow. */
    private final TokenTrie.Node notLast;

    private final TokenTrie.Node perhapsLast;
    private final TokenTrie.Node last;

    DetectionConstraint(TokenConstraints tokens, PaliGemmaTokenizer tokenizer, DetectionGrammar grammar) {
        this.tokens = tokens;
        this.tokenizer = tokenizer;
        this.grammar = grammar;
        this.eosId = tokenizer.eosId();
        this.codes = grammar.masked() ? BOX_CODES + MASK_CODES : BOX_CODES;
        TokenSet endOfSequence = TokenSet.of(eosId);
        this.ended = new Ended(endOfSequence);
        this.locations = tokens.locations();
        this.locationsOrEnd = locations.union(endOfSequence);
        this.segmentationCodes = grammar.masked() ? tokens.segmentationCodes() : TokenSet.of();

        List<Map.Entry<int[], TokenSet>> between = new ArrayList<>();
        List<Map.Entry<int[], TokenSet>> atEnd = new ArrayList<>();
        List<String> labels = grammar.labels().isEmpty() ? List.of("") : grammar.labels();
        for (String label : labels) {
            String text = label.isEmpty() ? "" : " " + label;
            between.add(Map.entry(encode(text + SEPARATOR), locations));
            atEnd.add(Map.entry(encode(text), endOfSequence));
        }
        this.notLast = TokenTrie.of(between);
        this.last = TokenTrie.of(atEnd);
        between.addAll(atEnd);
        this.perhapsLast = TokenTrie.of(between);
    }

    private int[] encode(String text) {
        return tokens.writable(text, ControlTokens.AS_TEXT);
    }

    @Override
    public State start() {
        return new InCodes(0, 0, 0, 0);
    }

    /** Before or among the codes of an entry. */
    private final class InCodes implements State {
        private final int entries;
        private final int written;
        private final int top;
        private final int left;
        private final TokenSet allowed;

        InCodes(int entries, int written, int top, int left) {
            this.entries = entries;
            this.written = written;
            this.top = top;
            this.left = left;
            this.allowed = codesAllowed();
        }

        private TokenSet codesAllowed() {
            if (written >= BOX_CODES) {
                return segmentationCodes;
            }
            if (written == 0 && entries == 0 && grammar.minCount() == 0) {
                return locationsOrEnd;
            }
            if (grammar.orderedCorners() && written == BOTTOM) {
                return tokens.locationsFrom(top);
            }
            return grammar.orderedCorners() && written == RIGHT ? tokens.locationsFrom(left) : locations;
        }

        @Override
        public TokenSet allowed() {
            return allowed;
        }

        @Override
        public State next(int token) {
            allowed.require(token);
            if (token == eosId) {
                return ended;
            }
            if (written + 1 == codes) {
                return new InText(entries + 1, textAfter(entries + 1));
            }
            int location = tokenizer.locationIndex(token);
            return new InCodes(entries, written + 1, written == 0 ? location : top, written == 1 ? location : left);
        }

        private TokenTrie.Node textAfter(int count) {
            if (count < grammar.minCount()) {
                return notLast;
            }
            return count < grammar.maxCount() ? perhapsLast : last;
        }
    }

    /** In the text after the codes of an entry. */
    private final class InText implements State {
        private final int entries;
        private final TokenTrie.Node node;

        InText(int entries, TokenTrie.Node node) {
            this.entries = entries;
            this.node = node;
        }

        @Override
        public TokenSet allowed() {
            return node.allowed();
        }

        @Override
        public State next(int token) {
            node.allowed().require(token);
            if (token == eosId) {
                return ended;
            }
            TokenTrie.Node child = node.child(token);
            return child == null ? new InCodes(entries, 0, 0, 0).next(token) : new InText(entries, child);
        }
    }
}
