package dev.paligemma.spark;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A program for {@code spark-submit}: reads the pictures of a folder, and writes their paths and answers. {@code name=value}
 * arguments are those of {@link PaliGemmaTransformer}, besides {@code input}, {@code output}, {@code format} and {@code
 * partitions}; without any, the error lists them.
 */
public final class PaliGemmaJob {
    private static final Logger LOG = LoggerFactory.getLogger(PaliGemmaJob.class);
    private static final String PICTURES = "*.{[pP][nN][gG],[jJ][pP][gG],[jJ][pP][eE][gG],[gG][iI][fF],[bB][mM][pP],"
            + "[tT][iI][fF],[tT][iI][fF][fF],[wW][eE][bB][pP]}";
    private static final List<String> NAMES = List.of(
            "input",
            "output",
            "format",
            "partitions",
            "model",
            "engine",
            "precision",
            "adapter",
            "maskWeights",
            "task",
            "prompt",
            "labels",
            "language",
            "onError",
            "batchSize",
            "threads",
            "maxNewTokens",
            "temperature",
            "seed");

    private static final String USAGE = String.join(
            "\n",
            "usage: spark-submit --class dev.paligemma.spark.PaliGemmaJob JAR input=DIR output=DIR model=MODEL [name=value ...]",
            "  input         folder of pictures, read with the folders in it",
            "  output        folder to write; it must not exist",
            "  format        parquet (usual) or json",
            "  partitions    into how many parts the pictures are divided; by default as Spark divides the files",
            "  model         folder that every node has, or name of the hub",
            "  precision     float32 (usual), bfloat16, int8 or int4",
            "  engine, adapter, maskWeights, threads",
            "  task          " + AnswerSettings.TASKS,
            "  prompt        of task text or answer",
            "  labels        of task detect or segment, between semicolons",
            "  language, maxNewTokens, temperature, seed",
            "  onError       keep (usual), fail or drop pictures without an answer",
            "  batchSize     how many pictures are answered together, usually 8");

    private PaliGemmaJob() {}

    /**
     * Runs the job in the session that {@code spark-submit} configures.
     *
     * @throws IllegalArgumentException if an argument is missing, unknown or wrong; the message has all of them
     */
    public static void main(String[] args) {
        Map<String, String> given = parse(args);
        PaliGemmaTransformer transformer = transformer(given);
        SparkSession session = SparkSession.builder().appName("paligemma").getOrCreate();
        try {
            run(session, given, transformer);
        } finally {
            session.stop();
        }
    }

    /** Runs the job in a session and leaves that open. */
    static PaliGemmaCounters run(SparkSession session, String... args) {
        Map<String, String> given = parse(args);
        return run(session, given, transformer(given));
    }

    private static PaliGemmaCounters run(
            SparkSession session, Map<String, String> given, PaliGemmaTransformer transformer) {
        PaliGemmaCounters counters = PaliGemmaCounters.register(session);
        Dataset<Row> pictures = session.read()
                .format("binaryFile")
                .option("recursiveFileLookup", "true")
                .option("pathGlobFilter", PICTURES)
                .load(required(given, "input"))
                .select("path", "content");
        Integer partitions = number(given, "partitions");
        if (partitions != null) {
            pictures = pictures.repartition(partitions);
        }
        transformer
                .setCounters(counters)
                .transform(pictures)
                .select("path", "answer.*")
                .write()
                .mode(SaveMode.ErrorIfExists)
                .format(given.getOrDefault("format", "parquet"))
                .save(required(given, "output"));
        LOG.info(
                "{} pictures answered with {} tokens, {} without an answer",
                counters.pictures(),
                counters.tokens(),
                counters.failures());
        return counters;
    }

    private static Map<String, String> parse(String... args) {
        Map<String, String> given = new TreeMap<>();
        for (String each : args) {
            int end = each.indexOf('=');
            String name = end < 0 ? each : each.substring(0, end);
            if (end < 0 || !NAMES.contains(name)) {
                throw wrong("unknown argument '" + name + "', expected name=value");
            }
            if (given.put(name, each.substring(end + 1)) != null) {
                throw wrong("argument " + name + " is given twice");
            }
        }
        List<String> missing = new ArrayList<>(List.of("input", "output", "model"));
        missing.removeAll(given.keySet());
        if (!missing.isEmpty()) {
            throw wrong("missing: " + String.join(", ", missing));
        }
        String format = given.getOrDefault("format", "parquet");
        if (!format.equals("parquet") && !format.equals("json")) {
            throw wrong("format must be parquet or json, not '" + format + "'");
        }
        Integer partitions = number(given, "partitions");
        if (partitions != null && partitions < 1) {
            throw wrong("partitions must be at least 1, got " + partitions);
        }
        return given;
    }

    private static PaliGemmaTransformer transformer(Map<String, String> given) {
        PaliGemmaTransformer transformer = new PaliGemmaTransformer();
        try {
            given.forEach((name, value) -> set(transformer, name, value));
            // Everything that needs no cluster is checked before one is asked for.
            transformer.transformSchema(new org.apache.spark.sql.types.StructType()
                    .add("path", "string")
                    .add("content", "binary"));
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("not a number: " + e.getMessage() + "\n" + USAGE, e);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(e.getMessage() + "\n" + USAGE, e);
        }
        return transformer;
    }

    private static void set(PaliGemmaTransformer transformer, String name, String value) {
        switch (name) {
            case "model" -> transformer.setModel(value);
            case "engine" -> transformer.setEngine(value);
            case "precision" -> transformer.setPrecision(value);
            case "adapter" -> transformer.setAdapter(value);
            case "maskWeights" -> transformer.setMaskWeights(value);
            case "task" -> transformer.setTask(value);
            case "prompt" -> transformer.setPrompt(value);
            case "labels" -> transformer.setLabels(value.split(" *; *", -1));
            case "language" -> transformer.setLanguage(value);
            case "onError" -> transformer.setOnError(value);
            case "batchSize" -> transformer.setBatchSize(Integer.parseInt(value));
            case "threads" -> transformer.setThreads(Integer.parseInt(value));
            case "maxNewTokens" -> transformer.setMaxNewTokens(Integer.parseInt(value));
            case "temperature" -> transformer.setTemperature(Double.parseDouble(value));
            case "seed" -> transformer.setSeed(Long.parseLong(value));
            default -> {
                // Of the job, not of the transformer.
            }
        }
    }

    private static @Nullable Integer number(Map<String, String> given, String name) {
        String value = given.get(name);
        try {
            return value == null ? null : Integer.valueOf(value);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(name + " must be a number, not '" + value + "'\n" + USAGE, e);
        }
    }

    private static String required(Map<String, String> given, String name) {
        String value = given.get(name);
        if (value == null) {
            throw wrong("missing: " + name);
        }
        return value;
    }

    private static IllegalArgumentException wrong(String what) {
        return new IllegalArgumentException(what + "\n" + USAGE);
    }
}
