package dev.paligemma.cli.report;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import dev.paligemma.generation.BeamAnswer;
import dev.paligemma.generation.FinishReason;
import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.generation.GenerationResult;
import dev.paligemma.generation.Timings;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;

/** Writes JSON objects for programs that read the command line's output. */
public final class Json {
    private static final JsonFactory FACTORY = new JsonFactory();

    private Json() {}

    /** Writes the fields of one object. */
    @FunctionalInterface
    public interface Fields {
        void writeTo(JsonGenerator json) throws IOException;
    }

    /**
     * One JSON object on one line.
     *
     * @param fields writes the fields
     * @return the object
     */
    public static String object(Fields fields) {
        StringWriter text = new StringWriter();
        try (JsonGenerator json = FACTORY.createGenerator(text)) {
            json.writeStartObject();
            fields.writeTo(json);
            json.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write JSON into memory", e);
        }
        return text.toString();
    }

    /**
     * Writes what the model wrote and the figures behind it.
     *
     * @param json gets the fields
     * @param request what was asked
     * @param written what came of it
     * @param loadMs how long the model took to load, in milliseconds
     * @throws IOException never, in memory
     */
    public static void writeAnswer(JsonGenerator json, GenerationRequest request, Written written, double loadMs)
            throws IOException {
        GenerationResult result = written.answer();
        json.writeStringField("prompt", request.prompt());
        writeText(json, result);
        writeInts(json, "promptTokenIds", result.promptTokenIds());
        json.writeNumberField("imageTokens", result.imageTokens());
        json.writeStringField("finishReason", nameOf(result.finishReason()));
        if (request.constraint().isPresent()) {
            json.writeNumberField("keptMass", result.keptMass());
        }
        if (!written.found().isEmpty()) {
            json.writeArrayFieldStart("answers");
            for (BeamAnswer each : written.found()) {
                json.writeStartObject();
                json.writeNumberField("score", each.score());
                json.writeNumberField("logProbability", each.answer().totalLogProbability());
                writeText(json, each.answer());
                json.writeStringField("finishReason", nameOf(each.answer().finishReason()));
                json.writeEndObject();
            }
            json.writeEndArray();
        }
        Timings timings = result.timings();
        json.writeObjectFieldStart("timings");
        json.writeNumberField("loadMs", millis(loadMs));
        json.writeNumberField("preprocessMs", millis(timings.preprocessMs()));
        json.writeNumberField("visionMs", millis(timings.visionMs()));
        json.writeNumberField("prefillMs", millis(timings.prefillMs()));
        json.writeNumberField("decodeMs", millis(timings.decodeMs()));
        json.writeEndObject();
    }

    private static void writeText(JsonGenerator json, GenerationResult result) throws IOException {
        json.writeStringField("text", result.text());
        writeInts(json, "tokenIds", result.tokenIds());
        json.writeFieldName("logprobs");
        double[] logProbabilities = result.logProbabilities();
        json.writeArray(logProbabilities, 0, logProbabilities.length);
    }

    /** Writes a number, or null if it is not known. */
    static void writeNumber(JsonGenerator json, String name, double value) throws IOException {
        if (Double.isFinite(value)) {
            json.writeNumberField(name, value);
        } else {
            json.writeNullField(name);
        }
    }

    public static void writeInts(JsonGenerator json, String name, int[] values) throws IOException {
        json.writeFieldName(name);
        json.writeArray(values, 0, values.length);
    }

    private static String nameOf(FinishReason reason) {
        return switch (reason) {
            case EOS -> "eos";
            case LENGTH -> "length";
        };
    }

    /** Microseconds are the last digit that means anything. */
    private static double millis(double value) {
        return Math.round(value * 1000) / 1000.0;
    }
}
