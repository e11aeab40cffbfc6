package dev.paligemma.djl;

import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.generation.GenerationResult;
import dev.paligemma.task.Task;
import dev.paligemma.task.Tasks;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The arguments of a {@code Criteria} that choose a task, as {@link PaliGemmaTranslatorFactory} describes them. Values may
 * be text, whatever they mean. All methods throw {@link IllegalArgumentException} for a value that is none.
 */
record TranslatorArguments(Map<String, ?> arguments) {
    private static final String DETECT = "detect";
    private static final String SEGMENT = "segment";

    private @Nullable String text(String name) {
        Object value = arguments.get(name);
        return value == null ? null : value.toString();
    }

    private String text(String name, Object usual) {
        return Objects.requireNonNullElse(arguments.get(name), usual).toString();
    }

    /** Whether the task is one of boxes; if not, it is one of text. */
    boolean wantsBoxes() {
        String task = text("task");
        return DETECT.equals(task) || SEGMENT.equals(task);
    }

    /** Whether boxes, of which this is about, are to have masks. */
    boolean wantsMasks() {
        String task = text("task");
        if (task != null && !wantsBoxes()) {
            throw new IllegalArgumentException("task must be detect or segment for boxes, not '" + task + "'");
        }
        return SEGMENT.equals(task);
    }

    /** What to find. */
    List<String> labels() {
        List<String> given = labelsIfAny();
        if (given == null) {
            throw new IllegalArgumentException("argument labels is missing: what to find, for example cat;dog");
        }
        return given;
    }

    /** What to find, or null if that is not said. */
    @Nullable
    List<String> labelsIfAny() {
        Object labels = arguments.get("labels");
        if (labels == null) {
            return null;
        }
        if (labels instanceof Collection<?> collection) {
            return collection.stream().map(Object::toString).toList();
        }
        return labels instanceof Object[] array
                ? Arrays.stream(array).map(Object::toString).toList()
                : split(labels.toString());
    }

    /** Labels written as text. */
    static List<String> split(String labels) {
        return Arrays.stream(labels.split(";", -1)).map(String::strip).toList();
    }

    /** What to ask for text. */
    Task<GenerationResult> writing() {
        String task = text("task");
        String prompt = text("prompt");
        if (prompt != null) {
            if (task != null) {
                throw new IllegalArgumentException(
                        "task '" + task + "' and prompt '" + prompt + "' exclude each other");
            }
            return Tasks.text(prompt);
        }
        String spoken = text("language", "en");
        return switch (text("task", "caption")) {
            case "caption" -> Tasks.caption(spoken);
            case "cap" -> Tasks.cap(spoken);
            case "describe" -> Tasks.describe(spoken);
            case "ocr" -> Tasks.ocr();
            default ->
                throw new IllegalArgumentException(
                        "task must be caption, cap, describe or ocr for text, not '" + task + "'");
        };
    }

    /** For inputs that bring a prompt of their own. */
    void requireNoPrompt() {
        String given = text("task") == null ? text("prompt") : text("task");
        if (given != null) {
            throw new IllegalArgumentException(
                    "arguments task and prompt are not for inputs with a text of their own, got '" + given + "'");
        }
    }

    /** How long text may become. */
    int maxNewTokens() {
        String name = "maxNewTokens";
        return LoadingOptions.number(name, text(name, GenerationRequest.DEFAULT_MAX_NEW_TOKENS));
    }
}
