package dev.paligemma.training.data;

import dev.paligemma.training.data.AnswerObjects.Found;
import dev.paligemma.training.data.Placement.Area;
import dev.paligemma.training.internal.random.Draws;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/** Draws what an {@link Augmentation} allows, and changes pictures and boxes alike. Immutable. */
record Augmenter(Augmentation settings) implements Variation {
    /** After so many crops that lose all boxes, the picture stays whole. */
    private static final int TRIES = 10;

    private static final String PLACE = "<loc";
    private static final Pattern SIDES = Pattern.compile("\\b(?:left|right)", Pattern.CASE_INSENSITIVE);

    @Override
    public Example vary(Example example, Draws draws) {
        Example placed = isMovable(example) ? place(example, draws) : example;
        List<Picture> pictures = new ArrayList<>();
        for (Picture picture : placed.pictures()) {
            Colours colours = new Colours(
                    factor(settings.brightness(), draws),
                    factor(settings.contrast(), draws),
                    factor(settings.saturation(), draws));
            pictures.add(colours.equals(Colours.SAME) ? picture : picture.changed(colours::apply));
        }
        return placed.withPictures(pictures);
    }

    private static float factor(double change, Draws draws) {
        return change == 0 ? 1 : (float) draws.between(1 - change, 1 + change);
    }

    private static boolean isMovable(Example example) {
        return example.pictures().size() == 1
                && !example.prefix().contains(PLACE)
                && (!example.suffix().contains(PLACE)
                        || AnswerObjects.parse(example.suffix()).isPresent());
    }

    private Example place(Example example, Draws draws) {
        Optional<AnswerObjects> answer = AnswerObjects.parse(example.suffix());
        boolean masked = answer.stream()
                .flatMap(each -> each.objects().stream())
                .anyMatch(each -> !each.mask().isEmpty());
        boolean mayFlip = (settings.flipSides() || !saysSides(example))
                && (!masked || settings.masks().isPresent());
        // Always drawn, so that what follows does not depend on it.
        boolean flipped = draws.nextDouble() < settings.flip() && mayFlip;
        Area area = settings.shrink() == 1 ? Area.ALL : rectangle(settings.shrink(), draws);
        for (int i = 0; i < TRIES; i++) {
            Area window = settings.crop() == 1 ? Area.ALL : rectangle(settings.crop(), draws);
            Optional<Example> changed = placed(example, answer, new Placement(window, flipped, area));
            if (changed.isPresent()) {
                return changed.get();
            }
        }
        return placed(example, answer, new Placement(Area.ALL, flipped, area)).orElse(example);
    }

    private static boolean saysSides(Example example) {
        return SIDES.matcher(example.prefix()).find()
                || SIDES.matcher(example.suffix()).find();
    }

    /** A part of at least this share of each side, anywhere. */
    private static Area rectangle(double smallest, Draws draws) {
        double width = draws.between(smallest, 1);
        double height = draws.between(smallest, 1);
        double left = draws.between(0, 1 - width);
        double top = draws.between(0, 1 - height);
        return new Area(left, top, Math.min(1, left + width), Math.min(1, top + height));
    }

    /** The example placed so; empty if that would lose all boxes, or cut a mask that cannot be encoded again. */
    private Optional<Example> placed(Example example, Optional<AnswerObjects> answer, Placement placement) {
        if (placement.isSame()) {
            return Optional.of(example);
        }
        Example moved = example.withPictures(List.of(example.pictures().get(0).changed(placement::apply)));
        if (answer.isEmpty()) {
            return Optional.of(moved);
        }
        ObjectMover mover = new ObjectMover(placement, settings.keep(), settings.scale(), settings.masks());
        List<Found> objects = new ArrayList<>();
        for (Found object : answer.get().objects()) {
            if (!mover.canMove(object)) {
                return Optional.empty();
            }
            mover.move(object).ifPresent(objects::add);
        }
        return objects.isEmpty()
                ? Optional.empty()
                : Optional.of(moved.withSuffix(answer.get().with(objects).text()));
    }

    @Override
    public boolean changesPictures() {
        return true;
    }

    @Override
    public String describe() {
        return "Augmentation flip " + settings.flip() + " sides " + settings.flipSides() + " crop " + settings.crop()
                + " keep " + settings.keep() + " shrink " + settings.shrink() + " brightness " + settings.brightness()
                + " contrast " + settings.contrast() + " saturation " + settings.saturation() + " scale "
                + settings.scale() + " masks " + settings.masks().isPresent();
    }
}
