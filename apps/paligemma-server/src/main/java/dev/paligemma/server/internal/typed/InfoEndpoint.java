package dev.paligemma.server.internal.typed;

import dev.paligemma.ModelInfo;
import dev.paligemma.base.internal.Json;
import dev.paligemma.server.internal.http.Exchange;
import dev.paligemma.server.internal.http.Handler;
import dev.paligemma.server.internal.model.LoadedModel;
import dev.paligemma.server.internal.model.ServedModel;
import java.io.IOException;
import java.nio.file.Files;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Tells what is served: {@code /v1/info}. Thread-safe. */
final class InfoEndpoint implements Handler {
    static final List<String> TASKS = List.of("caption", "answer", "ocr", "detect", "segment", "score");

    /** The picture that lies beside the weights of the bundled model. */
    private static final String PICTURE = "scene.png";

    private final ServedModel models;

    InfoEndpoint(ServedModel models) {
        this.models = models;
    }

    @Override
    public void handle(Exchange exchange) throws IOException {
        LoadedModel model = models.require(null);
        ModelInfo info = model.pipeline().info();
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("model", model.id());
        json.put("adapters", List.copyOf(model.pipeline().adapters()));
        json.put("bundled", Files.isRegularFile(info.folder().resolve(PICTURE)));
        json.put("engine", info.engine());
        json.put("engine_version", info.engineVersion());
        json.put("precision", info.options().precision().name().toLowerCase(Locale.ROOT));
        json.put("device", info.options().device().toString());
        json.put("image_size", info.config().vision().imageSize());
        json.put("tasks", TASKS);
        json.put("masks", model.pipeline().maskCodec().isPresent());
        json.put("version", version());
        exchange.json(200, Json.text(json, false));
    }

    /** The version in the manifest of the jar; {@code development} if the classes come from none. */
    private static String version() {
        String version = InfoEndpoint.class.getPackage().getImplementationVersion();
        return version == null ? "development" : version;
    }
}
