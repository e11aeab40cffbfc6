package dev.paligemma.server.internal.typed;

import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.generation.Sampling;
import dev.paligemma.server.internal.http.Exchange;
import dev.paligemma.server.internal.http.HttpFailure;
import dev.paligemma.server.internal.model.LoadedModel;
import dev.paligemma.server.internal.model.ServedModel;
import dev.paligemma.task.Tasks;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** Fields that several endpoints have in common. Stateless. */
final class CommonFields {
    private CommonFields() {}

    /** The model or the adapter. */
    static LoadedModel model(Fields fields, ServedModel models) {
        return models.require(fields.text("model", FieldLimits.NAME_CHARACTERS).orElse(null));
    }

    /** The file of the only picture. */
    static List<byte[]> picture(Fields fields) {
        List<byte[]> files = fields.files("image", 1);
        if (files.isEmpty()) {
            throw missing();
        }
        return files;
    }

    /** The files of one or several pictures. */
    static List<byte[]> pictures(Fields fields) {
        List<byte[]> one = fields.files("image", 1);
        List<byte[]> several = fields.files("images", FieldLimits.PICTURES);
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
        List<String> stop =
                fields.texts("stop", GenerationRequest.MAX_STOP_STRINGS, GenerationRequest.MAX_STOP_LENGTH);
        // Made here, so that what is wrong is told before anything is computed.
        Sampling sampling = sampling(fields);
        about("stop", () -> GenerationRequest.builder().stop(stop.toArray(String[]::new)));
        return request -> {
            tokens.ifPresent(limit -> request.maxNewTokens(limit.intValue()));
            request.sampling(sampling).stop(stop.toArray(String[]::new));
        };
    }

    /** Without a temperature the likeliest token is taken, of which limits and seed change nothing. */
    private static Sampling sampling(Fields fields) {
        double temperature =
                fields.number("temperature", 0, FieldLimits.TEMPERATURE).orElse(0.0);
        Optional<Long> seed = fields.integer("seed", Long.MIN_VALUE, Long.MAX_VALUE);
        Optional<Double> topP = fields.number("top_p", 0, 1);
        Optional<Long> topK = fields.integer("top_k", 1, FieldLimits.TOP_K);
        // The limits are checked also where they change nothing.
        Sampling random = Sampling.temperature(temperature == 0 ? 1 : temperature).seed(seed.orElse(0L));
        if (topP.isPresent()) {
            Sampling before = random;
            random = about("top_p", () -> before.topP(topP.get()));
        }
        if (topK.isPresent()) {
            random = random.topK(topK.get().intValue());
        }
        return temperature == 0 ? Sampling.greedy() : random;
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
