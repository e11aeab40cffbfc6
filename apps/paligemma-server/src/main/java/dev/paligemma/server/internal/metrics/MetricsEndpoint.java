package dev.paligemma.server.internal.metrics;

import dev.paligemma.server.internal.http.Router;
import dev.paligemma.server.internal.http.Router.Access;
import java.nio.charset.StandardCharsets;

/** What Prometheus asks for: {@code /metrics}. Immutable. */
public final class MetricsEndpoint {
    private final RequestMetrics metrics;

    /** The endpoint of these figures. */
    public MetricsEndpoint(RequestMetrics metrics) {
        this.metrics = metrics;
    }

    /** Adds the path, which needs no key. */
    public void addTo(Router router) {
        router.add(
                Access.OPEN,
                "GET",
                "/metrics",
                exchange -> exchange.bytes(
                        200, PrometheusText.MEDIA_TYPE, metrics.text().getBytes(StandardCharsets.UTF_8)));
    }
}
