package dev.paligemma.spark;

import dev.paligemma.engine.Precision;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import org.apache.spark.ml.Transformer;
import org.apache.spark.ml.param.DoubleParam;
import org.apache.spark.ml.param.IntParam;
import org.apache.spark.ml.param.LongParam;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.param.ParamValidators;
import org.apache.spark.ml.param.StringArrayParam;
import org.apache.spark.ml.util.DefaultParamsReadable;
import org.apache.spark.ml.util.DefaultParamsWritable;
import org.apache.spark.ml.util.Identifiable$;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.SerializableConfiguration;
import org.jspecify.annotations.Nullable;

/**
 * Adds a column of answers about pictures to a DataFrame.
 *
 * <pre>{@code
 * Dataset<Row> pictures = spark.read().format("binaryFile").load("/data/pictures");
 * Dataset<Row> answers = new PaliGemmaTransformer()
 *         .setModel("google/paligemma2-3b-mix-224")
 *         .setPrecision("int8")
 *         .setTask("detect")
 *         .setLabels("cat", "dog")
 *         .transform(pictures);
 * answers.select("path", "answer.text", "answer.detections", "answer.error").write().parquet("/data/answers");
 * }</pre>
 *
 * <p>The input column holds bytes of picture files ({@code binary}), their paths ({@code string}), or pictures of Spark's data
 * source {@code image}. The output column is a struct:
 *
 * <ul>
 *   <li>{@code text}: the answer, with codes of boxes and masks as the model wrote them
 *   <li>{@code detections}: boxes of tasks {@code detect} and {@code segment}: {@code label, left, top, right, bottom} in
 *       pixels, {@code confidence} 0 to 1, {@code mask} in COCO's run-length format: {@code width, height, counts}
 *   <li>{@code logProbability}, {@code tokens}, {@code finishReason} of the text
 *   <li>{@code timings}: {@code preprocessMs, visionMs, prefillMs, decodeMs}
 *   <li>{@code error}: why there is no answer; null if there is one
 * </ul>
 *
 * <p>Nothing runs before an action. Each executor then loads the model once for each device, and its tasks share it. A task that
 * Spark gave a GPU uses that one; the others use the CPU. Setters check at {@link #transformSchema}, not before.
 */
public final class PaliGemmaTransformer extends Transformer implements DefaultParamsWritable {
    private static final long serialVersionUID = 1L;

    private final String uid;
    private final Param<String> inputCol;
    private final Param<String> outputCol;
    private final Param<String> promptCol;
    private final Param<String> model;
    private final Param<String> engine;
    private final Param<String> precision;
    private final Param<String> adapter;
    private final Param<String> maskWeights;
    private final Param<String> task;
    private final Param<String> prompt;
    private final Param<String> language;
    private final Param<String> onError;
    private final StringArrayParam labels;
    private final IntParam batchSize;
    private final IntParam threads;
    private final IntParam maxNewTokens;
    private final DoubleParam temperature;
    private final LongParam seed;
    private transient @Nullable PaliGemmaCounters counters;

    /** A transformer that describes the pictures in the column {@code content} in the column {@code answer}. */
    public PaliGemmaTransformer() {
        this(Identifiable$.MODULE$.randomUID("paligemma"));
    }

    /** As the other one, with an identity of its own; Spark loads stored ones by it. */
    public PaliGemmaTransformer(String uid) {
        this.uid = Objects.requireNonNull(uid, "uid");
        // Not where they are declared: each takes the identity.
        inputCol = text("inputCol", "the column of pictures");
        outputCol = text("outputCol", "the column of answers to add");
        promptCol = text("promptCol", "the column of prompts, questions or labels");
        model = text("model", "a folder that every node has, or a name of the hub");
        engine = text("engine", "the engine that computes");
        precision = text("precision", "float32, bfloat16, int8 or int4");
        adapter = text("adapter", "an adapter: a folder that every node has, or a name of the hub");
        maskWeights = text("maskWeights", "the file of the mask decoder, on every node");
        task = text("task", AnswerSettings.TASKS);
        prompt = text("prompt", "the prompt or question about each picture");
        language = text("language", "the language of captions and answers");
        onError = text("onError", "KEEP, FAIL or DROP rows that have no answer");
        labels = new StringArrayParam(this, "labels", "what to find");
        batchSize = new IntParam(this, "batchSize", "how many pictures are answered together", ParamValidators.gtEq(1));
        threads = new IntParam(this, "threads", "threads of the engine in each executor", ParamValidators.gtEq(1));
        maxNewTokens = new IntParam(this, "maxNewTokens", "the most tokens of an answer", ParamValidators.gtEq(1));
        temperature = new DoubleParam(this, "temperature", "0 for the most likely token", ParamValidators.gtEq(0));
        seed = new LongParam(this, "seed", "of the random choice, mixed with picture and prompt");
        setDefault(inputCol, "content");
        setDefault(outputCol, "answer");
        setDefault(precision, "float32");
        setDefault(language, "en");
        setDefault(onError, OnError.KEEP.name());
        setDefault(batchSize, 8);
        setDefault(temperature, 0.0);
        setDefault(seed, 0L);
    }

    /** Reads one that was stored by {@code write().save(path)}. */
    public static PaliGemmaTransformer load(String path) {
        return new Reader().load(Objects.requireNonNull(path, "path"));
    }

    private static final class Reader implements DefaultParamsReadable<PaliGemmaTransformer> {}

    private Param<String> text(String name, String meaning) {
        return new Param<>(this, name, meaning);
    }

    /** The column of pictures; {@code content} by default, as the source {@code binaryFile} calls it. */
    public PaliGemmaTransformer setInputCol(String column) {
        return with(inputCol, column);
    }

    /** The column of answers to add; {@code answer} by default. */
    public PaliGemmaTransformer setOutputCol(String column) {
        return with(outputCol, column);
    }

    /** The column with a prompt, a question, or labels between semicolons for each picture. */
    public PaliGemmaTransformer setPromptCol(String column) {
        return with(promptCol, column);
    }

    /** The model: a folder that every node has, or a name of the hub, which each node downloads into its own cache. */
    public PaliGemmaTransformer setModel(String folderOrName) {
        return with(model, folderOrName);
    }

    /** The engine; by default the one that device and precision choose. */
    public PaliGemmaTransformer setEngine(String name) {
        return with(engine, name);
    }

    /** The precision; {@code float32} by default. */
    public PaliGemmaTransformer setPrecision(String name) {
        return with(precision, name);
    }

    /** An adapter for every answer: a folder that every node has, or a name of the hub. */
    public PaliGemmaTransformer setAdapter(String folderOrName) {
        return with(adapter, folderOrName);
    }

    /** The file of the mask decoder, which every node must have; by default the one beside the model. */
    public PaliGemmaTransformer setMaskWeights(String file) {
        return with(maskWeights, file);
    }

    /**
     * The task: {@code caption}, {@code cap}, {@code describe}, {@code ocr}, {@code text}, {@code answer}, {@code detect} or
     * {@code segment}. By default {@code text} if there is a prompt or a column of them, {@code detect} if there are labels,
     * {@code caption} if there is neither.
     */
    public PaliGemmaTransformer setTask(String name) {
        return with(task, name);
    }

    /** The prompt of task {@code text} or the question of {@code answer}, for every picture. */
    public PaliGemmaTransformer setPrompt(String text) {
        return with(prompt, text);
    }

    /** What tasks {@code detect} and {@code segment} are to find. */
    public PaliGemmaTransformer setLabels(String... names) {
        return with(labels, names.clone());
    }

    /** The language of captions and answers; {@code en} by default. */
    public PaliGemmaTransformer setLanguage(String code) {
        return with(language, code);
    }

    /** What becomes of rows without an answer; they are kept by default. */
    public PaliGemmaTransformer setOnError(OnError choice) {
        return with(onError, choice.name());
    }

    /** As {@link #setOnError(OnError)}, by name in any case: for Python. */
    public PaliGemmaTransformer setOnError(String choice) {
        return with(onError, choice);
    }

    /** How many pictures of a partition are answered together; 8 by default. */
    public PaliGemmaTransformer setBatchSize(int pictures) {
        return with(batchSize, pictures);
    }

    /** Threads of the engine in each executor; by default {@code spark.executor.cores}, or all cores if it is not set. */
    public PaliGemmaTransformer setThreads(int count) {
        return with(threads, count);
    }

    /** The most tokens of an answer; by default as many as the task allows. */
    public PaliGemmaTransformer setMaxNewTokens(int count) {
        return with(maxNewTokens, count);
    }

    /** How freely tokens are chosen; 0, the default, takes the most likely one. */
    public PaliGemmaTransformer setTemperature(double value) {
        return with(temperature, value);
    }

    /**
     * The seed of the random choice; 0 by default. Each row mixes it with its picture, or the path of it, and its prompt: the
     * order of rows and the number of partitions make no difference.
     */
    public PaliGemmaTransformer setSeed(long value) {
        return with(seed, value);
    }

    /** Counts into these from now on. They are no parameter and not stored; without them each call registers new ones. */
    public PaliGemmaTransformer setCounters(PaliGemmaCounters newCounters) {
        counters = Objects.requireNonNull(newCounters, "newCounters");
        return this;
    }

    private <T> PaliGemmaTransformer with(Param<? super T> param, T value) {
        set(param, Objects.requireNonNull(value, param.name()));
        return this;
    }

    /** The parameter of {@link #setInputCol}. */
    public Param<String> inputCol() {
        return inputCol;
    }

    /** The parameter of {@link #setOutputCol}. */
    public Param<String> outputCol() {
        return outputCol;
    }

    /** The parameter of {@link #setPromptCol}. */
    public Param<String> promptCol() {
        return promptCol;
    }

    /** The parameter of {@link #setModel}. */
    public Param<String> model() {
        return model;
    }

    /** The parameter of {@link #setEngine}. */
    public Param<String> engine() {
        return engine;
    }

    /** The parameter of {@link #setPrecision}. */
    public Param<String> precision() {
        return precision;
    }

    /** The parameter of {@link #setAdapter}. */
    public Param<String> adapter() {
        return adapter;
    }

    /** The parameter of {@link #setMaskWeights}. */
    public Param<String> maskWeights() {
        return maskWeights;
    }

    /** The parameter of {@link #setTask}. */
    public Param<String> task() {
        return task;
    }

    /** The parameter of {@link #setPrompt}. */
    public Param<String> prompt() {
        return prompt;
    }

    /** The parameter of {@link #setLabels}. */
    public StringArrayParam labels() {
        return labels;
    }

    /** The parameter of {@link #setLanguage}. */
    public Param<String> language() {
        return language;
    }

    /** The parameter of {@link #setOnError(OnError)}. */
    public Param<String> onError() {
        return onError;
    }

    /** The parameter of {@link #setBatchSize}. */
    public IntParam batchSize() {
        return batchSize;
    }

    /** The parameter of {@link #setThreads}. */
    public IntParam threads() {
        return threads;
    }

    /** The parameter of {@link #setMaxNewTokens}. */
    public IntParam maxNewTokens() {
        return maxNewTokens;
    }

    /** The parameter of {@link #setTemperature}. */
    public DoubleParam temperature() {
        return temperature;
    }

    /** The parameter of {@link #setSeed}. */
    public LongParam seed() {
        return seed;
    }

    @Override
    public String uid() {
        return uid;
    }

    @Override
    public PaliGemmaTransformer copy(ParamMap extra) {
        PaliGemmaTransformer copy = defaultCopy(extra);
        copy.counters = counters;
        return copy;
    }

    /**
     * Checks the parameters against the columns of a DataFrame.
     *
     * @throws IllegalArgumentException if a column is missing or of another type, the output column exists, or parameters do
     *     not go together
     */
    @Override
    public StructType transformSchema(StructType schema) {
        column(schema, inputCol);
        PictureColumn.Kind unused = kind(schema);
        String output = getOrDefault(outputCol);
        if (Arrays.asList(schema.fieldNames()).contains(output)) {
            throw new IllegalArgumentException(
                    "there is a column " + output + " already: choose another outputCol, or drop it");
        }
        if (isDefined(promptCol)) {
            DataType type = schema.fields()[column(schema, promptCol)].dataType();
            if (!type.equals(DataTypes.StringType)) {
                throw new IllegalArgumentException("column " + getOrDefault(promptCol) + " of prompts has the type "
                        + type.simpleString() + ", expected string");
            }
        }
        settings().check(isDefined(promptCol));
        ModelKey unusedKey = key();
        return schema.add(output, AnswerRows.ANSWER);
    }

    @Override
    public Dataset<Row> transform(Dataset<?> dataset) {
        StructType schema = dataset.schema();
        StructType result = transformSchema(schema);
        SparkSession session = dataset.sparkSession();
        PictureColumn pictures = new PictureColumn(
                column(schema, inputCol),
                kind(schema),
                new SerializableConfiguration(session.sparkContext().hadoopConfiguration()));
        PartitionTask work = new PartitionTask(
                key(),
                settings(),
                pictures,
                isDefined(promptCol) ? column(schema, promptCol) : null,
                counters == null ? PaliGemmaCounters.register(session) : counters);
        return dataset.toDF().mapPartitions(work, Encoders.row(result));
    }

    private PictureColumn.Kind kind(StructType schema) {
        return PictureColumn.kindOf(getOrDefault(inputCol), schema.fields()[column(schema, inputCol)].dataType());
    }

    private int column(StructType schema, Param<String> param) {
        String name = getOrDefault(param);
        int index = Arrays.asList(schema.fieldNames()).indexOf(name);
        if (index < 0) {
            throw new IllegalArgumentException("there is no column " + name + ", which " + param.name()
                    + " names; there are " + String.join(", ", schema.fieldNames()));
        }
        return index;
    }

    private ModelKey key() {
        if (!isDefined(model)) {
            throw new IllegalArgumentException("no model is set: a folder that every node has, or a name of the hub");
        }
        return new ModelKey(
                getOrDefault(model),
                orNull(engine),
                Precision.parse(getOrDefault(precision)),
                orNull(adapter),
                orNull(maskWeights),
                isDefined(threads) ? (Integer) getOrDefault(threads) : null);
    }

    private AnswerSettings settings() {
        return new AnswerSettings(
                isDefined(task) ? getOrDefault(task) : usualTask(),
                orNull(prompt),
                isDefined(labels) ? List.of(getOrDefault(labels)) : List.of(),
                getOrDefault(language),
                (Double) getOrDefault(temperature),
                (Long) getOrDefault(seed),
                isDefined(maxNewTokens) ? (Integer) getOrDefault(maxNewTokens) : null,
                orNull(adapter),
                (Integer) getOrDefault(batchSize),
                choice());
    }

    private OnError choice() {
        String name = getOrDefault(onError);
        try {
            return OnError.valueOf(name.toUpperCase(Locale.ROOT));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("onError must be KEEP, FAIL or DROP, not '" + name + "'", e);
        }
    }

    private String usualTask() {
        if (isDefined(labels)) {
            return "detect";
        }
        return isDefined(prompt) || isDefined(promptCol) ? "text" : "caption";
    }

    private @Nullable String orNull(Param<String> param) {
        return isDefined(param) ? getOrDefault(param) : null;
    }
}
