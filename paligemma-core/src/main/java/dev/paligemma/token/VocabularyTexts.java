package dev.paligemma.token;

import dev.paligemma.tokenizer.ControlTokens;
import dev.paligemma.tokenizer.PaliGemmaTokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The texts of all tokens of a vocabulary, as a trie over characters, and the tokens of single bytes. Immutable and
 * thread-safe.
 *
 * <p>A token counts as text if it is neither special nor a location or segmentation code nor another control token.
 * Byte tokens write the characters that have no token of their own, as the tokenizer uses them.
 */
final class VocabularyTexts {
    private static final Pattern BYTE = Pattern.compile("<0x[0-9A-Fa-f]{2}>");
    private static final char META_SPACE = '\u2581';
    private static final int NO_TOKEN = -1;
    private static final int ROOT = 0;

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
            texts[id] = isText(tokenizer, id, spelling)
                    ? spelling.replace(META_SPACE, ' ').codePoints().toArray()
                    : new int[0];
        }
        return texts;
    }

    private static boolean isText(PaliGemmaTokenizer tokenizer, int id, String spelling) {
        if (spelling.isEmpty()
                || tokenizer.isLocation(id)
                || tokenizer.isSegmentationCode(id)
                || BYTE.matcher(spelling).matches()
                || spelling.codePoints().anyMatch(VocabularyTexts::isSurrogate)
                || tokenizer.decode(new int[] {id}, true).isEmpty()) {
            return false;
        }
        boolean mayBeControl = spelling.length() > 2
                && ((spelling.startsWith("<") && spelling.endsWith(">"))
                        || (spelling.startsWith("[") && spelling.endsWith("]")));
        // What is a control token is never the result of encoding its spelling as text.
        return !mayBeControl || Arrays.equals(tokenizer.encode(spelling, ControlTokens.AS_TEXT), new int[] {id});
    }

    private static boolean isSurrogate(int codePoint) {
        return codePoint >= Character.MIN_SURROGATE && codePoint <= Character.MAX_SURROGATE;
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

    /** Sorts the texts; each node is then a range of them with a common beginning. Nodes are made level by level. */
    private void buildTrie() {
        Integer[] order = order();
        int capacity = 1;
        for (Integer id : order) {
            capacity = Math.addExact(capacity, texts[id].length);
        }
        int[] from = new int[capacity];
        int[] to = new int[capacity];
        int[] depth = new int[capacity];
        firstChild = new int[capacity + 1];
        characters = new int[capacity];
        firstEnding = new int[capacity + 1];
        endings = new int[order.length];
        to[ROOT] = order.length;
        int nodes = 1;
        int ended = 0;
        for (int node = 0; node < nodes; node++) {
            firstChild[node] = nodes;
            firstEnding[node] = ended;
            int i = from[node];
            while (i < to[node] && texts[order[i]].length == depth[node]) {
                endings[ended++] = order[i++];
            }
            while (i < to[node]) {
                int c = texts[order[i]][depth[node]];
                from[nodes] = i;
                while (i < to[node] && texts[order[i]][depth[node]] == c) {
                    i++;
                }
                to[nodes] = i;
                depth[nodes] = depth[node] + 1;
                characters[nodes++] = c;
            }
        }
        firstChild[nodes] = nodes;
        firstEnding[nodes] = ended;
        firstChild = Arrays.copyOf(firstChild, nodes + 1);
        firstEnding = Arrays.copyOf(firstEnding, nodes + 1);
        characters = Arrays.copyOf(characters, nodes);
    }

    private Integer[] order() {
        List<Integer> ids = new ArrayList<>();
        for (int id = 0; id < texts.length; id++) {
            if (texts[id].length > 0) {
                ids.add(id);
            }
        }
        ids.sort(Comparator.comparing(id -> texts[id], Arrays::compare));
        return ids.toArray(Integer[]::new);
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
        List<TextState> states = new ArrayList<>(List.of(start));
        List<Integer> nodes = new ArrayList<>(List.of(ROOT));
        while (!states.isEmpty()) {
            TextState state = states.remove(states.size() - 1);
            int node = nodes.remove(nodes.size() - 1);
            for (int i = firstEnding[node]; i < firstEnding[node + 1]; i++) {
                found.set(endings[i]);
            }
            int end = firstChild[node + 1];
            int child = firstChild[node];
            for (int edge = 0; edge < state.edges() && child < end; edge++) {
                child = firstAtLeast(state.first(edge), child, end);
                if (child < end && characters[child] <= state.last(edge)) {
                    TextState target = state.target(edge);
                    for (; child < end && characters[child] <= state.last(edge); child++) {
                        states.add(target);
                        nodes.add(child);
                    }
                }
            }
        }
    }

    private int firstAtLeast(int character, int from, int to) {
        int place = Arrays.binarySearch(characters, from, to, character);
        return place >= 0 ? place : -place - 1;
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
