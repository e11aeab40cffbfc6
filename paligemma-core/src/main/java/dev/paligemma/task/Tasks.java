package dev.paligemma.task;

import dev.paligemma.AnswerScore;
import dev.paligemma.GenerationRequest;
import dev.paligemma.GenerationResult;
import dev.paligemma.detection.DetectionOptions;
import dev.paligemma.prompt.Prompts;
import dev.paligemma.prompt.TaskPrompt;
import java.util.List;
import java.util.Objects;

/**
 * The tasks that the models were trained on. What is in a caller's text is never a control token; {@link Prompts} says more
 * about the prompts.
 */
public final class Tasks {
    private Tasks() {}

    /** Whatever the model writes. */
    private record TextTask(TaskPrompt prompt) implements Task<GenerationResult> {
        TextTask {
            Objects.requireNonNull(prompt, "prompt");
        }

        @Override
        public GenerationRequest.Builder request() {
            return GenerationRequest.builder().task(prompt);
        }

        @Override
        public GenerationResult read(TaskAnswer answer) {
            return answer.result();
        }
    }

    /** How likely answers are that are known before. */
    private record ScoreTask(TaskPrompt prompt, List<String> givenAnswers) implements Task<List<AnswerScore>> {
        ScoreTask {
            Objects.requireNonNull(prompt, "prompt");
            givenAnswers = List.copyOf(givenAnswers);
            if (givenAnswers.isEmpty()) {
                throw new IllegalArgumentException("expected at least one answer, got none");
            }
        }

        @Override
        public GenerationRequest.Builder request() {
            return GenerationRequest.builder().task(prompt);
        }

        @Override
        public List<AnswerScore> read(TaskAnswer answer) {
            return answer.scores();
        }
    }

    /**
     * Writes text to any prompt, for example {@code Prompts.describe("en")}.
     *
     * @param prompt the prompt
     * @return the task
     */
    public static Task<GenerationResult> text(TaskPrompt prompt) {
        return new TextTask(prompt);
    }

    /**
     * Describes a picture in the short style of COCO captions.
     *
     * @param language an ISO 639-1 code such as {@code "en"} or {@code "es"}
     * @return the task
     * @throws IllegalArgumentException if the language is not two or three lower-case letters, perhaps with a region
     */
    public static Task<GenerationResult> caption(String language) {
        return text(Prompts.caption(language));
    }

    /**
     * Answers a question about a picture, shortly.
     *
     * @param language the code of the language of question and answer, such as {@code "en"}
     * @param question the question
     * @return the task
     * @throws IllegalArgumentException if the language is no code, or the question is blank
     */
    public static Task<GenerationResult> answer(String language, String question) {
        return text(Prompts.answer(language, question));
    }

    /**
     * Reads the text in a picture.
     *
     * @return the task
     */
    public static Task<GenerationResult> ocr() {
        return text(Prompts.ocr());
    }

    /**
     * Finds things in a picture.
     *
     * @param labels what to find, each without a semicolon
     * @return the task
     * @throws IllegalArgumentException if there is no label or one cannot be part of a prompt
     */
    public static DetectionTask detect(String... labels) {
        return detect(List.of(labels));
    }

    /**
     * Finds things in a picture.
     *
     * @param labels what to find, each without a semicolon
     * @return the task
     * @throws IllegalArgumentException if there is no label or one cannot be part of a prompt
     */
    public static DetectionTask detect(List<String> labels) {
        return new DetectionTask(Prompts.detect(labels), DetectionOptions.defaults());
    }

    /**
     * Finds things in a picture, and their shapes.
     *
     * @param labels what to find, each without a semicolon
     * @return the task
     * @throws IllegalArgumentException if there is no label or one cannot be part of a prompt
     */
    public static SegmentationTask segment(String... labels) {
        return segment(List.of(labels));
    }

    /**
     * Finds things in a picture, and their shapes.
     *
     * @param labels what to find, each without a semicolon
     * @return the task
     * @throws IllegalArgumentException if there is no label or one cannot be part of a prompt
     */
    public static SegmentationTask segment(List<String> labels) {
        return new SegmentationTask(new DetectionTask(Prompts.segment(labels), DetectionOptions.defaults()));
    }

    /**
     * Tells how likely each of several given answers is, after one run of the prompt: to choose among them, or to know how
     * sure the model is.
     *
     * @param prompt the prompt, for example {@code Prompts.answer("en", "is the door open?")}
     * @param answers different answers, at least one; {@code <loc0000>} and the like are codes
     * @return the task, whose result has the scores in the order of the answers; their shares add up to 1
     * @throws IllegalArgumentException if there is no answer
     */
    public static Task<List<AnswerScore>> score(TaskPrompt prompt, List<String> answers) {
        return new ScoreTask(prompt, answers);
    }
}
