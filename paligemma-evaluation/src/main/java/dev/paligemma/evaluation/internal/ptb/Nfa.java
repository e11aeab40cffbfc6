package dev.paligemma.evaluation.internal.ptb;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Deque;
import java.util.List;

/** A nondeterministic automaton of several expressions. It may be read by several threads once it is complete. */
final class Nfa {
    /** A way from a node to another, over one symbol of a set; over none if the set is empty. */
    private record Edge(BitSet symbols, int to) {}

    private static final BitSet NONE = new BitSet();

    private final List<List<Edge>> edges = new ArrayList<>();
    private final List<Integer> rules = new ArrayList<>();
    private final int start = node();

    /** Adds an expression; what it matches is accepted by the rule of this number. */
    void add(Expression expression, int rule) {
        int from = node();
        link(start, from);
        rules.set(build(expression, from), rule);
    }

    /** Where every match begins. */
    BitSet start() {
        BitSet nodes = new BitSet();
        nodes.set(start);
        return withFree(nodes);
    }

    /** All nodes to which a symbol leads. */
    BitSet next(BitSet nodes, int symbol) {
        BitSet reached = new BitSet();
        for (int node = nodes.nextSetBit(0); node >= 0; node = nodes.nextSetBit(node + 1)) {
            for (Edge edge : edges.get(node)) {
                if (edge.symbols.get(symbol)) {
                    reached.set(edge.to);
                }
            }
        }
        return withFree(reached);
    }

    /** The first rule that accepts at one of these nodes, or -1. */
    int rule(BitSet nodes) {
        return nodes.stream().map(rules::get).filter(rule -> rule >= 0).min().orElse(-1);
    }

    private BitSet withFree(BitSet nodes) {
        Deque<Integer> open = new ArrayDeque<>();
        nodes.stream().forEach(open::add);
        while (!open.isEmpty()) {
            for (Edge edge : edges.get(open.remove())) {
                if (edge.symbols.isEmpty() && !nodes.get(edge.to)) {
                    nodes.set(edge.to);
                    open.add(edge.to);
                }
            }
        }
        return nodes;
    }

    /** Builds an expression from a node on; gives the node at its end. */
    private int build(Expression expression, int from) {
        int end = from;
        if (expression instanceof Expression.One one) {
            end = node();
            edges.get(from).add(new Edge(one.symbols(), end));
        } else if (expression instanceof Expression.Sequence sequence) {
            for (Expression part : sequence.parts()) {
                end = build(part, end);
            }
        } else if (expression instanceof Expression.Choice choice) {
            end = node();
            for (Expression option : choice.options()) {
                link(build(option, fresh(from)), end);
            }
        } else if (expression instanceof Expression.Repeat repeat) {
            end = repeated(repeat, from);
        }
        return end;
    }

    private int repeated(Expression.Repeat repeat, int from) {
        int end = node();
        int last = from;
        for (int times = 0; times < Math.max(repeat.least(), repeat.most()); times++) {
            if (times >= repeat.least()) {
                link(last, end);
            }
            last = build(repeat.part(), fresh(last));
        }
        if (repeat.most() < 0) {
            int loop = fresh(last);
            link(build(repeat.part(), loop), loop);
            last = loop;
        }
        link(last, end);
        return end;
    }

    private int fresh(int from) {
        int node = node();
        link(from, node);
        return node;
    }

    private void link(int from, int to) {
        edges.get(from).add(new Edge(NONE, to));
    }

    private int node() {
        edges.add(new ArrayList<>());
        rules.add(-1);
        return rules.size() - 1;
    }
}
