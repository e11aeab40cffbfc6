package dev.paligemma.training.data;

import dev.paligemma.training.internal.random.Draws;
import dev.paligemma.training.run.FineTuningException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An ordered list of examples, with what may be changed in them from epoch to epoch. Immutable and thread-safe.
 *
 * <p>Texts are in memory, pictures are not, unless they were given so.
 */
public final class Examples {
    private static final Logger LOG = LoggerFactory.getLogger(Examples.class);

    private final String source;
    private final List<Example> list;
    private final List<Variation> variations;
    private final int skipped;
    private final List<String> problems;
    private final List<String> notes;

    private Examples(
            String source,
            List<Example> list,
            List<Variation> variations,
            int skipped,
            List<String> problems,
            List<String> notes) {
        this.source = source;
        this.list = list;
        this.variations = variations;
        this.skipped = skipped;
        this.problems = problems;
        this.notes = notes;
    }

    /** Examples of a file; a {@link FineTuningException} if there are none. */
    static Examples read(String source, List<Example> found, Problems problems, String none) {
        if (found.isEmpty()) {
            throw new FineTuningException(source + " holds no example" + problems.summary() + "; " + none);
        }
        if (problems.count() > 0) {
            LOG.warn(
                    "{} of {} were left out; the first: {}",
                    problems.count(),
                    source,
                    problems.first().get(0));
        }
        return new Examples(source, List.copyOf(found), List.of(), problems.count(), problems.first(), List.of());
    }

    /** As {@link #jsonl(Path, ReadOptions)}, where everything must be right and pictures lie beside the file. */
    public static Examples jsonl(Path file) {
        return jsonl(file, ReadOptions.defaults());
    }

    /**
     * Reads a file of UTF-8 with one JSON object a line.
     *
     * <p>{@code image} is the name of a picture or a list of names, {@code prefix} the prompt and {@code suffix} the answer;
     * other keys are ignored, and so are empty lines. Names of pictures are paths from the folder of pictures, or absolute.
     *
     * @throws FineTuningException if the file is missing or holds no example; or, unless such lines are left out, a line is
     *     no such object, longer than a MiB, or names a picture that does not exist
     */
    public static Examples jsonl(Path file, ReadOptions options) {
        Problems problems = new Problems(options.skipBad());
        List<Example> found = new JsonLines(file, options, problems).read();
        return read(file.toString(), found, problems, "it needs one JSON object a line." + JsonLines.otherKind(file));
    }

    /**
     * Reads the examples of a split: {@code SPLIT/annotations.jsonl} in a folder of data. Known, too, are {@code
     * _annotations.SPLIT.jsonl} as Roboflow exports it, {@code val} and {@code validation} for {@code valid}, and for
     * {@code train} a folder that holds {@code annotations.jsonl} itself. {@link #source} says which file it was.
     *
     * @param split {@code train}, {@code valid} or {@code test}
     * @throws FineTuningException if there is none of these, and as {@link #jsonl(Path, ReadOptions)} says
     */
    public static Examples folder(Path folder, String split, ReadOptions options) {
        return jsonl(SplitFolder.require(folder, split), options);
    }

    /** As {@link #folder}, of a split that need not exist. */
    public static Optional<Examples> folderIfPresent(Path folder, String split, ReadOptions options) {
        return SplitFolder.find(folder, split).map(file -> jsonl(file, options));
    }

    /**
     * Reads a file of object annotations in the form of the COCO data set: each picture becomes a question such as {@code
     * detect cat ; dog} with the boxes as the answer, {@code <locYYYY><locXXXX><locYYYY><locXXXX> cat ; ...}, in the order
     * of the file. Annotations of crowds are left out; {@link #notes} counts them.
     *
     * @param file {@code instances_train2017.json}, or {@code _annotations.coco.json} of Roboflow; at most 4 GiB
     * @param pictures the folder in which the names of pictures are looked up
     * @throws FineTuningException if the file is missing, malformed, or gives no example; or, unless those are left out, an
     *     annotation has no area, reaches more than a pixel out of its picture, or names what is not there, or a picture
     *     is missing
     */
    public static Examples coco(Path file, Path pictures, CocoOptions options) {
        return CocoExamples.read(file, pictures, options);
    }

    /** Examples in memory; an {@link IllegalArgumentException} if there are none. */
    public static Examples of(List<Example> examples) {
        if (examples.isEmpty()) {
            throw new IllegalArgumentException("expected at least one example, got none");
        }
        return new Examples("examples in memory", List.copyOf(examples), List.of(), 0, List.of(), List.of());
    }

    /**
     * Examples of an iterator, which is read to its end at once: texts are kept, pictures are read when they are needed.
     *
     * @throws IllegalArgumentException if there are none
     */
    public static Examples of(Iterator<Example> examples) {
        List<Example> list = new ArrayList<>();
        examples.forEachRemaining(list::add);
        return of(list);
    }

    /** How many examples there are, at least 1. */
    public int size() {
        return list.size();
    }

    /**
     * An example as the data has it.
     *
     * @param index from 0 on and below {@link #size}
     */
    public Example get(int index) {
        return list.get(index);
    }

    /**
     * An example as it is in an epoch: augmented and with its objects in another order, if that was asked for. Equal
     * arguments give equal examples.
     *
     * @param index from 0 on and below {@link #size}
     * @param seed the seed of the run
     * @param epoch from 0
     */
    public Example get(int index, long seed, long epoch) {
        Example example = list.get(index);
        for (int i = 0; i < variations.size(); i++) {
            example = variations.get(i).vary(example, Draws.of(seed, epoch, index, i));
        }
        return example;
    }

    /** Whether pictures may differ from epoch to epoch, so that nothing computed of them is worth keeping. */
    public boolean changesPictures() {
        return variations.stream().anyMatch(Variation::changesPictures);
    }

    /** The same with the boxes of each answer in this order. */
    public Examples withObjectOrder(ObjectOrder order) {
        return order == ObjectOrder.GIVEN ? this : with(new OrderedObjects(order));
    }

    /** The same with random changes of pictures, in which boxes move along. */
    public Examples withAugmentation(Augmentation augmentation) {
        return augmentation.isNone() ? this : with(new Augmenter(augmentation));
    }

    /** Adds a variation behind those that are there. */
    private Examples with(Variation variation) {
        List<Variation> more =
                Stream.concat(variations.stream(), Stream.of(variation)).toList();
        return new Examples(source, list, more, skipped, problems, notes);
    }

    /**
     * The first examples, at most so many, at least 1; an {@link IllegalArgumentException} if that is less.
     */
    public Examples first(int most) {
        if (most < 1) {
            throw new IllegalArgumentException("expected at least 1 example, got " + most);
        }
        return new Examples(source, list.subList(0, Math.min(most, list.size())), variations, skipped, problems, notes);
    }

    /**
     * The same after a check of each example as the data has it, which refuses one by a {@link FineTuningException}.
     *
     * @param skipBad whether examples that are refused are left out and counted
     * @throws FineTuningException that of the first example that is refused, unless those are left out; or if none is left
     */
    public Examples checked(Consumer<Example> check, boolean skipBad) {
        Problems found = new Problems(skipBad);
        List<Example> good = new ArrayList<>();
        for (Example example : list) {
            Example checked = found.attempt(() -> {
                check.accept(example);
                return example;
            });
            if (checked != null) {
                good.add(checked);
            }
        }
        if (found.count() == 0) {
            return this;
        }
        Examples left = read(source, good, found, "nothing is left to train on");
        List<String> all = Stream.concat(problems.stream(), left.problems.stream())
                .limit(Problems.KEPT)
                .toList();
        return new Examples(source, left.list, variations, skipped + left.skipped, all, notes);
    }

    /** Where the examples come from: a file, or "examples in memory". */
    public String source() {
        return source;
    }

    /** How many were left out because something was wrong with them; 0 unless that was allowed. */
    public int skipped() {
        return skipped;
    }

    /** What was wrong with the first of those that were left out, in words. */
    public List<String> problems() {
        return problems;
    }

    /** The same with things to know about where they come from. */
    Examples withNotes(List<String> others) {
        return new Examples(source, list, variations, skipped, problems, List.copyOf(others));
    }

    /** What was left out although nothing was wrong with it, in words. */
    public List<String> notes() {
        return notes;
    }

    /**
     * Checks that all picture files are there; they are not decoded.
     *
     * @throws FineTuningException if one is missing, empty or not a regular file
     */
    public void validate() {
        for (Example example : list) {
            for (Picture picture : example.pictures()) {
                try {
                    picture.requireFile();
                } catch (FineTuningException e) {
                    throw new FineTuningException(example.origin() + ": " + e.getMessage(), e);
                }
            }
        }
    }

    /**
     * What tells these examples from others: SHA-256 of texts, names of pictures, sizes of their files, and what is
     * changed from epoch to epoch; 64 hexadecimal digits.
     *
     * @throws FineTuningException if a picture file is missing
     */
    public String fingerprint() {
        return Fingerprint.of(list, variations);
    }

    /** Where from, and how many. */
    @Override
    public String toString() {
        return "Examples[" + source + ", " + list.size() + "]";
    }
}
