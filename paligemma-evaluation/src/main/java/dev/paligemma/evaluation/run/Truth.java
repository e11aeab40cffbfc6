package dev.paligemma.evaluation.run;

import dev.paligemma.evaluation.detection.CocoBox;
import dev.paligemma.vision.mask.BitMask;
import dev.paligemma.vision.mask.CocoRle;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/** What the right answer to a question is. */
public sealed interface Truth {
    /**
     * Texts, of which an answer should be like one or all, as the metric has it.
     *
     * @param references at least one
     */
    record Texts(List<String> references) implements Truth {
        /** Copies the list; an {@link IllegalArgumentException} if it is empty. */
        public Texts {
            references = List.copyOf(references);
            if (references.isEmpty()) {
                throw new IllegalArgumentException("there must be at least one reference");
            }
        }
    }

    /**
     * All things of the wanted kinds that are in the picture.
     *
     * @param width of the picture in pixels, or 0 if it is not known
     * @param height of the picture in pixels, or 0
     * @param things perhaps none
     */
    record Things(int width, int height, List<Thing> things) implements Truth {
        /** Copies the list. */
        public Things {
            things = List.copyOf(things);
        }
    }

    /**
     * One of them.
     *
     * @param label what it is
     * @param box where it is, in pixels
     * @param mask its pixels, if they are known
     * @param area by which it counts as small, medium or large
     * @param crowd whether it stands for many things of one kind
     */
    record Thing(String label, CocoBox box, Optional<CocoRle> mask, double area, boolean crowd) {
        /** Checks that nothing is null. */
        public Thing {
            Objects.requireNonNull(label, "label");
            Objects.requireNonNull(box, "box");
            Objects.requireNonNull(mask, "mask");
        }
    }

    /**
     * The one thing that an expression is about.
     *
     * @param box in pixels
     * @param mask in the size of the picture
     */
    record Referred(CocoBox box, BitMask mask) implements Truth {}
}
