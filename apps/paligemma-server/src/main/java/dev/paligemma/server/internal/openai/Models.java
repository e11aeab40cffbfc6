package dev.paligemma.server.internal.openai;

import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.base.internal.Json;
import dev.paligemma.server.internal.http.Exchange;
import dev.paligemma.server.internal.model.LoadedModel;
import dev.paligemma.server.internal.model.ServedModel;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The model and its adapters: {@code /v1/models}. Thread-safe. */
final class Models {
    static final String PATH = "/v1/models";

    private final ServedModel models;
    private final long created = Instant.now().getEpochSecond();

    Models(ServedModel models) {
        this.models = models;
    }

    void list(Exchange exchange) throws IOException {
        models.require(null);
        List<Map<String, @Nullable Object>> all =
                models.names().stream().map(name -> about(models.require(name))).toList();
        exchange.json(200, Members.json("object", "list", "data", all));
    }

    void one(Exchange exchange) throws IOException {
        LoadedModel model = models.require(exchange.path().substring(PATH.length() + 1));
        exchange.json(200, Json.text(about(model), false));
    }

    /** What OpenAI has, and what tells user interfaces that it takes pictures. */
    private Map<String, @Nullable Object> about(LoadedModel model) {
        PaliGemmaPipeline pipeline = model.pipeline();
        return Members.of(
                "id",
                model.id(),
                "object",
                "model",
                "created",
                created,
                "owned_by",
                "paligemma",
                "architecture",
                Members.of("input_modalities", List.of("text", "image"), "output_modalities", List.of("text")),
                "meta",
                Members.of(
                        "engine", pipeline.info().engine(),
                        "precision", pipeline.info().options().precision().toString(),
                        "image_size", pipeline.info().config().vision().imageSize(),
                        "n_vocab", pipeline.tokenizer().vocabularySize()));
    }
}
