package dev.paligemma.examples;

import dev.paligemma.engine.CacheFolder;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options that choose a checkpoint and where files are kept that can be made again. */
final class CheckpointOptions {
    @Option(
            names = "--model",
            paramLabel = "DIR",
            description = "Checkpoint folder, as downloaded from the hub or made by 'paligemma convert' (default: the "
                    + "bundled tiny model).")
    @Nullable
    Path model;

    @Option(
            names = "--cache-dir",
            paramLabel = "DIR",
            description =
                    "Folder for the bundled model and converted weights (default: PALIGEMMA_CACHE, or 'paligemma' "
                            + "in the user's cache folder).")
    @Nullable
    Path cacheDir;

    /**
     * The cache folder to use.
     *
     * @return the given folder, or the one for this process
     */
    Path cacheFolder() {
        Path chosen = cacheDir;
        return chosen == null
                ? CacheFolder.ofThisProcess()
                : chosen.toAbsolutePath().normalize();
    }

    /**
     * The checkpoint folder to use.
     *
     * @return the given folder, or the bundled model's
     */
    Path folder() {
        Path chosen = model;
        return chosen == null ? BundledModel.folder(cacheFolder()) : chosen;
    }

    /**
     * The pictures to use.
     *
     * @param given pictures
     * @return the given ones, or the bundled one if there are none
     */
    List<Path> pictures(List<Path> given) {
        return given.isEmpty() ? List.of(BundledModel.picture(cacheFolder())) : given;
    }
}
