package dev.paligemma.examples;

import ai.djl.ModelException;
import ai.djl.inference.Predictor;
import ai.djl.modality.cv.Image;
import ai.djl.modality.cv.ImageFactory;
import ai.djl.modality.cv.VisionLanguageInput;
import ai.djl.modality.cv.output.DetectedObjects;
import ai.djl.modality.cv.output.DetectedObjects.DetectedObject;
import ai.djl.modality.cv.output.Mask;
import ai.djl.modality.cv.output.Rectangle;
import ai.djl.repository.zoo.Criteria;
import ai.djl.repository.zoo.ZooModel;
import ai.djl.translate.TranslateException;
import ai.djl.translate.Translator;
import dev.paligemma.djl.PaliGemmaTranslatorFactory;
import dev.paligemma.djl.PaliGemmaTranslators;
import dev.paligemma.generation.GenerationResult;
import dev.paligemma.task.Task;
import dev.paligemma.task.Tasks;
import dev.paligemma.tiny.TinyModel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** Examples of the documentation: the model behind the interfaces of Deep Java Library. */
public final class DjlExample {
    private DjlExample() {}

    /** Asks the bundled model about the bundled picture, as applications of Deep Java Library do. */
    public static void main(String[] args) throws IOException, ModelException, TranslateException {
        Image image = ImageFactory.getInstance().fromFile(TinyModel.picture());
        detect(TinyModel.folder(), image);
        ask(TinyModel.folder(), image);
        configured(TinyModel.folder(), image);
    }

    // region djl-detect
    static void detect(Path checkpoint, Image image) throws IOException, ModelException, TranslateException {
        Criteria<Image, DetectedObjects> criteria = Criteria.builder()
                .setTypes(Image.class, DetectedObjects.class)
                .optEngine("PaliGemma")
                .optModelPath(checkpoint)
                .optTranslator(PaliGemmaTranslators.detect("blue square", "word"))
                .build();
        try (ZooModel<Image, DetectedObjects> model = criteria.loadModel();
                Predictor<Image, DetectedObjects> predictor = model.newPredictor()) {
            List<DetectedObject> things = predictor.predict(image).items();
            for (DetectedObject thing : things) {
                Rectangle box = thing.getBoundingBox().getBounds(); // in fractions of the picture
                System.out.printf("%s at %.2f, %.2f%n", thing.getClassName(), box.getX(), box.getY());
            }
        }
    }
    // endregion

    // region djl-ask
    static void ask(Path checkpoint, Image image) throws IOException, ModelException, TranslateException {
        Criteria<VisionLanguageInput, String> criteria = Criteria.builder()
                .setTypes(VisionLanguageInput.class, String.class)
                .optEngine("PaliGemma")
                .optModelPath(checkpoint)
                .optOption("precision", "int8")
                .optTranslator(PaliGemmaTranslators.prompted())
                .build();
        Task<GenerationResult> question = Tasks.answer("en", "what word is written?");
        Translator<Image, Double> likely = PaliGemmaTranslators.task(Tasks.score(question, List.of("cafe", "hotel"))
                .map(scores -> scores.get(0).share()));
        try (ZooModel<VisionLanguageInput, String> model = criteria.loadModel();
                Predictor<VisionLanguageInput, String> answers = model.newPredictor();
                Predictor<Image, DetectedObjects> masks =
                        model.newPredictor(PaliGemmaTranslators.segment("blue square"));
                Predictor<Image, Double> scores = model.newPredictor(likely)) {
            System.out.println(answers.predict(new VisionLanguageInput(image, "answer en what word is written?")));
            List<DetectedObject> things = masks.predict(image).items();
            System.out.println(
                    things.get(0).getBoundingBox() instanceof Mask mask
                            ? mask.getProbDist().length + " rows of a mask"
                            : "no mask");
            System.out.println(scores.predict(image) > 0.5 ? "cafe, rather than hotel" : "hotel");
        }
    }
    // endregion

    // region djl-configured
    static void configured(Path checkpoint, Image image) throws IOException, ModelException, TranslateException {
        Criteria<Image, String> criteria = Criteria.builder()
                .setTypes(Image.class, String.class)
                .optEngine("PaliGemma")
                .optModelPath(checkpoint)
                .optTranslatorFactory(new PaliGemmaTranslatorFactory())
                .optArgument("task", "caption")
                .optArgument("language", "en")
                .build();
        try (ZooModel<Image, String> model = criteria.loadModel();
                Predictor<Image, String> predictor = model.newPredictor()) {
            System.out.println(predictor.predict(image));
        }
    }
    // endregion
}
