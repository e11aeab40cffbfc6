package dev.paligemma.examples;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.paligemma.KnownModel;
import dev.paligemma.MemoryEstimate;
import dev.paligemma.engine.Precision;
import dev.paligemma.engine.machine.MainMemory;
import java.io.IOException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Published models with the memory that they need, beside the main memory of a machine. Immutable. */
final class PublishedModels {
    private final List<Row> rows;

    private PublishedModels(List<Row> rows) {
        this.rows = List.copyOf(rows);
    }

    /**
     * Compares needs and machine.
     *
     * @param models the models
     * @param main the memory of the machine; null if nothing is known of it
     */
    static PublishedModels of(List<KnownModel> models, @Nullable MainMemory main) {
        // Models that differ by what they were trained on need the same.
        Map<KnownModel, List<MemoryEstimate>> known = new HashMap<>();
        return new PublishedModels(models.stream()
                .map(model -> new Row(
                        model,
                        known.computeIfAbsent(plain(model), PublishedModels::estimates),
                        main == null ? null : main.freeBytes()))
                .toList());
    }

    private static KnownModel plain(KnownModel model) {
        return new KnownModel(model.size(), KnownModel.Kind.PRETRAINED, Optional.empty(), model.imageSize());
    }

    private static List<MemoryEstimate> estimates(KnownModel model) {
        return Arrays.stream(Precision.values()).map(model::memory).toList();
    }

    /**
     * A model.
     *
     * @param needed what it needs, by precision
     * @param freeBytes what is free; null if that is not known
     */
    private record Row(
            KnownModel model,
            List<MemoryEstimate> needed,
            @Nullable Long freeBytes) {
        /** Null if it is not known. */
        @Nullable
        List<String> fitting() {
            Long free = freeBytes;
            return free == null
                    ? null
                    : needed.stream()
                            .filter(estimate -> estimate.totalBytes() <= free)
                            .map(estimate -> estimate.precision().toString())
                            .toList();
        }

        String needed(Precision precision) {
            return needed.stream()
                    .filter(estimate -> estimate.precision() == precision)
                    .map(estimate -> FactLines.gigabytes(estimate.totalBytes()))
                    .findFirst()
                    .orElse("");
        }

        String verdict() {
            List<String> fitting = fitting();
            if (fitting == null) {
                return "unknown";
            }
            if (fitting.isEmpty()) {
                return "no";
            }
            return fitting.size() == needed.size() ? "yes" : String.join(" ", fitting);
        }
    }

    /** The table, one line a model below that of the headings. */
    String table() {
        StringBuilder lines = new StringBuilder();
        append(lines, "name", "parameters", "pixels", "float32", "bfloat16", "int8", "int4", "fits here");
        for (Row row : rows) {
            append(
                    lines,
                    row.model.hubName(),
                    String.format(Locale.ROOT, "%,d", row.model.parameterCount()),
                    row.model.imageSize(),
                    row.needed(Precision.FLOAT32),
                    row.needed(Precision.BFLOAT16),
                    row.needed(Precision.INT8),
                    row.needed(Precision.INT4),
                    row.verdict());
        }
        return lines.toString();
    }

    private static void append(StringBuilder lines, Object... cells) {
        lines.append(String.format(Locale.ROOT, "%-42s%15s%8s%11s%11s%9s%9s  %s", cells))
                .append(System.lineSeparator());
    }

    void writeTo(JsonGenerator json) throws IOException {
        json.writeStringField("terms", KnownModel.LICENSE_PAGE);
        json.writeArrayFieldStart("models");
        for (Row row : rows) {
            json.writeStartObject();
            writeModel(json, row.model);
            json.writeObjectFieldStart("neededBytes");
            for (MemoryEstimate estimate : row.needed) {
                json.writeNumberField(estimate.precision().toString(), estimate.totalBytes());
            }
            json.writeEndObject();
            List<String> fitting = row.fitting();
            if (fitting == null) {
                json.writeNullField("fits");
            } else {
                json.writeFieldName("fits");
                json.writeArray(fitting.toArray(new String[0]), 0, fitting.size());
            }
            json.writeEndObject();
        }
        json.writeEndArray();
    }

    /** Writes what does not depend on the machine. */
    static void writeModel(JsonGenerator json, KnownModel model) throws IOException {
        json.writeStringField("name", model.hubName());
        json.writeStringField("architecture", model.size().toString());
        json.writeStringField("size", model.size().label());
        json.writeStringField("kind", model.kind().label());
        if (model.kind() == KnownModel.Kind.FINE_TUNED) {
            json.writeStringField("task", model.task().orElseThrow());
        }
        json.writeNumberField("imageSize", model.imageSize());
        json.writeNumberField("parameters", model.parameterCount());
        json.writeArrayFieldStart("revisions");
        for (KnownModel.Revision revision : model.revisions()) {
            json.writeStartObject();
            json.writeStringField("name", revision.name());
            json.writeStringField("storedAs", revision.type().name());
            json.writeNumberField("weightBytes", model.weightBytes(revision));
            json.writeEndObject();
        }
        json.writeEndArray();
        json.writeStringField("page", model.modelPage());
    }
}
