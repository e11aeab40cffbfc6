package dev.paligemma.cli.option;

import dev.paligemma.hub.DownloadListener;
import dev.paligemma.hub.FileSet;
import dev.paligemma.hub.HubClient;
import dev.paligemma.hub.HubException;
import dev.paligemma.hub.HubModel;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options of the Hugging Face hub, and the way from what was typed to a folder. */
public final class HubOptions {
    @Option(
            names = "--offline",
            description = "Use models that were downloaded before; ask nobody (as HF_HUB_OFFLINE=1).")
    boolean offline;

    @Option(
            names = "--hub-cache",
            paramLabel = "DIR",
            description = "Folder of downloaded models, shared with Python (default: HF_HUB_CACHE, or "
                    + "~/.cache/huggingface/hub).")
    @Nullable
    Path cache;

    @Option(
            names = "--hub-endpoint",
            paramLabel = "URL",
            description = "Where to download from (default: HF_ENDPOINT, or https://huggingface.co).")
    @Nullable
    String endpoint;

    private HubClient client(boolean staysOffline, boolean checks) {
        HubClient.Builder builder = HubClient.builder().checkCache(checks);
        if (staysOffline) {
            builder.offline(true);
        }
        if (cache != null) {
            builder.cacheFolder(cache);
        }
        if (endpoint != null) {
            builder.endpoint(endpoint);
        }
        return builder.build();
    }

    /** The client that these options ask for. */
    public HubClient client() {
        return client(offline, false);
    }

    /** Whether nobody may be asked: because of the option, or of HF_HUB_OFFLINE. */
    public boolean isOffline() {
        return client(offline, false).isOffline();
    }

    /** Whether what was typed means a model of the hub: whatever lies on this machine comes before one of that name. */
    static boolean isOnHub(String typed) {
        return HubModel.isName(typed) && !isHere(typed);
    }

    /** Addresses are no paths on every system. */
    private static boolean isHere(String typed) {
        return !typed.contains("://") && Files.exists(Path.of(typed));
    }

    /**
     * Finds what was typed: whatever lies there on this machine, else a model of the hub. The path exists.
     *
     * @param typed a path; or {@code owner/name}, perhaps with {@code /folder} and {@code @revision}, or the address of its page
     * @param revision the revision of a model of the hub; null if none was chosen
     * @param files what is needed of a model of the hub
     * @throws IllegalArgumentException if it is neither
     * @throws HubException if the model cannot be had
     */
    public Path find(String typed, @Nullable String revision, FileSet files, DownloadListener listener) {
        if (typed.isBlank()) {
            throw new IllegalArgumentException(
                    "expected a folder or the name of a model on the hub, got an empty text");
        }
        if (isHere(typed)) {
            if (revision != null) {
                throw new IllegalArgumentException(
                        "--revision is for models of the hub, and " + typed + " is on this machine");
            }
            return Path.of(typed);
        }
        if (!typed.contains("://") && !HubModel.isName(typed)) {
            throw new IllegalArgumentException(
                    "there is no folder " + typed
                            + ", and it is not the name of a model on the hub (owner/name, such as google/paligemma2-3b-mix-224)");
        }
        HubModel model = HubModel.parse(typed, revision);
        try {
            return client(offline, false).snapshot(model, files, listener);
        } catch (HubException e) {
            String head =
                    typed.contains("://") ? "" : "there is no folder " + typed + " here, and as a model of the hub: ";
            throw new HubException(e.kind(), head + e.getMessage(), e);
        }
    }

    /** Downloads a model, and whatever of it was downloaded before and is damaged. */
    public Path downloadAndCheck(HubModel model, FileSet files, DownloadListener listener) {
        return client(offline, true).snapshot(model, files, listener);
    }

    /** Whether a checkpoint was downloaded before, as far as the cache tells. */
    boolean isDownloaded(HubModel model) {
        try {
            client(true, false).snapshot(model, FileSet.CHECKPOINT, DownloadListener.NONE);
            return true;
        } catch (HubException e) {
            if (e.kind() == HubException.Kind.OFFLINE) {
                return false;
            }
            throw e;
        }
    }
}
