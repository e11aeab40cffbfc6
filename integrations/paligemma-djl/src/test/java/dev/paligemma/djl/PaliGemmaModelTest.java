package dev.paligemma.djl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Device;
import ai.djl.MalformedModelException;
import ai.djl.Model;
import ai.djl.engine.Engine;
import ai.djl.inference.Predictor;
import ai.djl.metric.Metrics;
import ai.djl.modality.cv.Image;
import ai.djl.modality.cv.VisionLanguageInput;
import ai.djl.modality.cv.output.DetectedObjects;
import ai.djl.modality.cv.output.DetectedObjects.DetectedObject;
import ai.djl.modality.cv.output.Mask;
import ai.djl.modality.cv.output.Rectangle;
import ai.djl.nn.Blocks;
import ai.djl.repository.zoo.ModelNotFoundException;
import ai.djl.repository.zoo.ZooModel;
import ai.djl.training.DefaultTrainingConfig;
import ai.djl.training.loss.Loss;
import ai.djl.translate.TranslateException;
import ai.djl.translate.Translator;
import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.checkpoint.config.CheckpointException;
import dev.paligemma.detection.Detection;
import dev.paligemma.detection.DetectionOptions;
import dev.paligemma.detection.DetectionResult;
import dev.paligemma.detection.Segment;
import dev.paligemma.engine.EngineException;
import dev.paligemma.engine.Precision;
import dev.paligemma.task.Tasks;
import dev.paligemma.vision.RgbImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PaliGemmaModelTest {
    private static final String CAPTION = "a blue square and the word cafe";
    private static final String WORD = "cafe";

    private static ZooModel<Image, DetectedObjects> model;
    private static PaliGemmaPipeline pipeline;
    private static Image picture;
    private static RgbImage image;

    @BeforeAll
    static void load() throws Exception {
        picture = TinyCriteria.picture();
        image = RgbImage.read(TinyCriteria.PICTURE);
        model = TinyCriteria.criteria(Image.class, DetectedObjects.class)
                .optTranslator(PaliGemmaTranslators.detect("blue square", "word"))
                .build()
                .loadModel();
        pipeline = ((PaliGemmaModel) model.getWrappedModel()).pipeline();
    }

    @AfterAll
    static void close() {
        model.close();
    }

    @Test
    void findsWhatThePipelineFinds() throws Exception {
        DetectionResult expected = pipeline.detect(image, "blue square", "word");

        try (Predictor<Image, DetectedObjects> predictor = model.newPredictor()) {
            DetectedObjects found = predictor.predict(picture);

            assertThat(expected.detections()).hasSize(2);
            assertSameBoxes(found, expected.detections());
        }
    }

    @Test
    void keepsTheBoxesThatTheOptionsKeep() throws Exception {
        DetectionOptions none = DetectionOptions.defaults().withMinConfidence(1);

        assertThat(predict(PaliGemmaTranslators.detect(List.of("word"), none), picture)
                        .getNumberOfObjects())
                .isZero();
    }

    @Test
    void findsTheCandidatesOfEachInput() throws Exception {
        DetectedObjects found = predict(
                PaliGemmaTranslators.candidates(), new VisionLanguageInput(picture, new String[] {"blue square"}));

        assertSameBoxes(found, pipeline.detect(image, "blue square").detections());
    }

    @Test
    void masksAreThoseOfThePipeline() throws Exception {
        List<Segment> expected = pipeline.segment(image, "blue square").segments();

        DetectedObjects found = predict(PaliGemmaTranslators.segment("blue square"), picture);

        assertThat(expected).hasSize(1);
        assertSameBoxes(found, expected.stream().map(Segment::detection).toList());
        DetectedObject square = found.item(0);
        assertThat(square.getBoundingBox()).isInstanceOf(Mask.class);
        float[][] rows = ((Mask) square.getBoundingBox()).getProbDist();
        for (int row = 0; row < rows.length; row++) {
            for (int column = 0; column < rows[row].length; column++) {
                assertThat(rows[row][column])
                        .isEqualTo(expected.get(0).mask().orElseThrow().probability(row, column));
            }
        }
    }

    @Test
    void writesText() throws Exception {
        assertThat(predict(PaliGemmaTranslators.text(Tasks.caption("en")), picture))
                .isEqualTo(CAPTION);
        assertThat(predict(
                        PaliGemmaTranslators.text(Tasks.caption("en").with(request -> request.maxNewTokens(1))),
                        picture))
                .isEqualTo("a");
        assertThat(predict(
                        PaliGemmaTranslators.prompted(),
                        new VisionLanguageInput(picture, "answer en what word is written?")))
                .isEqualTo(WORD);
    }

    @Test
    void doesAnythingElseWithThePipeline() throws Exception {
        Translator<Image, Integer> tokens = PaliGemmaTranslators.of((loaded, input) ->
                loaded.encode(DjlConversions.toRgbImage(input)).imageWidth(0));

        assertThat(predict(tokens, picture)).isEqualTo(image.width());
    }

    @Test
    void batchesAreAnsweredInOrderAndMeasured() throws Exception {
        try (Predictor<VisionLanguageInput, String> predictor = model.newPredictor(PaliGemmaTranslators.prompted())) {
            Metrics metrics = new Metrics();
            predictor.setMetrics(metrics);

            assertThat(predictor.batchPredict(List.of(
                            new VisionLanguageInput(picture, "caption en"), new VisionLanguageInput(picture, "ocr"))))
                    .containsExactly(CAPTION, WORD);
            assertThat(metrics.getMetric("Inference")).hasSize(2);
        }
    }

    @Test
    void predictorsOfManyThreadsShareTheModel() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try (Predictor<Image, String> shared = model.newPredictor(PaliGemmaTranslators.text(Tasks.ocr()))) {
            Callable<String> ofItsOwn = () -> predict(PaliGemmaTranslators.text(Tasks.ocr()), picture);
            Callable<String> ofAll = () -> shared.predict(picture);
            for (Future<String> answer : threads.invokeAll(Stream.generate(() -> List.of(ofItsOwn, ofAll))
                    .limit(6)
                    .flatMap(List::stream)
                    .toList())) {
                assertThat(answer.get()).isEqualTo(WORD);
            }
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void optionsReachThePipeline(@TempDir Path cache) throws Exception {
        try (ZooModel<Image, DetectedObjects> small = TinyCriteria.criteria(Image.class, DetectedObjects.class)
                .optOption("precision", "int8")
                .optOption("engine", "onnx")
                .optOption("maxConcurrentRequests", "2")
                .optOption("cacheDirectory", cache.toString())
                .optOption("finalSoftcap", "off")
                .optOption(
                        "maskWeights",
                        TinyCriteria.FOLDER.resolve("vae-oid.npz").toString())
                .optModelName("tiny")
                .optTranslator(PaliGemmaTranslators.detect("word"))
                .build()
                .loadModel()) {
            PaliGemmaPipeline loaded = ((PaliGemmaModel) small.getWrappedModel()).pipeline();

            assertThat(loaded.info().options().precision()).isEqualTo(Precision.INT8);
            assertThat(loaded.info().options().threads()).isEqualTo(1);
            assertThat(cache).isNotEmptyDirectory();
            assertThat(small.getName()).isEqualTo("tiny");
        }
    }

    @Test
    void unknownOptionsAreRefusedByName() {
        assertRefused(Map.of("precison", "int8"), "precison", "maxConcurrentRequests");
        assertRefused(Map.of("precision", "int9"), "int9", "int8");
        assertRefused(Map.of("threads", "many"), "threads", "many");
        assertRefused(Map.of("threads", "0"), "threads", "0");
        assertRefused(Map.of("finalSoftcap", "on"), "finalSoftcap", "config", "off", "on");
    }

    private static void assertRefused(Map<String, String> options, String... words) {
        try (Model fresh = fresh()) {
            assertThatThrownBy(() -> fresh.load(TinyCriteria.FOLDER, null, options))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContainingAll(words);
        }
    }

    @Test
    void missingEngineIsAnEngineExceptionOfDjl() {
        try (Model fresh = fresh()) {
            assertThatThrownBy(() -> fresh.load(TinyCriteria.FOLDER, null, Map.of("engine", "abacus")))
                    .isInstanceOf(ai.djl.engine.EngineException.class)
                    .hasMessageContaining("abacus")
                    .hasCauseInstanceOf(EngineException.class);
        }
    }

    @Test
    void damagedCheckpointIsMalformed(@TempDir Path folder) throws IOException {
        Files.copy(TinyCriteria.FOLDER.resolve("config.json"), folder.resolve("config.json"));
        Files.writeString(folder.resolve("model.safetensors"), "?");

        assertThatThrownBy(() -> TinyCriteria.criteria(Image.class, DetectedObjects.class)
                        .optModelPath(folder)
                        .optTranslator(PaliGemmaTranslators.detect("word"))
                        .build()
                        .loadModel())
                .isInstanceOf(MalformedModelException.class)
                .hasMessageContaining(folder.toString())
                .hasCauseInstanceOf(CheckpointException.class);
    }

    @Test
    void missingFolderIsAModelThatIsNotFound(@TempDir Path folder) {
        assertThatThrownBy(() -> TinyCriteria.criteria(Image.class, DetectedObjects.class)
                        .optModelPath(folder.resolve("nothing"))
                        .optTranslator(PaliGemmaTranslators.detect("word"))
                        .build()
                        .loadModel())
                .isInstanceOf(ModelNotFoundException.class);
    }

    @Test
    void inputsWithoutWhatIsNeededAreTranslateExceptions() {
        assertThatThrownBy(() ->
                        predict(PaliGemmaTranslators.prompted(), new VisionLanguageInput(picture, new String[] {"a"})))
                .isInstanceOf(TranslateException.class)
                .hasRootCauseInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("text");
        assertThatThrownBy(() -> predict(PaliGemmaTranslators.candidates(), new VisionLanguageInput(picture, "word")))
                .isInstanceOf(TranslateException.class)
                .hasMessageContaining("candidates");
        assertThatThrownBy(() -> predict(PaliGemmaTranslators.prompted(), new VisionLanguageInput(null, "ocr")))
                .isInstanceOf(TranslateException.class)
                .hasMessageContaining("image");
        assertThatThrownBy(() -> predict(PaliGemmaTranslators.text(Tasks.ocr()), null))
                .isInstanceOf(TranslateException.class)
                .hasMessageContaining("input");
    }

    @Test
    void labelsAndLimitsAreCheckedBeforeAnythingIsLoaded() {
        assertThatThrownBy(() -> PaliGemmaTranslators.detect()).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> PaliGemmaTranslators.segment("a;b")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> PaliGemmaTranslators.text(Tasks.ocr().with(request -> request.maxNewTokens(0))))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void closingTheModelClosesThePipeline() throws Exception {
        ZooModel<Image, String> other = TinyCriteria.criteria(Image.class, String.class)
                .optTranslator(PaliGemmaTranslators.text(Tasks.ocr()))
                .build()
                .loadModel();
        Predictor<Image, String> predictor = other.newPredictor();
        assertThat(predictor.predict(picture)).isEqualTo(WORD);

        other.close();
        other.close();

        assertThatThrownBy(() -> predictor.predict(picture))
                .isInstanceOf(TranslateException.class)
                .hasCauseInstanceOf(IllegalStateException.class);
    }

    @Test
    void translatorOfAModelOfAnotherEngineSaysWhatToAskFor() {
        try (Model remote = Model.newInstance("remote", "RPC");
                Predictor<Image, String> predictor = remote.newPredictor(PaliGemmaTranslators.text(Tasks.ocr()))) {
            assertThatThrownBy(() -> predictor.predict(picture))
                    .isInstanceOf(TranslateException.class)
                    .hasMessageContaining("optEngine");
        }
    }

    @Test
    void isLoadedOnceAndUsedLoaded() {
        assertThatThrownBy(() -> ((PaliGemmaModel) model.getWrappedModel()).load(TinyCriteria.FOLDER))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("is loaded");
        try (Model fresh = fresh()) {
            assertThatThrownBy(() -> ((PaliGemmaModel) fresh).pipeline())
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("not loaded");
        }
    }

    @Test
    void isNeitherTrainedNorSavedNorMoved(@TempDir Path folder) {
        Model loaded = model.getWrappedModel();

        assertThatThrownBy(() -> loaded.newTrainer(new DefaultTrainingConfig(Loss.l2Loss())))
                .isInstanceOf(UnsupportedOperationException.class);
        assertThatThrownBy(() -> loaded.save(folder, "other")).isInstanceOf(UnsupportedOperationException.class);
        assertThatThrownBy(() -> loaded.setBlock(Blocks.identityBlock()))
                .isInstanceOf(UnsupportedOperationException.class);
        assertThatThrownBy(() -> model.newPredictor(Device.gpu()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("gpu");
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void describesItself() {
        assertThat(model.describeInput().size()).isZero();
        assertThat(model.describeOutput().size()).isZero();
        assertThat(model.getModelPath()).isEqualTo(TinyCriteria.FOLDER.toAbsolutePath());
        assertThat(model.getNDManager().getEngine())
                .isSameAs(Engine.getEngine("PaliGemma"))
                .satisfies(engine -> assertThat(engine.getVersion()).isNotBlank());
    }

    private static Model fresh() {
        return Model.newInstance("fresh", PaliGemmaEngineProvider.NAME);
    }

    private static <I, O> O predict(Translator<I, O> translator, I input) throws TranslateException {
        try (Predictor<I, O> predictor = model.newPredictor(translator)) {
            return predictor.predict(input);
        }
    }

    private static void assertSameBoxes(DetectedObjects found, List<Detection> expected) {
        List<DetectedObject> items = found.items();
        assertThat(items).hasSameSizeAs(expected);
        for (int i = 0; i < items.size(); i++) {
            Detection thing = expected.get(i);
            assertThat(items.get(i).getClassName()).isEqualTo(thing.label());
            assertThat(items.get(i).getProbability())
                    .isEqualTo(thing.confidence())
                    .isBetween(0.01, 1.0);
            Rectangle box = items.get(i).getBoundingBox().getBounds();
            assertThat(List.of(box.getX(), box.getY(), box.getWidth(), box.getHeight()))
                    .containsExactly(
                            thing.box().left(),
                            thing.box().top(),
                            thing.box().width(),
                            thing.box().height());
        }
    }
}
