package dev.paligemma.training.run;

import java.util.List;

/**
 * An example as the model sees it: first the rows of its pictures, then the tokens of its prefix, then those of its suffix.
 * Pictures and prefix see each other in both directions; a token of the suffix sees all that stands before it. Loss is on
 * the tokens of the suffix alone. Immutable.
 *
 * @param origin where it comes from
 * @param pictures what they are called
 * @param prefix what is asked
 * @param suffix what is to be answered
 * @param imageRows how many rows the pictures have
 * @param prefixTokens begin and newline among them
 * @param suffixTokens what carries loss; the last one is the end
 */
public record ShownExample(
        String origin,
        List<String> pictures,
        String prefix,
        String suffix,
        int imageRows,
        List<String> prefixTokens,
        List<String> suffixTokens) {
    /** Copies the lists. */
    public ShownExample {
        pictures = List.copyOf(pictures);
        prefixTokens = List.copyOf(prefixTokens);
        suffixTokens = List.copyOf(suffixTokens);
    }
}
