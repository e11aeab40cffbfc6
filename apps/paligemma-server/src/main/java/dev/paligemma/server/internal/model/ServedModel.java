package dev.paligemma.server.internal.model;

import dev.paligemma.BatchingRunner;
import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.base.internal.Quote;
import dev.paligemma.server.internal.http.HttpFailure;
import dev.paligemma.task.TaskRunner;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;

/** The model of a server, which is loaded while the server runs already. Thread-safe. */
public final class ServedModel implements AutoCloseable {
    private static final int LOADING_RETRY_SECONDS = 2;

    /** By name; the first one is the model without an adapter. */
    private volatile @Nullable Map<String, LoadedModel> loaded;

    private volatile boolean failed;

    /** What answers several requests together; null if each is answered on its own. */
    private @Nullable BatchingRunner batching;

    /** Where those are computed. */
    private @Nullable ExecutorService network;

    /** The model is there; a name, and so many requests that are answered together. To be called once. */
    public synchronized void loaded(PaliGemmaPipeline pipeline, String id, int batch) {
        if (batch > 1) {
            network = Executors.newSingleThreadExecutor(task -> {
                Thread thread = new Thread(task, "paligemma-server-network");
                thread.setDaemon(true);
                return thread;
            });
            batching = pipeline.batching(batch, network);
        }
        BatchingRunner together = batching;
        Map<String, LoadedModel> models = new LinkedHashMap<>();
        models.put(id, new LoadedModel(pipeline, together == null ? pipeline : together, id));
        for (String adapter : pipeline.adapters()) {
            PaliGemmaPipeline view = pipeline.withAdapter(adapter);
            TaskRunner runner = together == null ? view : together.withAdapter(adapter);
            models.putIfAbsent(adapter, new LoadedModel(view, runner, adapter));
        }
        loaded = models;
    }

    /** Ends what answers requests together; to be called when none are answered any more, before the pipeline is closed. */
    @Override
    public synchronized void close() {
        if (batching != null && network != null) {
            batching.close();
            network.shutdown();
        }
    }

    /** The model cannot be loaded. */
    public void failed() {
        failed = true;
    }

    /** Whether requests are answered. */
    public boolean isReady() {
        return loaded != null;
    }

    /** Whether they never will be. */
    public boolean hasFailed() {
        return failed;
    }

    /** The names of the model and of its adapters; empty while it is loaded. */
    public List<String> names() {
        Map<String, LoadedModel> models = loaded;
        return models == null ? List.of() : List.copyOf(models.keySet());
    }

    /** The model without an adapter; empty while it is loaded. */
    public Optional<LoadedModel> base() {
        Map<String, LoadedModel> models = loaded;
        return models == null ? Optional.empty() : models.values().stream().findFirst();
    }

    /** The model of a name, or of none; an {@link HttpFailure} if there is no such model, or none yet. */
    public LoadedModel require(@Nullable String name) {
        Map<String, LoadedModel> models = loaded;
        if (models == null) {
            throw failed
                    ? HttpFailure.server(
                            503, "model_failed", "The model could not be loaded; the server's log says why.")
                    : HttpFailure.server(503, "model_loading", "The model is being loaded. Try again later.")
                            .retryAfter(LOADING_RETRY_SECONDS);
        }
        LoadedModel model = name == null ? models.values().iterator().next() : models.get(name);
        if (model == null) {
            throw HttpFailure.invalid(
                    404,
                    "model",
                    "model_not_found",
                    "The model " + Quote.quote(String.valueOf(name)) + " does not exist. There is "
                            + String.join(", ", models.keySet()) + ".");
        }
        return model;
    }
}
