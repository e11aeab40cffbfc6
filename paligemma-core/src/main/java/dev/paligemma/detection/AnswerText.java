package dev.paligemma.detection;

import dev.paligemma.constraint.GeneratedToken;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The text of an answer as it grows, and which token wrote which part of it. Confined to one thread. */
final class AnswerText {
    private final StringBuilder text = new StringBuilder();
    private final List<Written> written = new ArrayList<>();

    /** A token and its text; a token without text, such as the first byte of a character, has a place but no extent. */
    private record Written(GeneratedToken token, int start, int end) {}

    /** Adds text without a token. */
    void append(String more) {
        text.append(more);
    }

    /** Adds a token and its text, which may be empty. */
    void append(GeneratedToken token, String more) {
        int start = text.length();
        text.append(more);
        written.add(new Written(token, start, text.length()));
    }

    /** Adds text that earlier tokens owe, such as replacements for a character that stayed incomplete. */
    void appendToLast(String more) {
        if (!more.isEmpty()) {
            text.append(more);
            Written last = written.remove(written.size() - 1);
            written.add(new Written(last.token, last.start, text.length()));
        }
    }

    int length() {
        return text.length();
    }

    char charAt(int position) {
        return text.charAt(position);
    }

    String substring(int from, int to) {
        return text.substring(from, to);
    }

    @Nullable
    GeneratedToken lastToken() {
        return written.isEmpty() ? null : written.get(written.size() - 1).token;
    }

    /** Skips blanks forwards. */
    int skipBlanks(int from, int to) {
        int position = from;
        while (position < to && Character.isWhitespace(text.charAt(position))) {
            position++;
        }
        return position;
    }

    /** Skips blanks backwards. */
    int skipBlanksBefore(int to, int from) {
        int position = to;
        while (position > from && Character.isWhitespace(text.charAt(position - 1))) {
            position--;
        }
        return position;
    }

    /** The piece between two positions. */
    AnswerSpan piece(int from, int to) {
        List<Written> writers = writers(from, to);
        int firstToken = writers.isEmpty() ? 0 : firstWriter(from);
        return new AnswerSpan(
                text.substring(from, to),
                from,
                writers.stream().map(Written::token).toList(),
                firstToken);
    }

    /** The tokens that wrote a visible character between two positions. */
    List<GeneratedToken> visibleTokens(int from, int to) {
        return writers(from, to).stream()
                .filter(each -> each.start == each.end || isVisible(each, from, to))
                .map(Written::token)
                .toList();
    }

    /** The tokens that wrote the semicolon and the blanks in front of a position. */
    List<GeneratedToken> separatorTokens(int position) {
        int from = position;
        while (from > 0 && (text.charAt(from - 1) == ';' || Character.isWhitespace(text.charAt(from - 1)))) {
            from--;
        }
        return from == position
                ? List.of()
                : writers(from, position).stream().map(Written::token).toList();
    }

    private boolean isVisible(Written each, int from, int to) {
        int end = Math.min(each.end, to);
        return skipBlanks(Math.max(each.start, from), end) < end;
    }

    private List<Written> writers(int from, int to) {
        int first = firstWriter(from);
        int end = first;
        while (end < written.size() && written.get(end).start < to) {
            end++;
        }
        return written.subList(first, end);
    }

    // From the end, because what is asked for was written last.
    private int firstWriter(int from) {
        int first = written.size();
        while (first > 0 && (written.get(first - 1).end > from || written.get(first - 1).start >= from)) {
            first--;
        }
        return first;
    }

    @Override
    public String toString() {
        return text.toString();
    }
}
