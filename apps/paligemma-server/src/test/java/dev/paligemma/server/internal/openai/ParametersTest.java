package dev.paligemma.server.internal.openai;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paligemma.base.PaliGemmaException;
import dev.paligemma.base.internal.Json;
import java.io.IOException;
import java.io.InputStream;
import org.junit.jupiter.api.Test;

class ParametersTest {
    @Test
    void theOpenApiDocumentHasAllOfThem() throws IOException {
        try (InputStream in =
                Parameters.class.getResourceAsStream("/dev/paligemma/server/internal/typed/openapi.json")) {
            assertThat(Json.readObject("openapi.json", in.readAllBytes(), PaliGemmaException::new)
                            .object("components")
                            .object("schemas")
                            .object("ChatRequest")
                            .object("properties")
                            .members()
                            .keySet())
                    .containsExactlyInAnyOrderElementsOf(Parameters.names());
        }
    }
}
