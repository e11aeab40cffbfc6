package dev.paligemma.evaluation.text;

import dev.paligemma.evaluation.metric.Case;
import java.util.ArrayList;
import java.util.List;

/**
 * Answers and references as texts of tokens with a space between them, in the order of the cases.
 *
 * @param answers one for each case
 * @param references at least one for each case
 */
record TokenizedCases(List<String> answers, List<List<String>> references) {
    static TokenizedCases of(List<Case> cases) {
        if (cases.isEmpty()) {
            throw new IllegalArgumentException("expected at least one case, got none");
        }
        List<String> tokens = CaptionTokens.of(
                cases.stream().flatMap(each -> each.references().stream()).toList());
        List<List<String>> references = new ArrayList<>(cases.size());
        int next = 0;
        for (Case each : cases) {
            int end = next + each.references().size();
            references.add(tokens.subList(next, end));
            next = end;
        }
        return new TokenizedCases(
                CaptionTokens.of(cases.stream().map(Case::answer).toList()), references);
    }

    static List<String> ids(List<Case> cases) {
        return cases.stream().map(Case::id).toList();
    }
}
