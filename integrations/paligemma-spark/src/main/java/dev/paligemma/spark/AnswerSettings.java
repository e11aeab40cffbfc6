package dev.paligemma.spark;

import dev.paligemma.base.internal.Quote;
import dev.paligemma.detection.Segment;
import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.generation.GenerationResult;
import dev.paligemma.generation.Sampling;
import dev.paligemma.task.Task;
import dev.paligemma.task.Tasks;
import dev.paligemma.tokenizer.ControlTokens;
import java.io.Serializable;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What is asked about each picture. Immutable; it travels to the executors.
 *
 * @param prompt for every row; null if the task needs none or rows have their own
 * @param labels what to find; empty if the task needs none or rows have their own
 * @param temperature 0 for the most likely token
 * @param maxNewTokens null for the task's own limit
 * @param adapter null for none
 */
record AnswerSettings(
        String task,
        @Nullable String prompt,
        List<String> labels,
        String language,
        double temperature,
        long seed,
        @Nullable Integer maxNewTokens,
        @Nullable String adapter,
        int batchSize,
        OnError onError)
        implements Serializable {
    /** A text, and the things it names. */
    record Answered(GenerationResult generation, List<Segment> segments) {}

    private static final long serialVersionUID = 1L;
    static final String TASKS = "caption, cap, describe, ocr, text, answer, detect or segment";

    boolean wantsMasks() {
        return task.equals("segment");
    }

    /** Refuses settings that do not go together, before anything is sent to an executor. */
    void check(boolean rowsHavePrompts) {
        boolean given = prompt != null || !labels.isEmpty();
        switch (task) {
            case "caption", "cap", "describe", "ocr" -> {
                if (given || rowsHavePrompts) {
                    throw new IllegalArgumentException("task " + task + " takes no prompt, prompt column or labels");
                }
            }
            case "text", "answer" -> {
                if (!labels.isEmpty() || (prompt != null) == rowsHavePrompts) {
                    throw new IllegalArgumentException(
                            "task " + task + " takes a prompt or a prompt column, and no labels");
                }
            }
            case "detect", "segment" -> {
                if (prompt != null || labels.isEmpty() != rowsHavePrompts) {
                    throw new IllegalArgumentException("task " + task
                            + " takes labels or a prompt column with labels between semicolons, and no prompt");
                }
            }
            default ->
                throw new IllegalArgumentException("task must be " + TASKS + ", not '" + Quote.shown(task, 40) + "'");
        }
        if (!(temperature >= 0 && temperature < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("temperature must be 0 or more, got " + temperature);
        }
        GenerationRequest.Builder unused = task(rowsHavePrompts ? "x" : null, 0).request();
    }

    /**
     * The task of a row.
     *
     * @param own the prompt of the row; null if rows have none
     * @param hash of the row's picture and prompt, from which its seed follows: neither the order of rows nor the number of
     *     partitions makes a difference
     */
    Task<Answered> task(@Nullable String own, long hash) {
        return begin(own).with(request -> {
            if (maxNewTokens != null) {
                request.maxNewTokens(maxNewTokens);
            }
            if (temperature > 0) {
                request.sampling(Sampling.temperature(temperature).seed(seed ^ hash));
            }
            if (adapter != null) {
                request.adapter(adapter);
            }
        });
    }

    private Task<Answered> begin(@Nullable String own) {
        return switch (task) {
            case "caption" -> text(Tasks.caption(language));
            case "cap" -> text(Tasks.cap(language));
            case "describe" -> text(Tasks.describe(language));
            case "ocr" -> text(Tasks.ocr());
            case "answer" -> text(Tasks.answer(language, words(own)));
            case "detect" ->
                Tasks.detect(wanted(own))
                        .map(found -> new Answered(found.generation(), Segment.of(found, Optional.empty())));
            case "segment" ->
                Tasks.segment(wanted(own)).map(found -> new Answered(found.generation(), found.segments()));
            default ->
                // Data is no program: what looks like a control token in a column is text.
                own == null
                        ? text(Tasks.text(words(null)))
                        : text(Tasks.text(own).with(request -> request.controlTokens(ControlTokens.AS_TEXT)));
        };
    }

    private static Task<Answered> text(Task<GenerationResult> task) {
        return task.map(result -> new Answered(result, List.of()));
    }

    private String words(@Nullable String own) {
        String words = own == null ? prompt : own;
        if (words == null) {
            throw new IllegalArgumentException("task " + task + " needs a prompt");
        }
        return words;
    }

    private List<String> wanted(@Nullable String own) {
        return own == null
                ? labels
                : Arrays.stream(own.split(";", -1)).map(String::strip).toList();
    }
}
