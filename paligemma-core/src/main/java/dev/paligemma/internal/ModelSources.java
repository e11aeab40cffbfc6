package dev.paligemma.internal;

import dev.paligemma.base.internal.Json;
import dev.paligemma.base.internal.JsonObject;
import dev.paligemma.checkpoint.adapter.AdapterException;
import dev.paligemma.hub.DownloadListener;
import dev.paligemma.hub.FileSet;
import dev.paligemma.hub.HubClient;
import dev.paligemma.hub.HubException;
import dev.paligemma.hub.HubModel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Where a checkpoint and its adapters come from: folders, or models of the hub. Confined to one thread. */
public final class ModelSources {
    private static final String ADAPTER_CONFIG = "adapter_config.json";
    private static final long MAX_CONFIG_BYTES = 8 << 20;

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
     * Takes a chosen checkpoint that is an adapter for what it is: the base that it names becomes the checkpoint, and the adapter is
     * one by that name. Says whether it was one.
     *
     * @throws AdapterException if the adapter names no base on the hub
     */
    public boolean splitAdapter(String name) {
        Path place = folder;
        if (place == null && model != null && revision == null) {
            place = downloadAny(HubModel.parse(model));
        }
        if (place == null
                || !Files.exists(place.resolve(ADAPTER_CONFIG))
                || Files.exists(place.resolve("config.json"))) {
            return false;
        }
        Path adapter = place;
        JsonObject config = Json.readObject(adapter.resolve(ADAPTER_CONFIG), MAX_CONFIG_BYTES, AdapterException::new);
        String base = config.stringOrNull("base_model_name_or_path");
        String baseRevision = config.stringOrNull("revision");
        if (base == null || !HubModel.isName(base)) {
            throw new AdapterException(adapter + " is an adapter whose base_model_name_or_path "
                    + JsonObject.describe(base)
                    + " is no model of the hub; choose its base with checkpoint(folder) or model(name), and give this as"
                    + " adapter(...)");
        }
        folder = null;
        model = baseRevision == null ? base : base + "@" + baseRevision;
        adapter(name, adapter);
        return true;
    }

    /** A checkpoint of the hub, or an adapter if it is that. */
    private Path downloadAny(HubModel wanted) {
        try {
            return download(wanted, FileSet.CHECKPOINT);
        } catch (HubException e) {
            if (e.kind() != HubException.Kind.NOT_FOUND && e.kind() != HubException.Kind.OFFLINE) {
                throw e;
            }
            try {
                return download(wanted, FileSet.ADAPTER);
            } catch (HubException alsoNot) {
                e.addSuppressed(alsoNot);
                throw e;
            }
        }
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
