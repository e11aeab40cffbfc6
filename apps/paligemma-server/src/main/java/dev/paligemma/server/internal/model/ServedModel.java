package dev.paligemma.server.internal.model;

import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.base.internal.Quote;
import dev.paligemma.server.internal.http.HttpFailure;
import dev.paligemma.task.TaskRunner;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The model of a server, which is loaded while the server runs already. Thread-safe. */
public final class ServedModel {
    private static final int LOADING_RETRY_SECONDS = 2;

    /** By name; the first one is the model without an adapter. */
    private volatile @Nullable Map<String, LoadedModel> loaded;

    private volatile boolean failed;

    /** The model is there; a name, and so many requests that are answered together. */
    public void loaded(PaliGemmaPipeline pipeline, String id, int batch) {
        TaskRunner runner = runner(pipeline, batch);
        Map<String, LoadedModel> models = new LinkedHashMap<>();
        models.put(id, new LoadedModel(pipeline, runner, id));
        for (String adapter : pipeline.adapters()) {
            PaliGemmaPipeline view = pipeline.withAdapter(adapter);
            models.putIfAbsent(adapter, new LoadedModel(view, runner(view, batch), adapter));
        }
        loaded = models;
    }

    /** The one place that chooses what answers single requests. */
    private static TaskRunner runner(PaliGemmaPipeline pipeline, int batch) {
        if (batch != 1) {
            throw new IllegalArgumentException("batch must be 1, got " + batch);
        }
        return pipeline;
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
