package dev.paligemma.server.internal.model;

import dev.paligemma.base.internal.Json;
import dev.paligemma.server.internal.http.Exchange;
import dev.paligemma.server.internal.http.Router;
import dev.paligemma.server.internal.http.Router.Access;
import java.io.IOException;
import java.util.Map;

/** Says whether the server is alive and whether the model is loaded. */
public final class Health {
    private final ServedModel model;

    /** The health of a model. */
    public Health(ServedModel model) {
        this.model = model;
    }

    /** Adds the paths, which need no key. */
    public void addTo(Router router) {
        router.add(Access.OPEN, "GET", "/healthz", Health::alive);
        router.add(Access.OPEN, "GET", "/livez", Health::alive);
        router.add(Access.OPEN, "GET", "/readyz", this::ready);
        router.add(Access.OPEN, "GET", "/health", this::health);
    }

    private static void alive(Exchange exchange) throws IOException {
        exchange.json(200, Json.text(Map.of("status", "ok"), false));
    }

    private void ready(Exchange exchange) throws IOException {
        boolean ready = model.isReady();
        String status = ready ? "ready" : model.hasFailed() ? "failed" : "loading";
        exchange.json(ready ? 200 : 503, Json.text(Map.of("status", status), false));
    }

    /** As llama.cpp and vLLM have it. */
    private void health(Exchange exchange) throws IOException {
        if (model.isReady()) {
            alive(exchange);
            return;
        }
        model.require(null);
    }
}
