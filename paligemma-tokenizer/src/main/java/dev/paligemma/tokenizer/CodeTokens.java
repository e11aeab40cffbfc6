package dev.paligemma.tokenizer;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A numbered family of tokens, {@code <loc0000>} to {@code <loc1023>} or {@code <seg000>} to {@code <seg127>}, with the
 * ids they have in a vocabulary. Immutable once made.
 */
final class CodeTokens {

    private final int[] ids;
    private final LongIntMap indexById = new LongIntMap();

    private CodeTokens(int[] ids) {
        this.ids = ids;
        for (int i = 0; i < ids.length; i++) {
            indexById.put(ids[i], i);
        }
    }

    /**
     * Looks a family up.
     *
     * @param format the format of its names, with one number
     * @param count how many it has
     * @return the family, or {@code null} if the vocabulary has none of it
     * @throws TokenizerException if the vocabulary has some of it, but not all
     */
    static @Nullable CodeTokens find(Vocabulary vocabulary, String format, int count, String source) {
        int[] ids = new int[count];
        int present = 0;
        int missing = 0;
        for (int i = 0; i < count; i++) {
            ids[i] = vocabulary.idOf(name(format, i));
            if (ids[i] == Vocabulary.ABSENT) {
                missing = i;
            } else {
                present++;
            }
        }
        if (present == 0) {
            return null;
        }
        if (present < count) {
            throw new TokenizerException(source + ": has " + present + " of the " + count + " tokens " + name(format, 0)
                    + " to " + name(format, count - 1) + "; " + name(format, missing) + " is missing");
        }
        return new CodeTokens(ids);
    }

    private static String name(String format, int index) {
        return String.format(Locale.ROOT, format, index);
    }

    int count() {
        return ids.length;
    }

    int id(int index) {
        return ids[index];
    }

    /** Returns the number of a code by its token id, or -1 for any other id. */
    int indexOf(int id) {
        return id < 0 ? LongIntMap.ABSENT : indexById.get(id);
    }
}
