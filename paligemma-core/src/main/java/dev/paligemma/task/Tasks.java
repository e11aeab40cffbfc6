package dev.paligemma.task;

import dev.paligemma.base.internal.NonNull;
import dev.paligemma.detection.DetectionOptions;
import dev.paligemma.detection.DetectionResult;
import dev.paligemma.detection.SegmentationResult;
import dev.paligemma.generation.AnswerScore;
import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.generation.GenerationResult;
import dev.paligemma.tokenizer.ControlTokens;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The tasks that PaliGemma was trained on, from the model cards and announcements of PaliGemma and PaliGemma 2.
 *
 * <p>The {@code pt} checkpoints know these tasks from pretraining and are made to be fine-tuned; the {@code mix}
 * checkpoints do them well and also understand questions in free form; a fine-tuned checkpoint expects the prompt it was
 * tuned on, most often one of these.
 *
 * <p>Control tokens in what the caller passes in, such as {@code <loc0012>} in a question, are ordinary text: a question
 * from an untrusted user cannot smuggle them in. Only {@link #text} takes them for codes. A language is an ISO 639-1 code such
 * as {@code "en"} or {@code "es"}, two or three lower-case letters, perhaps with a region; all else is an
 * {@link IllegalArgumentException}, as is a question, an answer or a label that is blank.
 */
public final class Tasks {
    private static final String SEPARATOR = " ; ";
    private static final Pattern LANGUAGE = Pattern.compile("[a-z]{2,3}(-[A-Za-z]{2,4})?");
    private static final Pattern NOT_IN_LABEL = Pattern.compile("[;\\v]");
    private static final Pattern SPACES = Pattern.compile("\\s+");
    private static final Set<String> WITH_LANGUAGE = Set.of("cap", "caption", "describe", "answer", "question");
    private static final Set<String> WITH_LABELS = Set.of("detect", "segment");
    private static final int CHAT_WORDS = 4;
    private static final String ADVICE_ON_FORM =
            "This reads like a message to a chat model; PaliGemma was trained on tasks such as 'caption en',"
                    + " 'answer en what color is the car?' or 'detect cat ; dog', and a checkpoint that is not a mix or tuned"
                    + " for it answers anything else badly.";

    private Tasks() {}

    /** Whatever the model writes. */
    private record TextTask(String prompt, ControlTokens controlTokens) implements Task<GenerationResult> {
        @Override
        public GenerationRequest.Builder request() {
            return GenerationRequest.builder().prompt(prompt).controlTokens(controlTokens);
        }

        @Override
        public GenerationResult read(TaskAnswer answer) {
            return answer.result();
        }
    }

    /** How likely answers are that are known before. */
    private record ScoreTask(Task<?> question, List<String> givenAnswers) implements Task<List<AnswerScore>> {
        ScoreTask {
            Objects.requireNonNull(question, "question");
            givenAnswers = NonNull.copy(givenAnswers, "answers");
            if (givenAnswers.isEmpty()) {
                throw new IllegalArgumentException("expected at least one answer, got none");
            }
        }

        @Override
        public GenerationRequest.Builder request() {
            return question.request();
        }

        @Override
        public List<AnswerScore> read(TaskAnswer answer) {
            return answer.scores();
        }
    }

    /** Writes text to any prompt, possibly empty, which is used as written, control tokens included. */
    public static Task<GenerationResult> text(String prompt) {
        return new TextTask(Objects.requireNonNull(prompt, "prompt"), ControlTokens.PARSE);
    }

    /** Captions a picture shortly, in the style of the web, {@code cap en}. */
    public static Task<GenerationResult> cap(String language) {
        return trained("cap " + checkedLanguage(language));
    }

    /** Captions a picture in the style of COCO, {@code caption en}. */
    public static Task<GenerationResult> caption(String language) {
        return trained("caption " + checkedLanguage(language));
    }

    /** Describes a picture at more length, {@code describe en}. */
    public static Task<GenerationResult> describe(String language) {
        return trained("describe " + checkedLanguage(language));
    }

    /** Reads the text in a picture, {@code ocr}. */
    public static Task<GenerationResult> ocr() {
        return trained("ocr");
    }

    /** Answers a question of the same language shortly, {@code answer en what color is the car?}. */
    public static Task<GenerationResult> answer(String language, String question) {
        return trained("answer " + checkedLanguage(language) + " " + notBlank(question, "question"));
    }

    /** Writes a question to a given answer of the same language, {@code question en red}. */
    public static Task<GenerationResult> question(String language, String answer) {
        return trained("question " + checkedLanguage(language) + " " + notBlank(answer, "answer"));
    }

    /**
     * Finds things, {@code detect cat ; dog}.
     *
     * @param labels what to look for, at least one; each a few words without a {@code ;} or a line break
     */
    public static BoxTask<DetectionResult> detect(String... labels) {
        return detect(NonNull.copy(labels, "labels"));
    }

    /** As {@link #detect(String...)}, of a list. */
    public static BoxTask<DetectionResult> detect(List<String> labels) {
        return new BoxTask<>(trained("detect " + joined(labels)), DetectionOptions.defaults(), (found, codec) -> found);
    }

    /**
     * Finds things as {@link #detect(String...)} does and their shapes, {@code segment cat ; dog}. Shapes need the
     * weights of the mask decoder; without them there are boxes and segmentation codes, and a warning in the log.
     */
    public static BoxTask<SegmentationResult> segment(String... labels) {
        return segment(NonNull.copy(labels, "labels"));
    }

    /** As {@link #segment(String...)}, of a list. */
    public static BoxTask<SegmentationResult> segment(List<String> labels) {
        return new BoxTask<>(trained("segment " + joined(labels)), DetectionOptions.defaults(), BoxTask::withMasks);
    }

    /**
     * Tells how likely each of several given answers is, after one run of the prompt: to choose among them, or to know
     * how sure the model is. The scores are in the order of the answers; their shares add up to 1.
     *
     * @param question what is asked, for example {@code Tasks.answer("en", "is the door open?")}
     * @param answers different answers, at least one; {@code <loc0000>} and the like are codes
     * @throws IllegalArgumentException if there is no answer
     */
    public static Task<List<AnswerScore>> score(Task<?> question, List<String> answers) {
        return new ScoreTask(question, answers);
    }

    private static Task<GenerationResult> trained(String prompt) {
        return new TextTask(prompt, ControlTokens.AS_TEXT);
    }

    private static String checkedLanguage(String language) {
        Objects.requireNonNull(language, "language");
        if (!LANGUAGE.matcher(language).matches()) {
            throw new IllegalArgumentException("language must be a code such as en or zh-Hans, got '" + language + "'");
        }
        return language;
    }

    private static String notBlank(String text, String what) {
        Objects.requireNonNull(text, what);
        if (text.isBlank()) {
            throw new IllegalArgumentException(what + " must not be blank");
        }
        return text;
    }

    private static String joined(List<String> given) {
        List<String> labels = NonNull.copy(given, "labels");
        if (labels.isEmpty()) {
            throw new IllegalArgumentException("labels: at least one is needed");
        }
        for (String label : labels) {
            notBlank(label, "label");
            if (NOT_IN_LABEL.matcher(label).find()) {
                throw new IllegalArgumentException(
                        "a label must not have a ; or a line break in it, got '" + label + "'");
            }
        }
        return String.join(SEPARATOR, labels);
    }

    /**
     * Looks for signs that a prompt of a user was written for another kind of model. A model answers such a prompt all
     * the same, but often badly: {@code pt} checkpoints were never trained on instructions in free form.
     *
     * @return advice in one sentence, or empty if the prompt has the form of a task, or is too short to tell
     */
    public static Optional<String> hint(String prompt) {
        String[] words = SPACES.split(prompt.strip());
        String task = words[0].toLowerCase(Locale.ROOT);
        boolean known = WITH_LANGUAGE.contains(task) || WITH_LABELS.contains(task) || task.equals("ocr");
        if (!known) {
            return words.length < CHAT_WORDS ? Optional.empty() : Optional.of(ADVICE_ON_FORM);
        }
        if (!words[0].equals(task)) {
            return Optional.of("Tasks are written in lower case: '" + task + "', not '" + words[0] + "'.");
        }
        if (WITH_LANGUAGE.contains(task)
                && (words.length < 2 || !LANGUAGE.matcher(words[1]).matches())) {
            return Optional.of("'" + task + "' is followed by the code of a language, as in '" + task + " en'.");
        }
        if (WITH_LABELS.contains(task)) {
            return adviceOnLabels(task, prompt);
        }
        return Optional.empty();
    }

    private static Optional<String> adviceOnLabels(String task, String prompt) {
        if (prompt.strip().equals(task)) {
            return Optional.of("'" + task + "' is followed by what to look for, as in '" + task + " cat ; dog'.");
        }
        if (prompt.contains(",") && !prompt.contains(";")) {
            return Optional.of("Several things are separated by ' ; ', as in '" + task + " cat ; dog'.");
        }
        return Optional.empty();
    }
}
