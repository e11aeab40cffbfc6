package dev.paligemma.cli.option;

import dev.paligemma.base.internal.CacheFolder;
import dev.paligemma.cli.report.ProgressDisplay;
import dev.paligemma.hub.FileSet;
import dev.paligemma.hub.HubModel;
import dev.paligemma.tiny.TinyModel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The options that choose a checkpoint and where files are kept that can be made again. */
public final class CheckpointOptions {
    @Option(
            names = "--model",
            paramLabel = "MODEL",
            description =
                    "Checkpoint folder or .npz file of big_vision, or the name of a model on the Hugging Face hub such as "
                            + "google/paligemma2-3b-mix-224 or owner/name/folder, which is downloaded once (default: the "
                            + "bundled tiny model).")
    @Nullable
    String model;

    @Option(
            names = "--revision",
            paramLabel = "NAME",
            description = "Branch, tag or commit of a model on the hub, such as bfloat16 (default: main).")
    @Nullable
    String revision;

    @Mixin
    public HubOptions hub = new HubOptions();

    @Option(
            names = "--cache-dir",
            paramLabel = "DIR",
            description =
                    "Folder for the bundled model and converted weights (default: PALIGEMMA_CACHE, or 'paligemma' "
                            + "in the user's cache folder).")
    @Nullable
    Path cacheDir;

    /** What was typed for the model; null for the bundled one. */
    public @Nullable String model() {
        return model;
    }

    /** Whether no other revision of a model of the hub was chosen than its main one. */
    public boolean isMainRevision() {
        if (model == null || !HubOptions.isOnHub(model)) {
            return true;
        }
        return HubModel.parse(model, revision).revision().equals(HubModel.MAIN);
    }

    /** The cache folder to use: the given folder, or the one for this process. */
    public Path cacheFolder() {
        return cacheDir == null
                ? CacheFolder.ofThisProcess()
                : cacheDir.toAbsolutePath().normalize();
    }

    /** The checkpoint folder to use: the given one, perhaps downloaded now, or the bundled model's. */
    public Path folder(ProgressDisplay progress) {
        return folder(FileSet.CHECKPOINT, progress);
    }

    /** As {@link #folder(ProgressDisplay)}, for those who need only some of its files. */
    public Path folder(FileSet files, ProgressDisplay progress) {
        if (model == null) {
            if (revision != null) {
                throw new IllegalArgumentException("--revision needs --model with the name of a model on the hub");
            }
            return TinyModel.folder(cacheFolder());
        }
        return hub.find(model, revision, files, progress);
    }

    /** What was typed, if it is a file, a folder or a link on this machine; null if it is anything else. */
    @Nullable
    public Path onThisMachine() {
        String typed = model;
        Path path = typed == null || typed.isBlank() ? null : Path.of(typed);
        return path != null && Files.exists(path, LinkOption.NOFOLLOW_LINKS) ? path : null;
    }

    /** A path that was typed and is there, be it a link that leads nowhere; a revision of it is refused. */
    public Path given(Path typed, ProgressDisplay progress) {
        return Files.exists(typed) ? folder(progress) : typed;
    }

    /** Whether it is the bundled model. */
    boolean isBundled() {
        return model == null;
    }

    /** What to call a model: as its folder, or by its name if it came from the hub, as its folder is called like a commit. */
    String label(Path folder) {
        return model != null && HubOptions.isOnHub(model) ? model : String.valueOf(folder.getFileName());
    }

    /**
     * The model of the hub that was named and is not on this machine yet; null if it was downloaded, or anything else
     * was named.
     */
    @Nullable
    public HubModel absent() {
        if (model == null || !HubOptions.isOnHub(model)) {
            return null;
        }
        HubModel named = HubModel.parse(model, revision);
        return hub.isDownloaded(named) ? null : named;
    }

    /** The folder of an adapter that was given as a folder, or by its name on the hub. */
    public Path adapter(String typed, ProgressDisplay progress) {
        return hub.find(typed, null, FileSet.ADAPTER, progress);
    }
}
