package dev.paligemma.examples;

import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.constraint.DetectionGrammar;
import dev.paligemma.detection.Detection;
import dev.paligemma.detection.DetectionParser;
import dev.paligemma.detection.SegmentationResult;
import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.task.Task;
import dev.paligemma.task.Tasks;
import java.util.List;

/**
 * How well confidence tells right boxes from wrong ones: in answers as the model writes them, where few are wrong, and where
 * it has to write a box although it finds nothing. Confined to one thread.
 */
final class ConfidenceScores {
    /** Reads answers; each question has a prompt of its own. */
    private static final Task<SegmentationResult> MASKS = Tasks.segment("thing");

    private final BoxScores asWritten = new BoxScores();
    private final BoxScores forced = new BoxScores();

    /** Asks for boxes, with masks or without, and judges those of the answer by the one that is expected. */
    SegmentationResult ask(PaliGemmaPipeline pipeline, GenerationRequest request, String expected) {
        List<Detection> wanted = DetectionParser.parse(expected, 1, 1).detections(); // overlaps need no pixels
        SegmentationResult answer = pipeline.run(MASKS, request);
        asWritten.add(wanted, answer.answer().detections());
        List<Detection> any = answer.answer().detections();
        if (any.isEmpty()) {
            any = pipeline.run(
                            MASKS,
                            request.toBuilder()
                                    .constraint(pipeline.constraints().detections(oneBox(request.prompt())))
                                    .build())
                    .answer()
                    .detections();
        }
        forced.add(wanted, any);
        return answer;
    }

    /** Exactly one of the things that a prompt such as {@code detect cat ; dog} asks for. */
    private static DetectionGrammar oneBox(String prompt) {
        int verb = prompt.indexOf(' ');
        List<String> labels = List.of(prompt.substring(verb + 1).split(" ; "));
        DetectionGrammar grammar =
                prompt.startsWith("segment") ? DetectionGrammar.masks(labels) : DetectionGrammar.boxes(labels);
        return grammar.withCount(1, 1);
    }

    /** The boxes of answers as the model writes them. */
    BoxScores asWritten() {
        return asWritten;
    }

    /** The same boxes, and one more for every answer that has none. */
    BoxScores forced() {
        return forced;
    }

    /** Tables as Markdown: lines that end in a line break. */
    String markdown() {
        return asWritten.markdown("boxes as the model writes them")
                + forced.markdown("at least one box in each answer");
    }
}
