package dev.paligemma.tokenizer;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.paligemma.base.internal.Quote;
import java.io.IOException;
import java.util.Arrays;

/**
 * Reads the {@code model.merges} of a {@code tokenizer.json}: either {@code "left right"} strings or
 * {@code ["left", "right"]} arrays. No object is made per merge. Confined to one thread.
 *
 * <p>A merge is checked against the vocabulary as it is read. If the merges come first in the file, their texts are
 * kept until the vocabulary is there.
 */
final class MergesReader {

    private static final int MAX_MERGES = 1 << 21;
    private static final int MAX_EARLY_CHARS = 1 << 26;

    /** The start of a string entry that the {@code tokenizers} library takes for a comment. */
    private static final char[] COMMENT = "#version".toCharArray();

    private final JsonInput json;
    private final Vocabulary vocabulary;
    private final MergeTable table = new MergeTable();

    /** The pair just read: the left text and behind it, without a gap, the right one. */
    private final char[] pair = new char[2 * TokenizerFile.MAX_TOKEN_CHARS];

    private int leftChars;
    private int pairChars;

    /** The pairs that wait for the vocabulary: their texts, and for each the chars of the left one and of both. */
    private final StringBuilder earlyText = new StringBuilder();

    private final IntList earlyLengths = new IntList();

    MergesReader(JsonInput json, Vocabulary vocabulary) {
        this.json = json;
        this.vocabulary = vocabulary;
    }

    /** Returns the merges that were read and resolved. */
    MergeTable table() {
        return table;
    }

    /**
     * Reads the array at the current place.
     *
     * @param resolve whether the vocabulary is complete; if not, {@link #resolve} has to follow
     */
    void read(boolean resolve) throws IOException {
        json.require(JsonToken.START_ARRAY, "model.merges", "an array");
        int index = 0;
        for (JsonToken token = json.next(); token != JsonToken.END_ARRAY; token = json.next()) {
            if (index == MAX_MERGES) {
                throw json.error("model.merges has more than " + MAX_MERGES + " entries");
            }
            if (token == JsonToken.VALUE_STRING) {
                readString(index);
            } else {
                readArray(index);
            }
            if (pairChars > 0) {
                keep(index, resolve);
            }
            index++;
        }
    }

    /** Looks up the pairs that were read before the vocabulary. */
    void resolve() {
        int from = 0;
        for (int i = 0; i < earlyLengths.size(); i += 2) {
            leftChars = earlyLengths.get(i);
            pairChars = earlyLengths.get(i + 1);
            earlyText.getChars(from, from + pairChars, pair, 0);
            from += pairChars;
            add(i / 2);
        }
    }

    private void keep(int index, boolean resolve) {
        if (resolve) {
            add(index);
        } else if (earlyText.length() > MAX_EARLY_CHARS - pairChars) {
            throw json.error("model.merges has more than " + MAX_EARLY_CHARS + " characters");
        } else {
            earlyText.append(pair, 0, pairChars);
            earlyLengths.add(leftChars);
            earlyLengths.add(pairChars);
        }
    }

    private void readString(int index) throws IOException {
        JsonParser parser = json.parser();
        char[] text = parser.getTextCharacters();
        int from = parser.getTextOffset();
        int to = from + parser.getTextLength();
        leftChars = 0;
        pairChars = 0;
        if (isComment(text, from, to)) {
            return;
        }
        int space = indexOfSpace(text, from, to);
        if (space < 0 || indexOfSpace(text, space + 1, to) >= 0) {
            throw json.error(name(index) + " must be two tokens with a space between, but is " + json.found());
        }
        append(index, text, from, space);
        leftChars = pairChars;
        append(index, text, space + 1, to);
    }

    private void readArray(int index) throws IOException {
        if (json.parser().currentToken() != JsonToken.START_ARRAY) {
            throw json.error(name(index) + " must be a string or an array, but is " + json.found());
        }
        pairChars = 0;
        appendString(index);
        leftChars = pairChars;
        appendString(index);
        if (json.next() != JsonToken.END_ARRAY) {
            throw json.error(name(index) + " must have two tokens, but has more");
        }
    }

    private void appendString(int index) throws IOException {
        if (json.next() != JsonToken.VALUE_STRING) {
            throw json.error(name(index) + " must have two strings, but has " + json.found());
        }
        JsonParser parser = json.parser();
        int from = parser.getTextOffset();
        append(index, parser.getTextCharacters(), from, from + parser.getTextLength());
    }

    private void append(int index, char[] text, int from, int to) {
        if (from == to || to - from > TokenizerFile.MAX_TOKEN_CHARS) {
            throw json.error("each token of " + name(index) + " must have 1 to " + TokenizerFile.MAX_TOKEN_CHARS
                    + " characters, but one has " + (to - from));
        }
        System.arraycopy(text, from, pair, pairChars, to - from);
        pairChars += to - from;
    }

    private void add(int index) {
        int left = lookUp(index, 0, leftChars);
        int right = lookUp(index, leftChars, pairChars);
        table.add(left, right, lookUp(index, 0, pairChars));
    }

    private int lookUp(int index, int from, int to) {
        int id = vocabulary.idOf(pair, from, to - from);
        if (id == Vocabulary.ABSENT) {
            throw json.error(name(index) + " joins "
                    + Quote.quote(new String(pair, 0, leftChars)) + " and "
                    + Quote.quote(new String(pair, leftChars, pairChars - leftChars)) + ", but "
                    + Quote.quote(new String(pair, from, to - from)) + " is not in model.vocab");
        }
        return id;
    }

    private static boolean isComment(char[] text, int from, int to) {
        return to - from >= COMMENT.length
                && Arrays.equals(text, from, from + COMMENT.length, COMMENT, 0, COMMENT.length);
    }

    private static int indexOfSpace(char[] text, int from, int to) {
        for (int i = from; i < to; i++) {
            if (text[i] == ' ') {
                return i;
            }
        }
        return -1;
    }

    private static String name(int index) {
        return "model.merges[" + index + "]";
    }
}
