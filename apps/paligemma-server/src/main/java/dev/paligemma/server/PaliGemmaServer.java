package dev.paligemma.server;

import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.server.internal.http.Front;
import dev.paligemma.server.internal.model.ServedModel;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An HTTP server in front of a model, with the wire format of OpenAI. Thread-safe.
 *
 * <pre>{@code
 * try (PaliGemmaServer server = PaliGemmaServer.builder().pipeline(pipeline).port(8080).start()) {
 *     System.out.println(server.address());
 *     ...
 * }
 * }</pre>
 *
 * <p>It answers as soon as it is started; until the model is loaded, requests that need it get status 503.
 *
 * <p>{@link #close} refuses new requests, lets those that run end for a while, gives the rest up, and closes the model if the server
 * has loaded it.
 */
public final class PaliGemmaServer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(PaliGemmaServer.class);

    private final Front front;
    private final ServedModel model;
    private final CompletableFuture<PaliGemmaPipeline> loading = new CompletableFuture<>();
    private final @Nullable ModelLoader loader;
    private boolean closed;

    PaliGemmaServer(Front front, ServedModel model, @Nullable ModelLoader loader) {
        this.front = front;
        this.model = model;
        this.loader = loader;
    }

    /** A builder with every option at its default. */
    public static ServerBuilder builder() {
        return new ServerBuilder();
    }

    /** Begins to answer, and has the model loaded if it is not yet. */
    void start(ServerBuilder options) {
        front.start();
        LOG.info("listening on {}", address());
        if (loader == null) {
            return;
        }
        Thread thread = new Thread(
                () -> {
                    try {
                        PaliGemmaPipeline pipeline = loader.load(options.listener());
                        if (!keep(pipeline, options)) {
                            pipeline.close();
                        }
                    } catch (Throwable e) {
                        model.failed();
                        loading.completeExceptionally(e);
                    }
                },
                "paligemma-server-loading");
        thread.setDaemon(true);
        thread.start();
    }

    /** Whether somebody still wants it. */
    private synchronized boolean keep(PaliGemmaPipeline pipeline, ServerBuilder options) {
        if (closed) {
            return false;
        }
        options.serve(model, pipeline);
        loading.complete(pipeline);
        return true;
    }

    /** The address of the server with the port that it listens on, such as {@code http://127.0.0.1:8080}. */
    public URI address() {
        InetSocketAddress bound = front.address();
        String host = bound.getAddress().isAnyLocalAddress()
                ? "127.0.0.1"
                : bound.getAddress().getHostAddress();
        return URI.create("http://" + (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + bound.getPort());
    }

    /**
     * Completes when the model is loaded, or with what its loader has thrown; at once if it was loaded before.
     */
    public CompletionStage<Void> ready() {
        return loader == null ? CompletableFuture.completedFuture(null) : loading.thenAccept(loaded -> {});
    }

    /** Ends in good order; does nothing the second time. */
    @Override
    public void close() {
        synchronized (this) {
            closed = true;
        }
        // Whoever closes it while another thread does so waits for that.
        synchronized (front) {
            front.close();
        }
        model.close();
        // Not yet there: whoever loads it closes it.
        PaliGemmaPipeline own = loading.isCompletedExceptionally() ? null : loading.getNow(null);
        if (own != null) {
            own.close();
        }
        LOG.info("stopped listening on {}", address());
    }
}
