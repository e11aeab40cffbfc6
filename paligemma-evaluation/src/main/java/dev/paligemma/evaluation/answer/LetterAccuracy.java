package dev.paligemma.evaluation.answer;

import dev.paligemma.base.internal.Quote;
import dev.paligemma.evaluation.internal.PythonText;
import dev.paligemma.evaluation.metric.Case;
import dev.paligemma.evaluation.metric.EvaluationException;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Exact match of the letter in {@code The answer is b.}, as ScienceQA has it. An answer of another form is wrong. */
public final class LetterAccuracy extends AnswerMetric {
    private static final Pattern SENTENCE = Pattern.compile("the answer is ([a-z])\\.");

    /** The metric. */
    public LetterAccuracy() {
        super("scienceqa", each -> each.references().stream().anyMatch(reference -> matches(each, reference)) ? 1 : 0);
    }

    private static boolean matches(Case one, String reference) {
        String expected = letter(reference)
                .orElseThrow(() -> new EvaluationException("case " + one.id() + " has the reference "
                        + Quote.quote(reference) + ", expected a sentence such as \"The answer is b.\""));
        return letter(one.answer()).filter(expected::equals).isPresent();
    }

    private static Optional<String> letter(String text) {
        Matcher sentence = SENTENCE.matcher(PythonText.lower(text));
        return sentence.lookingAt() ? Optional.of(sentence.group(1)) : Optional.empty();
    }
}
