package dev.paligemma.tokenizer;

import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A numbered family of tokens, {@code <loc0000>} to {@code <loc1023>} or {@code <seg000>} to {@code <seg127>}, with the
 * ids they have in a vocabulary. Immutable once made.
 */
final class CodeTokens {

    /** The two families. */
    enum Family {
        LOCATIONS("<loc%04d>", PaliGemmaTokenizer.LOCATIONS),
        SEGMENTATION_CODES("<seg%03d>", PaliGemmaTokenizer.SEGMENTATION_CODES);

        private final String format;
        private final int count;

        Family(String format, int count) {
            this.format = format;
            this.count = count;
        }

        /** Returns the spellings, in order. */
        List<String> names() {
            return IntStream.range(0, count)
                    .mapToObj(i -> String.format(Locale.ROOT, format, i))
                    .toList();
        }
    }

    private final int[] ids;
    private final LongIntMap indexById = new LongIntMap();

    private CodeTokens(int[] ids) {
        this.ids = ids;
        for (int i = 0; i < ids.length; i++) {
            indexById.put(ids[i], i);
        }
    }

    /** Looks a family up; null if the vocabulary has none of it. One that has some of it, but not all, is refused. */
    static @Nullable CodeTokens find(Vocabulary vocabulary, Family family, String source) {
        List<String> names = family.names();
        int count = names.size();
        int[] ids = new int[count];
        int present = 0;
        int missing = 0;
        for (int i = 0; i < count; i++) {
            ids[i] = vocabulary.idOf(names.get(i));
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
            throw new TokenizerException(source + ": has " + present + " of the " + count + " tokens " + names.get(0)
                    + " to " + names.get(count - 1) + "; " + names.get(missing) + " is missing");
        }
        return new CodeTokens(ids);
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
