package dev.paligemma.tokenizer;

import java.util.Arrays;
import java.util.List;

/**
 * Finds added tokens in a text: leftmost first, and the longest of those that start at one place.
 *
 * <p>A trie whose edges lie in one primitive map. Immutable once built.
 */
final class AddedTokenMatcher {

    /** Receives the stretches of a text that are without added tokens, in order; never an empty one. */
    interface Stretches {
        void take(int from, int to);
    }

    private static final int ROOT = 0;
    private static final int NO_TOKEN = -1;

    private final LongIntMap edges = new LongIntMap();
    private int[] tokenAtNode = {NO_TOKEN};
    private int nodes = 1;

    /** Builds the trie of tokens with non-empty contents, for texts with spaces or, normalized, with them replaced. */
    AddedTokenMatcher(List<AddedToken> tokens, boolean normalized) {
        for (AddedToken token : tokens) {
            String content = token.content();
            insert(normalized ? content.replace(' ', Vocabulary.META_SPACE) : content, token.id());
        }
    }

    private void insert(String content, int id) {
        int node = ROOT;
        for (int i = 0; i < content.length(); i++) {
            long edge = edge(node, content.charAt(i));
            int next = edges.get(edge);
            if (next == LongIntMap.ABSENT) {
                next = nodes++;
                if (next == tokenAtNode.length) {
                    tokenAtNode = Arrays.copyOf(tokenAtNode, next * 2);
                }
                tokenAtNode[next] = NO_TOKEN;
                edges.put(edge, next);
            }
            node = next;
        }
        tokenAtNode[node] = id;
    }

    /** Splits {@code text[from, to)} into added tokens, whose ids are added, and the stretches between them. */
    void split(char[] text, int from, int to, IntList ids, Stretches between) {
        int textStart = from;
        int i = from;
        while (i < to) {
            int node = ROOT;
            int token = NO_TOKEN;
            int tokenEnd = i;
            for (int j = i; j < to; j++) {
                node = edges.get(edge(node, text[j]));
                if (node == LongIntMap.ABSENT) {
                    break;
                }
                if (tokenAtNode[node] != NO_TOKEN) {
                    token = tokenAtNode[node];
                    tokenEnd = j + 1;
                }
            }
            if (token == NO_TOKEN) {
                i++;
            } else {
                if (textStart < i) {
                    between.take(textStart, i);
                }
                ids.add(token);
                i = tokenEnd;
                textStart = tokenEnd;
            }
        }
        if (textStart < to) {
            between.take(textStart, to);
        }
    }

    private static long edge(int node, char c) {
        return ((long) node << 16) | c;
    }
}
