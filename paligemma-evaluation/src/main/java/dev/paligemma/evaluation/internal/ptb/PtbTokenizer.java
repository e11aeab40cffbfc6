package dev.paligemma.evaluation.internal.ptb;

import dev.paligemma.evaluation.internal.ptb.Automaton.Match;
import dev.paligemma.evaluation.internal.ptb.PtbRules.Rule;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Splits lines of text into the tokens of the Penn Treebank, in lower case. Thread-safe. */
public final class PtbTokenizer {
    private static final PtbTokenizer INSTANCE = new PtbTokenizer();

    private final Automaton rules;
    private final Map<Rule, Automaton> texts = new HashMap<>();
    private final Map<Rule, Automaton> followers = new HashMap<>();

    private PtbTokenizer() {
        Nfa all = new Nfa();
        for (int i = 0; i < PtbRules.ALL.size(); i++) {
            Rule rule = PtbRules.ALL.get(i);
            String ahead = rule.ahead();
            all.add(Expression.of(ahead == null ? rule.text() : "(" + rule.text() + ")(" + ahead + ")"), i);
            if (ahead != null) {
                texts.put(rule, alone(rule.text()));
                followers.put(rule, alone(ahead));
            }
        }
        rules = new Automaton(all);
    }

    private static Automaton alone(String expression) {
        Nfa nfa = new Nfa();
        nfa.add(Expression.of(expression), 0);
        return new Automaton(nfa);
    }

    /** The tokenizer. */
    public static PtbTokenizer instance() {
        return INSTANCE;
    }

    /** The tokens of each line; what ends a line is not among them, and what follows the last end is a line as well. */
    public List<List<String>> lines(String text) {
        char[] symbols = new char[text.length()];
        for (int i = 0; i < symbols.length; i++) {
            symbols[i] = Symbols.of(text.charAt(i));
        }
        List<List<String>> lines = new ArrayList<>();
        List<String> line = new ArrayList<>();
        int at = 0;
        while (at < symbols.length) {
            Match match = rules.longest(symbols, at, symbols.length);
            if (match == null) {
                at++;
                continue;
            }
            Rule rule = PtbRules.ALL.get(match.rule());
            int end = rule.ahead() == null ? match.end() : split(rule, symbols, at, match.end());
            switch (rule.form()) {
                case SKIPPED -> {}
                case NEW_LINE -> {
                    lines.add(line);
                    line = new ArrayList<>();
                }
                case PART -> end = at + rule.part();
                default -> {}
            }
            if (rule.form() != PtbRules.Form.SKIPPED && rule.form() != PtbRules.Form.NEW_LINE) {
                String token = TokenText.of(text.substring(at, end), rule.form());
                if (token != null) {
                    line.add(token);
                }
                if (rule.form() == PtbRules.Form.SENTENCE_END) {
                    end--;
                }
            }
            at = end;
        }
        lines.add(line);
        return lines;
    }

    /** Where the text of a rule ends that leaves the rest of its match to what must follow: as late as possible. */
    private int split(Rule rule, char[] symbols, int from, int to) {
        Automaton text = Objects.requireNonNull(texts.get(rule));
        Automaton follower = Objects.requireNonNull(followers.get(rule));
        for (int end = to - 1; end > from; end--) {
            if (text.matches(symbols, from, end) && follower.matches(symbols, end, to)) {
                return end;
            }
        }
        throw new IllegalStateException("rule " + rule.text() + " matches without its text");
    }
}
