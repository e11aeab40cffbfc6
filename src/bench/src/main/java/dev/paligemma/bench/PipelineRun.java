package dev.paligemma.bench;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.PipelineBuilder;
import dev.paligemma.base.PaliGemmaException;
import dev.paligemma.engine.Device;
import dev.paligemma.engine.Precision;
import dev.paligemma.generation.FinishReason;
import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.generation.GenerationResult;
import dev.paligemma.generation.Timings;
import dev.paligemma.vision.RgbImage;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Loads one checkpoint, answers the same request several times, and prints what it took: one JSON object per line on
 * standard output, {@code ready} when the model is loaded, {@code warmed} after the requests that are not counted,
 * {@code request} after each request, {@code batch} after each
 * number of requests that were answered together, {@code done} at the end, or {@code failed}. The transformers side,
 * {@code run_transformers.py}, prints the same events, without batches.
 */
public final class PipelineRun {
    private static final JsonFactory JSON = new JsonFactory();

    private PipelineRun() {}

    /**
     * Runs the program.
     *
     * @param args {@code --checkpoint DIR --precision NAME --threads N --image FILE --prompt TEXT --warm-ups N
     *     --requests N --new-tokens N [--engine NAME] [--device NAME] [--batches N,N,...]}
     * @throws IOException if the memory of the process cannot be read
     */
    public static void main(String[] args) throws IOException {
        Map<String, String> options = options(args);
        try {
            measure(options);
        } catch (PaliGemmaException | IllegalArgumentException e) {
            event("failed", json -> json.writeStringField("message", String.valueOf(e.getMessage())));
            System.exit(3);
        }
    }

    private static void measure(Map<String, String> options) throws IOException {
        int requests = number(options, "requests");
        int newTokens = number(options, "new-tokens");
        try (PaliGemmaPipeline pipeline = PaliGemmaPipeline.builder()
                .checkpoint(Path.of(required(options, "checkpoint")))
                .engine(options.getOrDefault("engine", PipelineBuilder.DEFAULT_ENGINE))
                .device(Device.parse(options.getOrDefault("device", Device.CPU.toString())))
                .precision(Precision.parse(required(options, "precision")))
                .threads(number(options, "threads"))
                .build()) {
            ProcessMemory loaded = ProcessMemory.now();
            event("ready", json -> {
                json.writeNumberField("load_ms", pipeline.info().loadMs());
                json.writeStringField("engine", pipeline.info().engine());
                json.writeStringField("engine_version", pipeline.info().engineVersion());
                json.writeStringField("java", Runtime.version().toString());
                json.writeStringField("vm", System.getProperty("java.vm.name"));
                json.writeFieldName("memory");
                loaded.writeTo(json);
            });
            RgbImage image = RgbImage.read(Path.of(required(options, "image")));
            for (int i = 0; i < number(options, "warm-ups"); i++) {
                pipeline.generate(request(options, image, 2));
            }
            event("warmed", json -> {});
            boolean peakIsOfRequests = ProcessMemory.resetPeak();
            for (int i = 0; i < requests; i++) {
                GenerationResult result = pipeline.generate(request(options, image, newTokens));
                requireAllTokens(result, newTokens);
                event("request", json -> writeRequest(json, result));
            }
            for (String together : options.getOrDefault("batches", "").split(",")) {
                if (!together.isEmpty()) {
                    answerTogether(pipeline, request(options, image, newTokens), Integer.parseInt(together));
                }
            }
            ProcessMemory used = ProcessMemory.now();
            event("done", json -> {
                json.writeBooleanField("peak_is_of_requests", peakIsOfRequests);
                json.writeFieldName("memory");
                used.writeTo(json);
            });
        }
    }

    /** As many equal requests as are answered at the same time. */
    private static void answerTogether(PaliGemmaPipeline pipeline, GenerationRequest request, int count)
            throws IOException {
        long start = System.nanoTime();
        List<GenerationResult> results = pipeline.generateAll(Collections.nCopies(count, request), count);
        double totalMs = (System.nanoTime() - start) / 1e6;
        double beforeMs = 0;
        for (GenerationResult result : results) {
            requireAllTokens(result, request.maxNewTokens());
            Timings timings = result.timings();
            beforeMs += timings.preprocessMs() + timings.visionMs() + timings.prefillMs();
        }
        double decodeMs = totalMs - beforeMs;
        event("batch", json -> {
            json.writeNumberField("together", count);
            json.writeNumberField("total_ms", totalMs);
            json.writeNumberField("decode_ms", decodeMs);
            json.writeNumberField("decoded_tokens", count * (request.maxNewTokens() - 1));
        });
    }

    private static GenerationRequest request(Map<String, String> options, RgbImage image, int newTokens) {
        return GenerationRequest.builder()
                .image(image)
                .prompt(required(options, "prompt"))
                .maxNewTokens(newTokens)
                .build();
    }

    /** A shorter answer would make the time per token another quantity. */
    private static void requireAllTokens(GenerationResult result, int newTokens) {
        if (result.finishReason() != FinishReason.LENGTH) {
            throw new IllegalArgumentException("the answer ended after " + result.tokenIds().length + " of " + newTokens
                    + " tokens: the checkpoint must not write its end-of-sequence token");
        }
    }

    private static void writeRequest(JsonGenerator json, GenerationResult result) throws IOException {
        Timings timings = result.timings();
        json.writeNumberField("preprocess_ms", timings.preprocessMs());
        json.writeNumberField("vision_ms", timings.visionMs());
        json.writeNumberField("prefill_ms", timings.prefillMs());
        json.writeNumberField("decode_ms", timings.decodeMs());
        json.writeNumberField("image_tokens", result.imageTokens());
        int[] prompt = result.promptTokenIds();
        json.writeFieldName("prompt_ids");
        json.writeArray(prompt, 0, prompt.length);
        int[] tokens = result.tokenIds();
        json.writeFieldName("token_ids");
        json.writeArray(tokens, 0, tokens.length);
    }

    private static Map<String, String> options(String[] args) {
        Map<String, String> options = new HashMap<>();
        for (int i = 0; i + 1 < args.length; i += 2) {
            options.put(args[i].replaceFirst("^--", ""), args[i + 1]);
        }
        return options;
    }

    private static String required(Map<String, String> options, String name) {
        String value = options.get(name);
        if (value == null) {
            throw new IllegalArgumentException("--" + name + " is missing");
        }
        return value;
    }

    private static int number(Map<String, String> options, String name) {
        return Integer.parseInt(required(options, name));
    }

    private static void event(String name, Fields fields) throws IOException {
        StringWriter line = new StringWriter();
        try (JsonGenerator json = JSON.createGenerator(line)) {
            json.writeStartObject();
            json.writeStringField("event", name);
            fields.writeTo(json);
            json.writeEndObject();
        }
        System.out.println(line);
        System.out.flush();
    }

    private interface Fields {
        void writeTo(JsonGenerator json) throws IOException;
    }
}
