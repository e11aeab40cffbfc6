package dev.paligemma.cli.report;

import dev.paligemma.catalog.KnownModel;
import dev.paligemma.engine.Precision;
import dev.paligemma.engine.machine.MainMemory;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Published models with the memory that they need, beside the main memory of a machine. Stateless. */
public final class PublishedModels {
    private static final String COLUMNS = "%-42s%15s%8s%11s%11s%9s%9s  %s";

    private PublishedModels() {}

    /** Compares needs and the memory of the machine, null if unknown: a table, one line a model below that of the headings. */
    public static Facts of(List<KnownModel> models, @Nullable MainMemory main) {
        // Models that differ by what they were trained on need the same.
        Map<KnownModel, Map<Precision, Long>> known = new HashMap<>();
        return new Facts()
                .value("terms", KnownModel.LICENSE_PAGE)
                .row(COLUMNS, "name", "parameters", "pixels", "float32", "bfloat16", "int8", "int4", "fits here")
                .value(
                        "models",
                        models.stream()
                                .map(model -> of(
                                        model, known.computeIfAbsent(plain(model), PublishedModels::neededBytes), main))
                                .toList());
    }

    private static KnownModel plain(KnownModel model) {
        return new KnownModel(model.size(), KnownModel.Kind.PRETRAINED, Optional.empty(), model.imageSize());
    }

    private static Map<Precision, Long> neededBytes(KnownModel model) {
        Map<Precision, Long> bytes = new EnumMap<>(Precision.class);
        for (Precision precision : Precision.values()) {
            bytes.put(precision, model.memory(precision).totalBytes());
        }
        return bytes;
    }

    private static Facts of(KnownModel model, Map<Precision, Long> neededBytes, @Nullable MainMemory main) {
        Facts needed = new Facts();
        neededBytes.forEach((precision, bytes) -> needed.value(precision.toString(), bytes));
        List<Precision> fitting = main == null
                ? null
                : neededBytes.entrySet().stream()
                        .filter(each -> each.getValue() <= main.freeBytes())
                        .map(Map.Entry::getKey)
                        .toList();
        return facts(model)
                .value("neededBytes", needed)
                .value("fits", fitting)
                .row(
                        COLUMNS,
                        model.hubName(),
                        String.format(Locale.ROOT, "%,d", model.parameterCount()),
                        model.imageSize(),
                        gigabytes(neededBytes, Precision.FLOAT32),
                        gigabytes(neededBytes, Precision.BFLOAT16),
                        gigabytes(neededBytes, Precision.INT8),
                        gigabytes(neededBytes, Precision.INT4),
                        verdict(fitting));
    }

    private static String gigabytes(Map<Precision, Long> neededBytes, Precision precision) {
        return Facts.gigabytes(Objects.requireNonNull(neededBytes.get(precision)));
    }

    private static String verdict(@Nullable List<Precision> fitting) {
        if (fitting == null) {
            return "unknown";
        }
        if (fitting.isEmpty()) {
            return "no";
        }
        return fitting.size() == Precision.values().length
                ? "yes"
                : fitting.stream().map(Precision::toString).collect(Collectors.joining(" "));
    }

    /** What does not depend on the machine, for programs. */
    static Facts facts(KnownModel model) {
        Facts facts = new Facts()
                .value("name", model.hubName())
                .value("architecture", model.size())
                .value("size", model.size().label())
                .value("kind", model.kind().label());
        model.task().ifPresent(task -> facts.value("task", task));
        return facts.value("imageSize", model.imageSize())
                .value("parameters", model.parameterCount())
                .value(
                        "revisions",
                        model.revisions().stream()
                                .map(each -> new Facts()
                                        .value("name", each.name())
                                        .value("storedAs", each.type())
                                        .value("weightBytes", model.weightBytes(each)))
                                .toList())
                .value("page", model.modelPage());
    }
}
