package dev.paligemma.constraint;

import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A set of token sequences as a tree, with what may come after each. Immutable once it is handed out. */
final class TokenTrie {
    /** A place in the tree. */
    static final class Node {
        private final Map<Integer, Node> children = new HashMap<>();
        private TokenSet after = TokenSet.of();
        private TokenSet allowed = TokenSet.of();

        private Node() {}

        /** Returns the tokens that go on with a sequence, and those that may come after one that is complete here. */
        TokenSet allowed() {
            return allowed;
        }

        /** Returns the place after one more token of a sequence, or {@code null} if no sequence has it here. */
        @Nullable
        Node child(int token) {
            return children.get(token);
        }
    }

    private TokenTrie() {}

    /**
     * The place before the first token of sequences, each with the tokens that may come after it; the same one may be
     * there twice.
     */
    static Node of(Collection<Map.Entry<int[], TokenSet>> sequences) {
        Node root = new Node();
        for (Map.Entry<int[], TokenSet> sequence : sequences) {
            Node node = root;
            for (int token : sequence.getKey()) {
                node = node.children.computeIfAbsent(token, t -> new Node());
            }
            node.after = node.after.union(sequence.getValue());
        }
        Deque<Node> open = new ArrayDeque<>();
        open.push(root);
        while (!open.isEmpty()) {
            Node node = open.pop();
            int[] tokens =
                    node.children.keySet().stream().mapToInt(Integer::intValue).toArray();
            node.allowed = TokenSet.of(tokens).union(node.after);
            node.children.values().forEach(open::push);
        }
        return root;
    }
}
