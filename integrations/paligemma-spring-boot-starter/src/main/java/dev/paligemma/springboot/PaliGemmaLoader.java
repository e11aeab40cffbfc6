package dev.paligemma.springboot;

import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.task.TaskRunner;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Loads the model, once, and closes it with the application. Thread-safe.
 *
 * <p>An application that has to do something as soon as there is a model uses {@link #whenDone}; one that may wait injects the {@link
 * PaliGemmaPipeline} itself.
 */
public final class PaliGemmaLoader implements AutoCloseable {
    private final CompletableFuture<PaliGemmaPipeline> pipeline;
    private final TaskRunner runner = new LoadedRunner(this::pipeline);

    PaliGemmaLoader(Supplier<PaliGemmaPipeline> source, Executor executor) {
        this.pipeline = CompletableFuture.supplyAsync(source, executor);
    }

    /** Loads in a thread of its own; the pool of all would be blocked for long. */
    static PaliGemmaLoader inBackground(Supplier<PaliGemmaPipeline> source) {
        return new PaliGemmaLoader(source, work -> {
            Thread thread = new Thread(work, "paligemma-loader");
            thread.setDaemon(true);
            thread.start();
        });
    }

    /** Loads before it returns, and fails if that fails. */
    static PaliGemmaLoader atOnce(Supplier<PaliGemmaPipeline> source) {
        PaliGemmaLoader loader = new PaliGemmaLoader(source, Runnable::run);
        loader.pipeline();
        return loader;
    }

    /**
     * The pipeline; waits until it is loaded.
     *
     * @throws ModelNotLoadedException if it could not be loaded; the cause says why
     */
    public PaliGemmaPipeline pipeline() {
        try {
            return pipeline.join();
        } catch (CompletionException e) {
            throw new ModelNotLoadedException(cause(e));
        }
    }

    /** Waits until the model is loaded, or cannot be; then says why. */
    Optional<Throwable> await() {
        return pipeline.handle((loaded, failure) -> Optional.ofNullable(failure).map(PaliGemmaLoader::cause))
                .join();
    }

    /** Answers requests by the pipeline. Nobody waits for it to be loaded before the first request. */
    public TaskRunner runner() {
        return runner;
    }

    /** Whether the model is loaded. */
    public boolean isLoaded() {
        return pipeline.isDone() && !pipeline.isCompletedExceptionally();
    }

    /** Why the model could not be loaded; empty while it is being loaded, and afterwards if it was. */
    public Optional<Throwable> failure() {
        return pipeline.isDone() ? await() : Optional.empty();
    }

    /** Calls the action with the pipeline or with why it could not be loaded, at once if that is known, and else in the thread that loads. */
    public void whenDone(BiConsumer<@Nullable PaliGemmaPipeline, @Nullable Throwable> action) {
        CompletableFuture<PaliGemmaPipeline> unused = pipeline.whenComplete(
                (loaded, failure) -> action.accept(loaded, failure == null ? null : cause(failure)));
    }

    private static Throwable cause(Throwable failure) {
        return failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
    }

    /** Closes the pipeline; of a model that is being loaded, as soon as it is. */
    @Override
    public void close() {
        whenDone((loaded, failure) -> {
            if (loaded != null) {
                loaded.close();
            }
        });
    }
}
