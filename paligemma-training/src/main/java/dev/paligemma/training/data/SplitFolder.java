package dev.paligemma.training.data;

import dev.paligemma.training.run.FineTuningException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Finds the file of a split in a folder of data. Besides {@code SPLIT/annotations.jsonl} it knows where Roboflow puts its
 * files, and a folder without splits.
 */
final class SplitFolder {
    private static final String ANNOTATIONS = "annotations.jsonl";
    private static final String TRAIN = "train";
    private static final String VALID = "valid";

    private SplitFolder() {}

    /** The file of a split, the first of those that are there. */
    static Optional<Path> find(Path folder, String split) {
        return candidates(folder, split).stream().filter(Files::exists).findFirst();
    }

    /** The file of a split that must be there. */
    static Path require(Path folder, String split) {
        return find(folder, split).orElseThrow(() -> missing(folder, split));
    }

    private static List<Path> candidates(Path folder, String split) {
        List<Path> files = new ArrayList<>();
        Stream<String> names = split.equals(VALID) ? Stream.of(VALID, "val", "validation") : Stream.of(split);
        names.forEach(name -> {
            files.add(folder.resolve(name).resolve(ANNOTATIONS));
            files.add(folder.resolve("_annotations." + name + ".jsonl"));
            files.add(folder.resolve("dataset").resolve("_annotations." + name + ".jsonl"));
        });
        if (split.equals(TRAIN)) {
            files.add(folder.resolve(ANNOTATIONS));
        }
        return files;
    }

    private static FineTuningException missing(Path folder, String split) {
        if (!Files.isDirectory(folder)) {
            return new FineTuningException(
                    Files.exists(folder)
                            ? folder + " is not a folder; name the folder that holds " + split + "/" + ANNOTATIONS
                            : "the folder of data " + folder + " does not exist");
        }
        Path coco = folder.resolve(split).resolve("_annotations.coco.json");
        if (Files.exists(coco)) {
            return new FineTuningException(folder + " has no " + split + "/" + ANNOTATIONS + ", but " + coco
                    + ", a file of COCO; read it as COCO, or export the data for PaliGemma");
        }
        return new FineTuningException(folder + " has no examples of the split '" + split + "': expected "
                + folder.resolve(split).resolve(ANNOTATIONS) + ", with one JSON object a line, or "
                + folder.resolve("_annotations." + split + ".jsonl") + " as Roboflow exports it");
    }
}
