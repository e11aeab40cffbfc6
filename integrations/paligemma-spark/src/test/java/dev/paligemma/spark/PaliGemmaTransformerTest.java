package dev.paligemma.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.detection.Segment;
import dev.paligemma.spark.examples.SparkExample;
import dev.paligemma.task.Tasks;
import dev.paligemma.tiny.TinyModel;
import dev.paligemma.vision.RgbImage;
import dev.paligemma.vision.mask.CocoRle;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.apache.spark.SparkException;
import org.apache.spark.TaskKilledException;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two tasks at a time in this JVM, with the bundled model. */
class PaliGemmaTransformerTest {
    private static final int PICTURES = 40;
    private static final byte[] DAMAGED = "no picture".getBytes(StandardCharsets.UTF_8);
    private static final StructType CONTENT =
            new StructType().add("path", DataTypes.StringType).add("content", DataTypes.BinaryType);

    @TempDir
    static Path folder;

    private static SparkSession spark;
    private static PaliGemmaPipeline pipeline;
    private static List<byte[]> drawn;

    @BeforeAll
    static void start() {
        spark = SparkSession.builder()
                .master("local[2]")
                .appName("test")
                .config("spark.ui.enabled", "false")
                .config("spark.sql.warehouse.dir", folder.resolve("warehouse").toString())
                .config("spark.sql.shuffle.partitions", "2")
                .getOrCreate();
        pipeline = PaliGemmaPipeline.load(TinyModel.folder());
        drawn = IntStream.range(0, PICTURES)
                .mapToObj(PaliGemmaTransformerTest::draw)
                .toList();
    }

    @AfterAll
    static void stop() {
        pipeline.close();
        spark.stop();
    }

    @Test
    void captionsAreThoseOfOnePipelineAndADamagedPictureIsARowWithItsError() {
        PaliGemmaCounters counters = PaliGemmaCounters.register(spark);
        List<byte[]> contents = new ArrayList<>(drawn);
        contents.add(7, DAMAGED);

        Map<String, Row> answers =
                answers(transformer().setTask("caption").setCounters(counters), contents(contents, 5));

        assertThat(answers).hasSize(PICTURES + 1);
        int tokens = 0;
        for (int i = 0; i < contents.size(); i++) {
            Row answer = answers.get(name(i));
            if (i == 7) {
                assertThat(answer.<String>getAs("error")).isNotBlank();
                assertThat(answer.<String>getAs("text")).isNull();
            } else {
                assertThat(answer.<String>getAs("error")).isNull();
                assertThat(answer.<String>getAs("text")).isEqualTo(pipeline.caption(RgbImage.read(contents.get(i))));
                assertThat(answer.getStruct(answer.fieldIndex("timings")).<Double>getAs("visionMs"))
                        .isPositive();
                tokens += answer.<Integer>getAs("tokens");
            }
        }
        assertThat(counters.pictures()).isEqualTo(PICTURES);
        assertThat(counters.failures()).isEqualTo(1);
        assertThat(counters.tokens()).isEqualTo(tokens);
        assertThat(ExecutorModels.count()).isEqualTo(1);
        assertThat(ExecutorModels.users()).isZero();
    }

    @Test
    void boxesAndMasksAreThoseOfOnePipeline() throws IOException {
        byte[] picture = Files.readAllBytes(TinyModel.picture());
        List<Segment> expected = pipeline.run(Tasks.segment(TinyModel.THING), RgbImage.read(picture))
                .segments();

        Row answer = answers(transformer().setTask("segment").setLabels(TinyModel.THING), contents(List.of(picture), 1))
                .get(name(0));

        List<Row> found = answer.getList(answer.fieldIndex("detections"));
        assertThat(found).hasSameSizeAs(expected).anyMatch(row -> !row.isNullAt(row.fieldIndex("mask")));
        for (int i = 0; i < found.size(); i++) {
            Row row = found.get(i);
            Segment segment = expected.get(i);
            assertThat(row.<String>getAs("label")).isEqualTo(segment.label());
            assertThat(List.of(row.getInt(1), row.getInt(2), row.getInt(3), row.getInt(4)))
                    .containsExactly(
                            segment.pixels().left(),
                            segment.pixels().top(),
                            segment.pixels().right(),
                            segment.pixels().bottom());
            assertThat(row.<Double>getAs("confidence")).isCloseTo(segment.confidence(), within(1e-4));
            Row mask = row.getStruct(row.fieldIndex("mask"));
            assertThat(Optional.ofNullable(mask).map(each -> each.<String>getAs("counts")))
                    .isEqualTo(segment.rle().map(CocoRle::compressed));
        }
    }

    @Test
    void rowsMayHaveTheirOwnQuestionsAndPaths() throws IOException {
        Path picture = Files.write(folder.resolve("own.png"), drawn.get(0));
        StructType schema = new StructType().add("path", DataTypes.StringType).add("question", DataTypes.StringType);
        Dataset<Row> rows = spark.createDataFrame(
                List.of(
                        RowFactory.create(picture.toString(), "what word is written?"),
                        RowFactory.create(picture.toUri().toString(), null),
                        RowFactory.create(folder.resolve("none.png").toString(), "where?")),
                schema);

        List<Row> answers = transformer()
                .setInputCol("path")
                .setPromptCol("question")
                .setTask("answer")
                .transform(rows)
                .select("answer.*")
                .collectAsList();

        assertThat(answers.get(0).<String>getAs("text"))
                .isEqualTo(pipeline.answer(RgbImage.read(picture), "what word is written?"));
        assertThat(answers.get(1).<String>getAs("error")).contains("no prompt");
        assertThat(answers.get(2).<String>getAs("error")).contains("none.png");
    }

    @Test
    void picturesOfSparksImageSourceAreTheSame() throws IOException {
        Path picture =
                Files.write(Files.createDirectory(folder.resolve("image")).resolve("0.png"), drawn.get(1));

        Row answer = transformer()
                .setInputCol("image")
                .transform(spark.read().format("image").load(picture.getParent().toString()))
                .select("answer.*")
                .first();

        assertThat(answer.<String>getAs("text")).isEqualTo(pipeline.caption(RgbImage.read(picture)));
    }

    @Test
    void rowsWithoutAnAnswerAreLeftOutOrFailTheJobAsWished() {
        List<byte[]> contents = List.of(drawn.get(0), DAMAGED);

        assertThat(answers(transformer().setOnError(OnError.DROP), contents(contents, 1)))
                .containsOnlyKeys(name(0));
        PaliGemmaTransformer failing = transformer().setOnError("fail");
        assertThatThrownBy(() -> answers(failing, contents(contents, 1)))
                .isInstanceOf(SparkException.class)
                .hasStackTraceContaining("a row cannot be answered");
        assertThat(ExecutorModels.users()).isZero();
    }

    @Test
    void randomChoicesFollowThePictureAndNotTheOrderOfRows() {
        PaliGemmaTransformer random =
                transformer().setTemperature(3).setSeed(5).setMaxNewTokens(6).setBatchSize(3);
        List<byte[]> contents = drawn.subList(0, 6);

        Map<String, String> once = texts(answers(random, contents(contents, 1)));

        assertThat(texts(answers(random, contents(contents, 3)))).isEqualTo(once);
        assertThat(texts(answers(random.setSeed(6), contents(contents, 1)))).isNotEqualTo(once);
    }

    @Test
    void parametersAreCheckedBeforeAnythingRuns() {
        assertRefused(new PaliGemmaTransformer(), "no model is set");
        assertRefused(transformer().setTask("sing"), "task must be caption");
        assertRefused(transformer().setTask("detect"), "takes labels");
        assertRefused(transformer().setTask("caption").setPrompt("x"), "takes no prompt");
        assertRefused(transformer().setInputCol("nothing"), "there is no column nothing");
        assertRefused(transformer().setOutputCol("path"), "there is a column path already");
        assertRefused(transformer().setOnError("perhaps"), "KEEP, FAIL or DROP");
        assertRefused(transformer().setPrecision("float8"), "float8");
        assertThatThrownBy(() -> transformer().setBatchSize(0)).hasMessageContaining("batchSize");
    }

    @Test
    void aStoredTransformerIsTheSame() throws IOException {
        PaliGemmaTransformer stored =
                transformer().setTask("detect").setLabels("cat", "dog").setBatchSize(3);
        String place = folder.resolve("stored").toString();
        stored.write().save(place);

        PaliGemmaTransformer loaded = PaliGemmaTransformer.load(place);

        assertThat(loaded.uid()).isEqualTo(stored.uid());
        assertThat(loaded.getOrDefault(loaded.labels())).containsExactly("cat", "dog");
        assertThat(loaded.getOrDefault(loaded.batchSize())).isEqualTo(3);
        assertThat(loaded.getOrDefault(loaded.model()))
                .isEqualTo(TinyModel.folder().toString());
        assertThat(loaded.transformSchema(CONTENT)).isEqualTo(stored.transformSchema(CONTENT));
    }

    @Test
    void aKilledTaskStopsBeforeTheNextBatch() {
        PictureColumn pictures = new PictureColumn(
                1,
                PictureColumn.Kind.CONTENT,
                new org.apache.spark.util.SerializableConfiguration(
                        spark.sparkContext().hadoopConfiguration()));
        AnswerSettings settings =
                new AnswerSettings("caption", null, List.of(), "en", 0, 0, null, null, 1, OnError.KEEP);
        ModelKey model = new ModelKey("m", null, dev.paligemma.engine.Precision.FLOAT32, null, null, null);
        PartitionTask task = new PartitionTask(model, settings, pictures, null, PaliGemmaCounters.register(spark));
        List<Row> rows = List.of(RowFactory.create("a", drawn.get(0)), RowFactory.create("b", drawn.get(1)));
        boolean[] killed = new boolean[1];
        PartitionAnswers answers = new PartitionAnswers(task, rows.iterator(), pipeline, () -> killed[0]);

        assertThat(answers.next().length()).isEqualTo(3);
        killed[0] = true;

        assertThatThrownBy(answers::next).isInstanceOf(TaskKilledException.class);
    }

    @Test
    void theJobWritesAnswersOfAFolderAndSaysHowItIsUsed() throws IOException {
        Path input = Files.createDirectories(folder.resolve("job/deep"));
        Files.write(input.resolve("a.PNG"), drawn.get(2));
        Files.write(input.resolve("b.jpg"), DAMAGED);
        Files.write(input.resolve("c.txt"), DAMAGED);
        String model = "model=" + TinyModel.folder();
        String output = folder.resolve("written").toString();

        PaliGemmaCounters counters =
                PaliGemmaJob.run(spark, "input=" + input.getParent(), "output=" + output, model, "partitions=2");

        assertThat(counters.pictures()).isEqualTo(1);
        assertThat(counters.failures()).isEqualTo(1);
        assertThat(spark.read().parquet(output).filter("error is null").first().<String>getAs("text"))
                .isEqualTo(pipeline.caption(RgbImage.read(drawn.get(2))));
        assertThatThrownBy(() -> PaliGemmaJob.main(new String[0]))
                .hasMessageContaining("missing: input, output, model")
                .hasMessageContaining("usage: spark-submit");
        assertThatThrownBy(() -> PaliGemmaJob.main(new String[] {"input=a", "output=b", model, "batchSize=many"}))
                .hasMessageContaining("many");
    }

    @Test
    void theExampleHasARowForEachThing() throws IOException {
        Path pictures = Files.createDirectory(folder.resolve("example"));
        Files.copy(TinyModel.picture(), pictures.resolve("a.png"));

        Dataset<Row> things = SparkExample.things(
                spark, pictures.toString(), TinyModel.folder().toString());

        assertThat(things.select("label").collectAsList().stream().map(row -> row.getString(0)))
                .contains(TinyModel.THING);
    }

    @Test
    void aModelThatCannotBeLoadedFailsTheJobAndNotTheRows() {
        PaliGemmaTransformer wrong =
                new PaliGemmaTransformer().setModel(folder.resolve("no model").toString());
        assertThatThrownBy(() -> answers(wrong, contents(drawn.subList(0, 1), 1)))
                .hasStackTraceContaining("this executor cannot load");
    }

    private static PaliGemmaTransformer transformer() {
        return new PaliGemmaTransformer().setModel(TinyModel.folder().toString());
    }

    private static void assertRefused(PaliGemmaTransformer transformer, String reason) {
        assertThatThrownBy(() -> transformer.transformSchema(CONTENT))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(reason);
    }

    private static Dataset<Row> contents(List<byte[]> contents, int partitions) {
        List<Row> rows = new ArrayList<>();
        for (int i = 0; i < contents.size(); i++) {
            rows.add(RowFactory.create(name(i), contents.get(i)));
        }
        return spark.createDataFrame(rows, CONTENT).repartition(partitions);
    }

    private static Map<String, Row> answers(PaliGemmaTransformer transformer, Dataset<Row> rows) {
        Map<String, Row> answers = new TreeMap<>();
        for (Row row : transformer.transform(rows).collectAsList()) {
            answers.put(row.getAs("path"), row.getStruct(row.fieldIndex("answer")));
        }
        return answers;
    }

    private static Map<String, String> texts(Map<String, Row> answers) {
        Map<String, String> texts = new TreeMap<>();
        answers.forEach((name, answer) -> texts.put(name, answer.getAs("text")));
        return texts;
    }

    private static String name(int number) {
        return "picture " + number;
    }

    private static byte[] draw(int number) {
        Random random = new Random(number);
        BufferedImage image = new BufferedImage(96, 64, BufferedImage.TYPE_INT_RGB);
        Graphics2D canvas = image.createGraphics();
        canvas.setColor(new Color(random.nextInt(1 << 24)));
        canvas.fillRect(0, 0, 96, 64);
        canvas.setColor(new Color(random.nextInt(1 << 24)));
        canvas.fillRect(random.nextInt(48), random.nextInt(32), 16 + random.nextInt(24), 16 + random.nextInt(24));
        canvas.dispose();
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try {
            ImageIO.write(image, "png", out);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toByteArray();
    }
}
