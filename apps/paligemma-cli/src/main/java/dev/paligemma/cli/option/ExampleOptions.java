package dev.paligemma.cli.option;

import dev.paligemma.training.data.Augmentation;
import dev.paligemma.training.data.Examples;
import dev.paligemma.training.data.ObjectOrder;
import dev.paligemma.training.data.ReadOptions;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** The options that choose examples to learn from. */
public final class ExampleOptions {
    @Option(names = "--data", paramLabel = "DIR", description = "Folder with train/ and perhaps valid/.")
    @Nullable
    Path data;

    @Option(
            names = "--skip-bad-lines",
            description = "Leave out lines and examples that cannot be used, and count them.")
    boolean skipBadLines;

    @Option(
            names = "--max-tokens",
            paramLabel = "N",
            description = "Most tokens of an example, pictures included; nothing is cut off (default: 8192).")
    @Nullable
    Integer maxTokens;

    @Option(
            names = "--object-order",
            paramLabel = "NAME",
            description = "Order of the boxes of an answer: given, position or shuffled (default: given).")
    ObjectOrder objectOrder = ObjectOrder.GIVEN;

    @Option(
            names = "--flip",
            paramLabel = "P",
            description = "How often a picture is mirrored, and its boxes with it, from 0 to 1 (default: 0).")
    double flip;

    @Option(
            names = "--crop",
            paramLabel = "SHARE",
            description = "Cut pictures, and boxes, to a share of each side from this one to 1 (default: 1).")
    double crop = 1;

    @Option(
            names = "--shrink",
            paramLabel = "SHARE",
            description =
                    "Make pictures, and boxes, smaller on a grey ground, from this share of each side to 1 (default: 1).")
    double shrink = 1;

    @Option(
            names = "--colour",
            paramLabel = "SHARE",
            description = "Change brightness, contrast and saturation by up to this share (default: 0).")
    double colour;

    /** What was typed for the folder. */
    public @Nullable Path data() {
        return data;
    }

    /** Whether what cannot be used is left out. */
    public boolean skipsBad() {
        return skipBadLines;
    }

    /** The most tokens of an example; null for the usual number. */
    public @Nullable Integer maxTokens() {
        return maxTokens;
    }

    /** The examples to learn from, in the folder that was given. */
    public Examples train(Path folder, CommandLine command) {
        Examples train = Examples.folder(folder, "train", read()).withObjectOrder(objectOrder);
        try {
            return train.withAugmentation(Augmentation.none()
                    .withFlip(flip)
                    .withCrop(crop)
                    .withShrink(shrink)
                    .withColour(colour, colour, colour));
        } catch (IllegalArgumentException e) {
            throw new ParameterException(command, "--flip, --crop, --shrink and --colour: " + e.getMessage(), e);
        }
    }

    /** The examples held out, as they are; empty if there are none. */
    public Optional<Examples> valid(Path folder) {
        return Examples.folderIfPresent(folder, "valid", read());
    }

    private ReadOptions read() {
        return ReadOptions.defaults().withSkipBad(skipBadLines);
    }
}
