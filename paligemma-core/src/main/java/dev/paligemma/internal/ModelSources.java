package dev.paligemma.internal;

import dev.paligemma.hub.DownloadListener;
import dev.paligemma.hub.FileSet;
import dev.paligemma.hub.HubClient;
import dev.paligemma.hub.HubModel;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Where a checkpoint and its adapters come from: folders, or models of the hub. Confined to one thread. */
public final class ModelSources {
    private @Nullable Path folder;
    private @Nullable String model;
    private @Nullable String revision;
    private @Nullable HubClient hub;
    private DownloadListener listener = DownloadListener.NONE;
    private final Map<String, Supplier<Path>> adapters = new LinkedHashMap<>();

    public void folder(Path newFolder) {
        this.folder = Objects.requireNonNull(newFolder, "folder");
    }

    public void model(String name) {
        HubModel.parse(name);
        this.model = name;
    }

    public void revision(String newRevision) {
        if (!HubModel.isRevision(newRevision)) {
            throw new IllegalArgumentException(
                    "a revision is a branch, a tag or a commit of 40 hexadecimal digits, got '" + newRevision + "'");
        }
        this.revision = newRevision;
    }

    public void hub(HubClient client) {
        this.hub = Objects.requireNonNull(client, "hub");
    }

    public void onDownload(DownloadListener newListener) {
        this.listener = Objects.requireNonNull(newListener, "listener");
    }

    public void adapter(String name, Path adapterFolder) {
        Objects.requireNonNull(adapterFolder, "folder");
        put(name, () -> adapterFolder);
    }

    public void adapter(String name, String hubName) {
        HubModel wanted = HubModel.parse(hubName);
        put(name, () -> download(wanted, FileSet.ADAPTER));
    }

    private void put(String name, Supplier<Path> place) {
        if (name.isBlank() || adapters.containsKey(name)) {
            throw new IllegalArgumentException(
                    "an adapter needs a name of its own, got '" + name + "' beside " + adapters.keySet());
        }
        adapters.put(name, place);
    }

    /** The checkpoint's folder, downloaded if it must be; an {@link IllegalStateException} unless one was chosen. */
    public Path checkpoint() {
        if (folder != null && model != null) {
            throw new IllegalStateException("both a folder, " + folder + ", and a model of the hub, " + model
                    + ", were chosen: call checkpoint(folder) or model(name)");
        }
        if (revision != null && model == null) {
            throw new IllegalStateException(
                    "revision(" + revision + ") is for a model of the hub: call model(name) too");
        }
        if (folder != null) {
            return folder;
        }
        if (model == null) {
            throw new IllegalStateException("no checkpoint was chosen: call checkpoint(folder) or model(name) first");
        }
        return download(HubModel.parse(model, revision), FileSet.CHECKPOINT);
    }

    /**
     * The folders of the adapters by their names, in the order in which they were given, downloaded if they must be.
     */
    public Map<String, Path> adapters() {
        Map<String, Path> folders = new LinkedHashMap<>();
        adapters.forEach((name, place) -> folders.put(name, place.get()));
        return folders;
    }

    private Path download(HubModel wanted, FileSet files) {
        HubClient client = hub;
        if (client == null) {
            client = HubClient.create();
            hub = client;
        }
        return client.snapshot(wanted, files, listener);
    }
}
