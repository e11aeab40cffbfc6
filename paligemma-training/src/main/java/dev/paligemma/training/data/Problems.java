package dev.paligemma.training.data;

import dev.paligemma.training.run.FineTuningException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What is wrong in a file of examples: thrown at once, or counted with the first few messages. Confined to one thread. */
final class Problems {
    static final int KEPT = 10;

    private final boolean skip;
    private final List<String> first = new ArrayList<>();
    private int count;

    Problems(boolean skip) {
        this.skip = skip;
    }

    /** What the action gives; null if it failed and that is only counted. */
    <T> @Nullable T attempt(Supplier<T> action) {
        try {
            return action.get();
        } catch (FineTuningException e) {
            if (!skip) {
                throw e;
            }
            count++;
            if (first.size() < KEPT) {
                first.add(String.valueOf(e.getMessage()));
            }
            return null;
        }
    }

    int count() {
        return count;
    }

    /** The first messages. */
    List<String> first() {
        return List.copyOf(first);
    }

    /** To follow "no example is left". */
    String summary() {
        return count == 0 ? "" : "; " + count + " were left out, the first because " + first.get(0);
    }
}
