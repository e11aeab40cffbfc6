package dev.paligemma.base.internal;

import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/** Lists that callers give, checked so that a message names what is null. Stateless. */
public final class NonNull {
    private NonNull() {}

    /** A copy; a {@link NullPointerException} that names the list, or the element that is null. */
    public static <T> List<T> copy(List<T> list, String name) {
        Objects.requireNonNull(list, name);
        int index = 0;
        for (T element : list) {
            int at = index++;
            Objects.requireNonNull(element, () -> name + "[" + at + "]");
        }
        return List.copyOf(list);
    }

    /** The same of an array. */
    public static <T> List<T> copy(T[] array, String name) {
        Objects.requireNonNull(array, name);
        return copy(Arrays.asList(array), name);
    }
}
