package dev.paligemma.constraint;

import dev.paligemma.tokenizer.ControlTokens;
import dev.paligemma.tokenizer.PaliGemmaTokenizer;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * The texts of all tokens of a vocabulary, as a trie over characters, and the tokens of single bytes. Immutable and
 * thread-safe.
 *
 * <p>A token counts as text if it is neither special nor a location or segmentation code nor another control token.
 * Byte tokens write the characters that have no token of their own, as the tokenizer uses them.
 */
final class VocabularyTexts {
    private static final char META_SPACE = '\u2581';
    private static final int NO_TOKEN = -1;
    private static final int ROOT = 0;
    private static final int[] NO_TEXT = {};

    /** A vocabulary has at most 2^20 tokens, and so has a level of the trie at most 2^20 nodes. */
    private static final int TOKEN_BITS = 20;

    private static final int TOKEN_MASK = (1 << TOKEN_BITS) - 1;
    private static final int CHARACTER_BITS = 21;
    private static final int CHARACTER_MASK = (1 << CHARACTER_BITS) - 1;

    private final int eosId;
    private final TokenSet endOfSequence;
    private final Ended ended;

    /** The texts by id; empty where a token is not text. */
    private final int[][] texts;

    private final int[] byteIds = new int[256];
    private final Map<Integer, Integer> byteValues = new HashMap<>();

    /** Characters with a token of their own, and those that byte tokens have to write. */
    private final BitSet single = new BitSet(Character.MAX_CODE_POINT + 1);

    private final BitSet byBytes = new BitSet(Character.MAX_CODE_POINT + 1);

    /** Children of node n are the nodes from firstChild[n] up to, but without, firstChild[n + 1], by character. */
    private int[] firstChild = new int[0];

    private int[] characters = new int[0];

    /** Tokens whose text ends at node n are endings[firstEnding[n]] up to, but without, endings[firstEnding[n + 1]]. */
    private int[] firstEnding = new int[0];

    private int[] endings = new int[0];

    VocabularyTexts(PaliGemmaTokenizer tokenizer) {
        this.eosId = tokenizer.eosId();
        this.endOfSequence = TokenSet.of(eosId);
        this.ended = new Ended(endOfSequence);
        Arrays.fill(byteIds, NO_TOKEN);
        for (int value = 0; value < byteIds.length; value++) {
            OptionalInt id = tokenizer.idOf(String.format(Locale.ROOT, "<0x%02X>", value));
            if (id.isPresent()) {
                byteIds[value] = id.getAsInt();
                byteValues.put(id.getAsInt(), value);
            }
        }
        this.texts = texts(tokenizer);
        for (int[] text : texts) {
            if (text.length == 1) {
                single.set(text[0]);
            }
        }
        findCharactersOfBytes();
        buildTrie();
    }

    private static int[][] texts(PaliGemmaTokenizer tokenizer) {
        int[][] texts = new int[tokenizer.vocabularySize()][];
        for (int id = 0; id < texts.length; id++) {
            String spelling = tokenizer.tokenOf(id).orElse("");
            texts[id] = isText(tokenizer, id, spelling) ? characters(spelling) : NO_TEXT;
        }
        return texts;
    }

    private static boolean isText(PaliGemmaTokenizer tokenizer, int id, String spelling) {
        if (tokenizer.isLocation(id)
                || tokenizer.isSegmentationCode(id)
                || tokenizer.decode(new int[] {id}, true).isEmpty()) {
            return false;
        }
        boolean mayBeControl = spelling.length() > 2
                && ((spelling.startsWith("<") && spelling.endsWith(">"))
                        || (spelling.startsWith("[") && spelling.endsWith("]")));
        // The spelling of a control token or of a byte, encoded as text, is never that token.
        return !mayBeControl || Arrays.equals(tokenizer.encode(spelling, ControlTokens.AS_TEXT), new int[] {id});
    }

    /** Returns the characters that a token writes, or nothing if it has half of a surrogate pair in it. */
    private static int[] characters(String spelling) {
        int[] characters = new int[spelling.codePointCount(0, spelling.length())];
        int at = 0;
        for (int i = 0; i < characters.length; i++) {
            int c = spelling.codePointAt(at);
            if (c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE) {
                return NO_TEXT;
            }
            characters[i] = c == META_SPACE ? ' ' : c;
            at += Character.charCount(c);
        }
        return characters;
    }

    private void findCharactersOfBytes() {
        for (int c = 0; c < 0x80; c++) {
            byBytes.set(c, byteIds[c] != NO_TOKEN);
        }
        boolean complete = true;
        for (int value = 0x80; value < 0xF5; value++) {
            boolean used = value < 0xC0 || value > 0xC1;
            complete &= !used || byteIds[value] != NO_TOKEN;
        }
        if (complete) {
            byBytes.set(0x80, Character.MAX_CODE_POINT + 1);
            byBytes.clear(Character.MIN_SURROGATE, Character.MAX_SURROGATE + 1);
        }
        byBytes.andNot(single);
    }

    /**
     * Makes the nodes level by level. Each text that goes on is one number: its node within the level, its next
     * character, its token. In the order of these numbers lie the children of each node, and in each child its texts.
     */
    private void buildTrie() {
        long[] open = new long[texts.length];
        int count = 0;
        int capacity = 1;
        for (int id = 0; id < texts.length; id++) {
            if (texts[id].length > 0) {
                open[count++] = key(0, texts[id][0], id);
                capacity = Math.addExact(capacity, texts[id].length);
            }
        }
        firstChild = new int[capacity + 1];
        characters = new int[capacity];
        firstEnding = new int[capacity + 1];
        endings = new int[count];
        int ended = 0;
        int nodes = 1;
        int levelStart = ROOT;
        for (int depth = 1; levelStart < nodes; depth++) {
            Arrays.sort(open, 0, count);
            int levelEnd = nodes;
            int parents = levelStart;
            int goingOn = 0;
            long previous = -1;
            for (int i = 0; i < count; i++) {
                long place = open[i] >> TOKEN_BITS;
                if (place != previous) {
                    previous = place;
                    int parent = levelStart + (int) (place >> CHARACTER_BITS);
                    while (parents <= parent) {
                        firstChild[parents++] = nodes;
                    }
                    characters[nodes] = (int) place & CHARACTER_MASK;
                    firstEnding[nodes++] = ended;
                }
                int token = (int) open[i] & TOKEN_MASK;
                if (texts[token].length == depth) {
                    endings[ended++] = token;
                } else {
                    open[goingOn++] = key(nodes - 1 - levelEnd, texts[token][depth], token);
                }
            }
            while (parents < levelEnd) {
                firstChild[parents++] = nodes;
            }
            count = goingOn;
            levelStart = levelEnd;
        }
        firstChild = Arrays.copyOf(firstChild, nodes + 1);
        firstChild[nodes] = nodes;
        firstEnding = Arrays.copyOf(firstEnding, nodes + 1);
        firstEnding[nodes] = ended;
        characters = Arrays.copyOf(characters, nodes);
    }

    private static long key(int nodeOfLevel, int character, int token) {
        return ((long) nodeOfLevel << (CHARACTER_BITS + TOKEN_BITS)) | ((long) character << TOKEN_BITS) | token;
    }

    /** Tells whether at least one character of a range can be written. */
    boolean canWriteOneOf(int first, int last) {
        return contains(single, first, last) || contains(byBytes, first, last);
    }

    private static boolean contains(BitSet set, int first, int last) {
        int found = set.nextSetBit(first);
        return found >= 0 && found <= last;
    }

    Ended ended() {
        return ended;
    }

    int eosId() {
        return eosId;
    }

    /** Finds the tokens that may come next at a state between two characters. */
    TokenSet allowedAt(TextState state) {
        BitSet found = new BitSet(texts.length);
        collect(state, found);
        collectBytes(state, found);
        found.set(eosId, state.accepts());
        return TokenSet.of(found);
    }

    private void collect(TextState start, BitSet found) {
        TextState[] states = new TextState[64];
        int[] nodes = new int[64];
        states[0] = start;
        nodes[0] = ROOT;
        int open = 1;
        while (open > 0) {
            TextState state = states[--open];
            int node = nodes[open];
            int child = firstChild[node];
            int end = firstChild[node + 1];
            for (int edge = 0; edge < state.edges() && child < end; edge++) {
                int last = state.last(edge);
                int place = Arrays.binarySearch(characters, child, end, state.first(edge));
                child = place >= 0 ? place : -place - 1;
                for (; child < end && characters[child] <= last; child++) {
                    for (int i = firstEnding[child]; i < firstEnding[child + 1]; i++) {
                        found.set(endings[i]);
                    }
                    if (firstChild[child] == firstChild[child + 1]) {
                        continue;
                    }
                    if (open == nodes.length) {
                        states = Arrays.copyOf(states, 2 * open);
                        nodes = Arrays.copyOf(nodes, 2 * open);
                    }
                    states[open] = state.target(edge);
                    nodes[open++] = child;
                }
            }
        }
    }

    private void collectBytes(TextState state, BitSet found) {
        for (int value = 0; value < byteIds.length; value++) {
            PartialCharacter partial = PartialCharacter.begin(value);
            if (byteIds[value] != NO_TOKEN && partial != null && canFinish(state, partial)) {
                found.set(byteIds[value]);
            }
        }
    }

    /** Finds the bytes that may come next inside a character. */
    TokenSet allowedAt(TextState state, PartialCharacter begun) {
        BitSet found = new BitSet();
        for (int value = 0x80; value < 0xC0; value++) {
            if (canFinish(state, begun.and(value))) {
                found.set(byteIds[value]);
            }
        }
        return TokenSet.of(found);
    }

    private boolean canFinish(TextState state, PartialCharacter partial) {
        for (int edge = 0; edge < state.edges(); edge++) {
            int first = Math.max(state.first(edge), partial.first());
            int last = Math.min(state.last(edge), partial.last());
            if (first <= last && contains(byBytes, first, last)) {
                return true;
            }
        }
        return false;
    }

    /** Returns the state after a text token, or {@code null} if the automaton does not take it. */
    @Nullable
    TextState step(TextState state, int token) {
        TextState current = state;
        for (int c : texts[token]) {
            current = current == null ? null : current.step(c);
        }
        return current;
    }

    /** Returns the value of a byte token, or -1 for any other token. */
    int byteValue(int token) {
        return byteValues.getOrDefault(token, NO_TOKEN);
    }
}
