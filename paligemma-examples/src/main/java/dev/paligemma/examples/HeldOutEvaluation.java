package dev.paligemma.examples;

import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.detection.Detection;
import dev.paligemma.detection.DetectionParser;
import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.tiny.TinyModel;
import dev.paligemma.vision.RgbImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Measures a model on drawn scenes that its training never saw.
 *
 * <pre>{@code
 * java -cp paligemma-examples/target/examples.jar dev.paligemma.examples.HeldOutEvaluation \
 *     paligemma-examples/src/test/resources/heldout
 * }</pre>
 */
public final class HeldOutEvaluation {
    private HeldOutEvaluation() {}

    /**
     * Prints Markdown tables of how many answers are right and what the confidence of boxes is worth, given the folder with
     * {@code scenes.jsonl}, {@code segments.jsonl} and the pictures, then optionally a checkpoint folder in place of the
     * bundled model.
     */
    public static void main(String[] args) throws IOException {
        if (args.length < 1 || args.length > 2) {
            System.err.println("usage: HeldOutEvaluation SCENES [CHECKPOINT] (folders of the scenes and of a model)");
            return;
        }
        Path checkpoint = args.length == 2 ? Path.of(args[1]) : TinyModel.folder();
        try (PaliGemmaPipeline pipeline = PaliGemmaPipeline.load(checkpoint)) {
            Path folder = Path.of(args[0]);
            ConfidenceScores confidence = new ConfidenceScores();
            System.out.print(evaluate(pipeline, folder, confidence).markdown());
            System.out.print(evaluateMasks(pipeline, folder, confidence).markdown());
            System.out.print(confidence.markdown());
        }
    }

    /** Asks a model every question about every scene of a folder with {@code scenes.jsonl} and the pictures. */
    static SceneScores evaluate(PaliGemmaPipeline pipeline, Path folder, ConfidenceScores confidence)
            throws IOException {
        SceneScores scores = new SceneScores();
        Map<String, RgbImage> pictures = new HashMap<>();
        for (Scene scene : Scene.readAll(folder)) {
            RgbImage picture = pictures.computeIfAbsent(scene.file(), file -> RgbImage.read(folder.resolve(file)));
            scores.add(scene, ask(pipeline, picture, scene, confidence));
        }
        return scores;
    }

    /** The text of one answer; its boxes are judged if the question is about some. */
    static String ask(PaliGemmaPipeline pipeline, RgbImage picture, Scene scene, ConfidenceScores confidence) {
        GenerationRequest request = GenerationRequest.of(picture, scene.prompt());
        return scene.kind().startsWith("detect")
                ? confidence
                        .ask(pipeline, request, scene.expected())
                        .generation()
                        .text()
                : pipeline.generate(request).text();
    }

    /** Asks a model with a mask decoder for the shapes in every scene of a folder with {@code segments.jsonl}. */
    static MaskScores evaluateMasks(PaliGemmaPipeline pipeline, Path folder, ConfidenceScores confidence)
            throws IOException {
        MaskScores scores = new MaskScores();
        for (MaskQuestion question : MaskQuestion.readAll(folder)) {
            RgbImage picture = RgbImage.read(folder.resolve(question.file()));
            List<String> names =
                    DetectionParser.parse(question.expected(), picture.width(), picture.height()).detections().stream()
                            .map(Detection::label)
                            .toList();
            GenerationRequest request = GenerationRequest.of(picture, question.prompt());
            scores.add(
                    question.masks(),
                    names,
                    confidence.ask(pipeline, request, question.expected()).segments());
        }
        return scores;
    }
}
