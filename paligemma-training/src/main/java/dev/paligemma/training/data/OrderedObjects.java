package dev.paligemma.training.data;

import dev.paligemma.training.data.AnswerObjects.Found;
import dev.paligemma.training.internal.random.Draws;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/** Puts the boxes of an answer in an order. Immutable. */
record OrderedObjects(ObjectOrder order) implements Variation {
    private static final Comparator<Found> BY_POSITION =
            Comparator.comparingInt(Found::top).thenComparingInt(Found::left);

    @Override
    public Example vary(Example example, Draws draws) {
        return AnswerObjects.parse(example.suffix())
                .filter(answer -> answer.objects().size() > 1)
                .map(answer -> example.withSuffix(
                        answer.with(ordered(answer.objects(), draws)).text()))
                .orElse(example);
    }

    private List<Found> ordered(List<Found> objects, Draws draws) {
        return switch (order) {
            case GIVEN -> objects;
            case POSITION -> objects.stream().sorted(BY_POSITION).toList();
            case SHUFFLED ->
                Arrays.stream(draws.permutation(objects.size()))
                        .mapToObj(objects::get)
                        .toList();
        };
    }

    @Override
    public boolean changesPictures() {
        return false;
    }

    @Override
    public String describe() {
        return toString();
    }
}
