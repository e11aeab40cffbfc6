package dev.paligemma.generation.internal;

import dev.paligemma.tokenizer.StreamingDecoder;
import java.util.ArrayList;
import java.util.List;

/**
 * The text of an answer as its tokens come, up to the first of some stop strings. Confined to one thread.
 *
 * <p>The stop string that is complete first ends the text; of those that are complete at the same character, the longest. So the text does
 * not depend on how it is cut into tokens.
 */
final class WrittenText {
    private final StreamingDecoder decoder;
    private final List<String> stops;
    private final int longest;
    private final StringBuilder text = new StringBuilder();
    /** The length of the text after each token. */
    private final List<Integer> ends = new ArrayList<>();

    private boolean stopped;

    /** An empty text that ends before any of these strings, or before none if there are none. */
    WrittenText(StreamingDecoder decoder, List<String> stops) {
        this.decoder = decoder;
        this.stops = stops;
        this.longest = stops.stream().mapToInt(String::length).max().orElse(0);
    }

    /** Takes a token; true if it completes a stop string, which is then cut off. */
    boolean push(int token) {
        int before = text.length();
        text.append(decoder.push(token));
        ends.add(text.length());
        for (int end = before + 1; end <= text.length() && !stopped; end++) {
            int start = startOfStop(end);
            if (start < end) {
                text.setLength(start);
                stopped = true;
            }
        }
        return stopped;
    }

    /** Where the longest stop string begins that ends here; the same place if there is none. */
    private int startOfStop(int end) {
        int start = end;
        for (String stop : stops) {
            int from = end - stop.length();
            if (from >= 0 && from < start && matches(stop, from, stop.length())) {
                start = from;
            }
        }
        return start;
    }

    /** Whether so many first characters of a stop string are the text from a place on. */
    private boolean matches(String stop, int from, int count) {
        for (int i = 0; i < count; i++) {
            if (stop.charAt(i) != text.charAt(from + i)) {
                return false;
            }
        }
        return true;
    }

    /** Whether a stop string has come. */
    boolean isStopped() {
        return stopped;
    }

    /** How many characters no stop string can take away any more: the text without an end that may become one. */
    int certain() {
        int length = text.length();
        if (stopped) {
            return length;
        }
        for (int start = Math.max(0, length - longest + 1); start < length; start++) {
            for (String stop : stops) {
                int count = length - start;
                if (count < stop.length() && matches(stop, start, count)) {
                    return start;
                }
            }
        }
        return length;
    }

    /** The length of the text before a token, counted from 0. */
    int start(int token) {
        return token == 0 ? 0 : ends.get(token - 1);
    }

    /** The length of the text after a token, with what a stop string took away. */
    int end(int token) {
        return ends.get(token);
    }

    /** What a token added to the text; a stop string is cut off. */
    String of(int token) {
        return text.substring(Math.min(text.length(), start(token)), Math.min(text.length(), end(token)));
    }

    /** How many tokens have a part in the text before the stop string, or lie before one that has. */
    int tokens() {
        int count = ends.size();
        while (stopped && count > 0 && start(count - 1) >= text.length()) {
            count--;
        }
        return count;
    }

    /** Ends a text without a stop string; gives what an incomplete character at its end decodes to. */
    String finish() {
        return decoder.finish();
    }

    /** The text so far, without a stop string. */
    @Override
    public String toString() {
        return text.toString();
    }
}
