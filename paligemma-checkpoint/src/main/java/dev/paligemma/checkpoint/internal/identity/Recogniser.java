package dev.paligemma.checkpoint.internal.identity;

import dev.paligemma.base.internal.FailureReason;
import dev.paligemma.checkpoint.config.CheckpointException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Objects;

/**
 * Tells what a path holds, whatever it is, from names, small settings files and first bytes. It opens nothing large and
 * refuses nothing; whether weights fit is for those who read them. Stateless.
 */
public final class Recogniser {
    private Recogniser() {}

    /** What a path holds. */
    public static Identity of(Path path) {
        try {
            if (Files.isDirectory(path)) {
                return FolderRecogniser.of(Listing.of(path));
            }
            if (!Files.exists(path)) {
                return absent(path);
            }
            return FileRecogniser.of(path);
        } catch (IOException e) {
            return Identity.of(
                    path,
                    Kind.UNREADABLE,
                    (Files.isDirectory(path) ? "a folder" : "a file") + " that cannot be read: "
                            + FailureReason.of(e, path),
                    null,
                    "give the user of this program the right to read it");
        }
    }

    /** What the settings of a model say it is, without looking for its weights. */
    public static Identity ofSettings(Path configJson) {
        return SettingsRecogniser.of(
                Objects.requireNonNull(configJson.toAbsolutePath().getParent()), Settings.of(configJson));
    }

    /**
     * The exception to end with where opening a model failed: the one that says what the path holds if that is no format
     * that is read, and the failure itself if it is.
     */
    public static CheckpointException explain(Path path, CheckpointException failure) {
        if (Thread.currentThread().isInterrupted()) {
            return failure;
        }
        Identity identity = of(path);
        return identity.kind().isRead() ? failure : new CheckpointException(identity.line(), failure);
    }

    /** What a path holds that was given as an adapter and has no settings of one, as the message of an error. */
    public static String notAnAdapter(Path path) {
        Identity identity = of(path);
        return switch (identity.kind()) {
            case STAND_IN, DANGLING, UNREADABLE, WEIGHTS_ALONE -> identity.line();
            case MISSING -> path + " does not exist";
            default ->
                path + " is " + identity.what() + ", not an adapter; give a folder with " + AdapterRecogniser.CONFIG
                        + " and adapter_model.safetensors";
        };
    }

    private static Identity absent(Path path) throws IOException {
        if (Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
            return Identity.of(
                    path,
                    Kind.DANGLING,
                    "a link to something that is not there: " + linkTarget(path),
                    null,
                    Remedies.DOWNLOAD_AGAIN);
        }
        return Identity.of(path, Kind.MISSING, "not there", null, "give an existing folder or file");
    }

    private static String linkTarget(Path link) throws IOException {
        try {
            return Files.readSymbolicLink(link).toString();
        } catch (NoSuchFileException e) {
            return "it has just gone";
        }
    }
}
