package dev.paligemma.server.internal.typed;

import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.generation.Sampling;
import dev.paligemma.server.internal.http.Exchange;
import dev.paligemma.server.internal.http.HttpFailure;
import dev.paligemma.server.internal.model.LoadedModel;
import dev.paligemma.server.internal.model.ServedModel;
import dev.paligemma.server.internal.picture.Upload;
import dev.paligemma.task.Tasks;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** Fields that several endpoints have in common. Stateless. */
final class CommonFields {
    private CommonFields() {}

    /** The model or the adapter. */
    static LoadedModel model(Fields fields, ServedModel models) {
        return models.require(fields.text("model", FieldLimits.NAME_CHARACTERS).orElse(null));
    }

    /** The only picture. */
    static List<Upload> picture(Fields fields) {
        List<Upload> uploads = fields.pictures("image", 1);
        if (uploads.isEmpty()) {
            throw missing();
        }
        return uploads;
    }

    /** One or several pictures. */
    static List<Upload> pictures(Fields fields, int maxPictures) {
        List<Upload> one = fields.pictures("image", 1);
        List<Upload> several = fields.pictures("images", maxPictures);
        if (!one.isEmpty() && !several.isEmpty()) {
            throw HttpFailure.badRequest("images", "image and images exclude each other");
        }
        if (one.isEmpty() && several.isEmpty()) {
            throw missing();
        }
        return one.isEmpty() ? several : one;
    }

    private static HttpFailure missing() {
        return HttpFailure.badRequest(
                "image", "image is missing, expected a picture: a file of a form, or in JSON a data URI or base64");
    }

    /** Whether the answer is to come in events. */
    static boolean streamed(Fields fields, Exchange exchange) {
        boolean asked = fields.flag("stream");
        return asked
                || exchange.header("Accept")
                        .filter(accept -> accept.contains("text/event-stream"))
                        .isPresent();
    }

    /** A code that a task takes; English if there is none. */
    static String language(Fields fields) {
        Optional<String> language = fields.text("language", FieldLimits.LANGUAGE_CHARACTERS);
        language.ifPresent(code -> about("language", () -> Tasks.cap(code)));
        return language.orElse("en");
    }

    /** The limit of time. */
    static Consumer<GenerationRequest.Builder> time(Fields fields) {
        Optional<Long> milliseconds = fields.integer("timeout_ms", 1, FieldLimits.MILLISECONDS);
        return request -> milliseconds.ifPresent(limit -> request.timeout(Duration.ofMillis(limit)));
    }

    /** How the answer is written. */
    static Consumer<GenerationRequest.Builder> decoding(Fields fields) {
        Optional<Long> tokens = fields.integer("max_tokens", 1, FieldLimits.TOKENS);
        List<String> stop = fields.texts("stop", GenerationRequest.MAX_STOP_STRINGS, GenerationRequest.MAX_STOP_LENGTH);
        // Made here, so that what is wrong is told before anything is computed.
        Sampling sampling = sampling(fields);
        about("stop", () -> GenerationRequest.builder().stop(stop.toArray(String[]::new)));
        return request -> {
            tokens.ifPresent(limit -> request.maxNewTokens(limit.intValue()));
            request.sampling(sampling).stop(stop.toArray(String[]::new));
        };
    }

    /** As for the wire format of OpenAI: who limits chance wants it, and else the likeliest token is taken. */
    private static Sampling sampling(Fields fields) {
        Optional<Double> temperature = fields.number("temperature", 0, FieldLimits.TEMPERATURE);
        Optional<Long> seed = fields.integer("seed", Long.MIN_VALUE, Long.MAX_VALUE);
        double topP = fields.number("top_p", 0, 1).orElse(1.0);
        Optional<Long> topK = fields.integer("top_k", 1, FieldLimits.TOP_K);
        boolean limited = topP < 1 || topK.isPresent();
        // Of no probability at all the likeliest token alone is left.
        if (temperature.orElse(limited ? 1.0 : 0.0) == 0 || topP == 0) {
            return Sampling.greedy();
        }
        Sampling random = Sampling.temperature(temperature.orElse(1.0))
                .seed(seed.orElseGet(() -> ThreadLocalRandom.current().nextLong()))
                .topP(topP);
        return topK.isPresent() ? random.topK(topK.get().intValue()) : random;
    }

    /** Does something with the value of a field, and names the field if it cannot be. */
    static <T> T about(String field, Supplier<T> action) {
        try {
            return action.get();
        } catch (IllegalArgumentException e) {
            throw HttpFailure.badRequest(field, String.valueOf(e.getMessage()));
        }
    }
}
