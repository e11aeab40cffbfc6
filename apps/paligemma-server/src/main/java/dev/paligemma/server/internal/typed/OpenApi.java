package dev.paligemma.server.internal.typed;

import dev.paligemma.server.internal.http.Exchange;
import dev.paligemma.server.internal.http.Handler;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Objects;

/** The description of all endpoints: {@code /openapi.json}. Immutable. */
final class OpenApi implements Handler {
    private final byte[] document;

    OpenApi() {
        try (InputStream in =
                Objects.requireNonNull(OpenApi.class.getResourceAsStream("openapi.json"), "openapi.json")) {
            this.document = in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read openapi.json, which is part of this library", e);
        }
    }

    @Override
    public void handle(Exchange exchange) throws IOException {
        exchange.bytes(200, "application/json", document);
    }
}
