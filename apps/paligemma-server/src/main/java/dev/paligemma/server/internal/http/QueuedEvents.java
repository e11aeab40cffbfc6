package dev.paligemma.server.internal.http;

import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Events on their way from who makes them to who sends them, as text. An answer has few, so nobody waits. */
final class QueuedEvents implements EventStream {
    /** No event is empty. */
    private static final String END = "";

    private final BlockingQueue<String> queue = new LinkedBlockingQueue<>();

    @Override
    public void data(String json) {
        queue.add(text(null, json));
    }

    @Override
    public void event(String name, String json) {
        queue.add(text(name, json));
    }

    /** An event as it is sent; JSON has no line breaks outside of texts, where they are escaped. */
    static String text(@Nullable String name, String json) {
        return (name == null ? "" : "event: " + name + '\n') + "data: " + json + "\n\n";
    }

    /** There are no more. */
    void end() {
        queue.add(END);
    }

    static boolean isEnd(String event) {
        return event.isEmpty();
    }

    /** All events that are ready, or the end; null if there is none for so long. */
    @Nullable
    String poll(long millis) throws InterruptedException {
        String first = queue.poll(millis, TimeUnit.MILLISECONDS);
        if (first == null || isEnd(first) || queue.isEmpty()) {
            return first;
        }
        StringBuilder all = new StringBuilder(first);
        for (String next = queue.peek(); next != null && !isEnd(next); next = queue.peek()) {
            all.append(queue.remove());
        }
        return all.toString();
    }
}
