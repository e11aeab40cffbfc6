package dev.paligemma.evaluation.text;

import dev.paligemma.evaluation.internal.PythonText;
import dev.paligemma.evaluation.internal.ptb.PtbTokenizer;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The tokens of captions that CIDEr, BLEU and ROUGE-L compare: those of the Penn Treebank in lower case, without punctuation.
 * Round brackets stay, as {@code -lrb-} and {@code -rrb-}, for the evaluator looks for them in upper case. Stateless.
 */
public final class CaptionTokens {
    private static final Set<String> PUNCTUATION = Set.of(
            "''", "'", "``", "`", "-LRB-", "-RRB-", "-LCB-", "-RCB-", ".", "?", "!", ",", ":", "-", "--", "...", ";");
    private static final Pattern LINE_BREAKS = Pattern.compile("[\n\r\u000B\f\u2028\u2029]");

    private CaptionTokens() {}

    /**
     * The tokens of captions, with a space between them. Captions are read as one text, as the evaluator does: whether the
     * dot of an abbreviation at the end of a caption ends a sentence depends on how the next caption begins. A line break in a
     * caption is a space.
     */
    public static List<String> of(List<String> captions) {
        String text = captions.stream()
                .map(caption -> LINE_BREAKS.matcher(caption).replaceAll(" "))
                .collect(Collectors.joining("\n"));
        return PtbTokenizer.instance().lines(text).stream()
                .map(line -> PythonText.stripEnd(String.join(" ", line)))
                .map(CaptionTokens::withoutPunctuation)
                .limit(captions.size())
                .toList();
    }

    private static String withoutPunctuation(String line) {
        return List.of(line.split(" ", -1)).stream()
                .filter(token -> !PUNCTUATION.contains(token))
                .collect(Collectors.joining(" "));
    }
}
