package dev.paligemma.djl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Model;
import ai.djl.inference.Predictor;
import ai.djl.modality.Classifications;
import ai.djl.modality.Input;
import ai.djl.modality.Output;
import ai.djl.modality.cv.Image;
import ai.djl.modality.cv.VisionLanguageInput;
import ai.djl.modality.cv.output.DetectedObjects;
import ai.djl.modality.cv.output.Mask;
import ai.djl.repository.zoo.Criteria;
import ai.djl.repository.zoo.ModelNotFoundException;
import ai.djl.repository.zoo.ZooModel;
import ai.djl.translate.TranslateException;
import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.vision.RgbImage;
import dev.paligemma.vision.format.ImageException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PaliGemmaTranslatorFactoryTest {
    private static final String CAPTION = "a blue square and the word cafe";
    private static final String WORD = "cafe";

    private static final PaliGemmaTranslatorFactory FACTORY = new PaliGemmaTranslatorFactory();

    private static Model model;
    private static Image picture;

    @BeforeAll
    static void load() throws Exception {
        picture = TinyCriteria.picture();
        model = Model.newInstance("tiny", PaliGemmaEngineProvider.NAME);
        model.load(TinyCriteria.FOLDER, null, Map.of("threads", "1"));
    }

    @AfterAll
    static void close() {
        model.close();
    }

    @Test
    void findsLabelsGivenAsListArrayOrText() throws Exception {
        List<Object> given =
                List.of(List.of("blue square", "word"), new String[] {"blue square", "word"}, " blue square ;word");
        for (Object labels : given) {
            DetectedObjects found = predict(Image.class, DetectedObjects.class, Map.of("labels", labels), picture);

            assertThat(found.getClassNames()).containsExactly("blue square", "word");
        }
    }

    @Test
    void segmentsIfAskedTo() throws Exception {
        DetectedObjects found = predict(
                Image.class, DetectedObjects.class, Map.of("task", "segment", "labels", "blue square"), picture);

        assertThat(found.<DetectedObjects.DetectedObject>item(0).getBoundingBox())
                .isInstanceOf(Mask.class);
    }

    @Test
    void writesTextOfATaskOrPrompt() throws Exception {
        assertThat(predict(Image.class, String.class, Map.of(), picture)).isEqualTo(CAPTION);
        assertThat(predict(Image.class, String.class, Map.of("maxNewTokens", 2), picture))
                .isEqualTo("a blue");
        assertThat(predict(Image.class, String.class, Map.of("task", "ocr", "engine", "PaliGemma"), picture))
                .isEqualTo(WORD);
        assertThat(predict(Image.class, String.class, Map.of("prompt", "answer en what word is written?"), picture))
                .isEqualTo(WORD);
    }

    @Test
    void takesPromptOrLabelsWithThePicture() throws Exception {
        assertThat(predict(VisionLanguageInput.class, String.class, Map.of(), new VisionLanguageInput(picture, "ocr")))
                .isEqualTo(WORD);
        assertThat(predict(
                                VisionLanguageInput.class,
                                DetectedObjects.class,
                                Map.of(),
                                new VisionLanguageInput(picture, new String[] {"word"}))
                        .getClassNames())
                .containsExactly("word");
    }

    @Test
    void takesATaskAndALimitWithThem() throws Exception {
        DetectedObjects found = predict(
                VisionLanguageInput.class,
                DetectedObjects.class,
                Map.of("task", "segment"),
                new VisionLanguageInput(picture, new String[] {"blue square"}));

        assertThat(found.<DetectedObjects.DetectedObject>item(0).getBoundingBox())
                .isInstanceOf(Mask.class);
        assertThat(predict(
                        VisionLanguageInput.class,
                        String.class,
                        Map.of("maxNewTokens", "2"),
                        new VisionLanguageInput(picture, "caption en")))
                .isEqualTo("a blue");
    }

    @Test
    void servesTextAsJson() throws Exception {
        assertThat(serve(Map.of("task", "ocr"), picture(null))).isEqualTo("{\"text\":\"cafe\"}");
        assertThat(serve(Map.of("task", "ocr"), picture("caption en"))).isEqualTo("{\"text\":\"" + CAPTION + "\"}");
        Input byProperty = picture(null);
        byProperty.addProperty("text", "ocr");
        assertThat(serve(Map.of(), byProperty)).isEqualTo("{\"text\":\"cafe\"}");
    }

    @Test
    void servesBoxesAsJson() throws Exception {
        Input unnamed = new Input();
        unnamed.add(Files.readAllBytes(TinyCriteria.PICTURE));

        assertThat(serve(Map.of("task", "detect", "labels", "word"), unnamed))
                .startsWith("[{")
                .contains("\"className\":\"word\"")
                .doesNotContain("blue square");
        assertThat(serve(Map.of("task", "detect"), picture("word; blue square")))
                .contains("\"word\"", "\"blue square\"");
        assertThat(serve(Map.of("task", "segment", "labels", "blue square"), picture(null)))
                .contains("\"mask\"");
    }

    @Test
    void servedAddressesAreNotFollowed() {
        Input address = new Input();
        address.add("image", TinyCriteria.PICTURE.toUri().toString());

        assertThatThrownBy(() -> serve(Map.of("task", "ocr"), address))
                .isInstanceOf(TranslateException.class)
                .hasCauseInstanceOf(ImageException.class);
    }

    @Test
    void servedInputsWithoutWhatIsNeededAreRefused() {
        assertThatThrownBy(() -> serve(Map.of("task", "ocr"), new Input()))
                .isInstanceOf(TranslateException.class)
                .hasMessageContaining("no content");
        assertThatThrownBy(() -> serve(Map.of("task", "detect"), picture(null)))
                .isInstanceOf(TranslateException.class)
                .hasMessageContaining("labels");
    }

    @Test
    void argumentsThatAreNoneAreRefused() {
        assertRefused(Image.class, DetectedObjects.class, Map.of(), "labels");
        assertRefused(Image.class, DetectedObjects.class, Map.of("labels", "a;;b"), "blank");
        assertRefused(Image.class, DetectedObjects.class, Map.of("labels", "a", "task", "caption"), "caption");
        assertRefused(Image.class, String.class, Map.of("task", "detect"), "detect");
        assertRefused(Image.class, String.class, Map.of("task", "ocr", "prompt", "ocr"), "exclude");
        assertRefused(Image.class, String.class, Map.of("language", "EN!"), "EN!");
        assertRefused(Image.class, String.class, Map.of("maxNewTokens", "-1"), "-1");
        assertRefused(Input.class, Output.class, Map.of("task", "detect", "labels", ""), "blank");
        assertRefused(Input.class, Output.class, Map.of("task", "sing"), "sing");
        assertRefused(VisionLanguageInput.class, String.class, Map.of("task", "ocr"), "ocr");
        assertRefused(VisionLanguageInput.class, DetectedObjects.class, Map.of("task", "ocr"), "ocr");
        assertRefused(Image.class, Classifications.class, Map.of(), "Classifications");
    }

    private static <I, O> void assertRefused(Class<I> input, Class<O> output, Map<String, ?> arguments, String word) {
        Model given = Model.newInstance("given", PaliGemmaEngineProvider.NAME);

        assertThatThrownBy(() -> FACTORY.newInstance(input, output, given, arguments))
                .isInstanceOf(TranslateException.class)
                .hasMessageContaining(word)
                .hasCauseInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void modelWithoutTranslatorIsClosedSinceDjlForgetsIt() throws Exception {
        PaliGemmaModel given = (PaliGemmaModel) Model.newInstance("given", PaliGemmaEngineProvider.NAME);
        given.load(TinyCriteria.FOLDER, null, Map.of("threads", "1"));
        PaliGemmaPipeline pipeline = given.pipeline();

        assertThatThrownBy(() -> FACTORY.newInstance(Image.class, DetectedObjects.class, given, Map.of()))
                .isInstanceOf(TranslateException.class);

        assertThatThrownBy(() -> pipeline.ocr(RgbImage.read(TinyCriteria.PICTURE)))
                .isInstanceOf(IllegalStateException.class);
    }

    @Test
    void modelsOfOtherEnginesAreRefused() {
        Model remote = Model.newInstance("remote", "RPC");

        assertThatThrownBy(() -> FACTORY.newInstance(Image.class, String.class, remote, Map.of()))
                .isInstanceOf(TranslateException.class)
                .hasMessageContaining("optEngine");
    }

    @Test
    void isFoundByTheNamesInServingProperties(@TempDir Path folder) throws Exception {
        for (String name : List.of("config.json", "model.safetensors", "preprocessor_config.json", "tokenizer.json")) {
            Files.copy(TinyCriteria.FOLDER.resolve(name), folder.resolve(name));
        }
        Files.write(folder.resolve("serving.properties"), List.of("engine=PaliGemma", "option.threads=1", "task=ocr"));
        Criteria<Image, String> criteria = Criteria.builder()
                .setTypes(Image.class, String.class)
                .optModelPath(folder)
                .optArgument("translatorFactory", PaliGemmaTranslatorFactory.class.getName())
                .build();

        try (ZooModel<Image, String> served = criteria.loadModel();
                Predictor<Image, String> predictor = served.newPredictor()) {
            assertThat(predictor.predict(picture)).isEqualTo(WORD);
        }
    }

    @Test
    void wrongArgumentOfACriteriaIsAModelThatIsNotFound() {
        assertThatThrownBy(() -> TinyCriteria.criteria(Image.class, DetectedObjects.class)
                        .optTranslatorFactory(FACTORY)
                        .build()
                        .loadModel())
                .isInstanceOf(ModelNotFoundException.class)
                .hasRootCauseInstanceOf(IllegalArgumentException.class)
                .rootCause()
                .hasMessageContaining("labels");
    }

    private static Input picture(String text) throws IOException {
        Input input = new Input();
        input.add("image", Files.readAllBytes(TinyCriteria.PICTURE));
        if (text != null) {
            input.add("text", text);
        }
        return input;
    }

    private static String serve(Map<String, ?> arguments, Input input) throws TranslateException {
        Output output = predict(Input.class, Output.class, arguments, input);
        assertThat(output.getCode()).isEqualTo(200);
        assertThat(output.getProperty("Content-Type", null)).isEqualTo("application/json");
        return output.getData().getAsString();
    }

    private static <I, O> O predict(Class<I> input, Class<O> output, Map<String, ?> arguments, I given)
            throws TranslateException {
        assertThat(FACTORY.isSupported(input, output)).isTrue();
        try (Predictor<I, O> predictor = model.newPredictor(FACTORY.newInstance(input, output, model, arguments))) {
            return predictor.predict(given);
        }
    }
}
