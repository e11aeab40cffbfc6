package dev.paligemma.prompt;

import dev.paligemma.tokenizer.ControlTokens;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Writes the prompts of the tasks that PaliGemma was trained on, from the model cards and announcements of PaliGemma and
 * PaliGemma 2.
 *
 * <p>The {@code pt} checkpoints know these tasks from pretraining and are made to be fine-tuned; the {@code mix}
 * checkpoints do them well and also understand questions in free form; a fine-tuned checkpoint expects the prompt it was
 * tuned on, most often one of these.
 *
 * <p>Control tokens in what the caller passes in, such as {@code <loc0012>} in a question, are ordinary text: a question
 * from an untrusted user cannot smuggle them in.
 */
public final class Prompts {
    private static final String SEPARATOR = " ; ";
    private static final Pattern LANGUAGE = Pattern.compile("[a-z]{2,3}(-[A-Za-z]{2,4})?");
    private static final Pattern NOT_IN_LABEL = Pattern.compile("[;\\v]");
    private static final Pattern SPACES = Pattern.compile("\\s+");
    private static final Set<String> WITH_LANGUAGE = Set.of("cap", "caption", "describe", "answer", "question");
    private static final Set<String> WITH_LABELS = Set.of("detect", "segment");
    private static final int CHAT_WORDS = 4;

    private Prompts() {}

    /**
     * Asks for a short caption in the style of the web, {@code cap en}.
     *
     * @param language an ISO 639-1 code such as {@code "en"} or {@code "es"}
     * @return the prompt
     * @throws IllegalArgumentException if the language is not two or three lower-case letters, perhaps with a region
     */
    public static TaskPrompt cap(String language) {
        return prompt("cap " + checkedLanguage(language));
    }

    /**
     * Asks for a caption in the style of COCO, {@code caption en}.
     *
     * @param language an ISO 639-1 code such as {@code "en"} or {@code "es"}
     * @return the prompt
     * @throws IllegalArgumentException if the language is not two or three lower-case letters, perhaps with a region
     */
    public static TaskPrompt caption(String language) {
        return prompt("caption " + checkedLanguage(language));
    }

    /**
     * Asks for a longer description, {@code describe en}.
     *
     * @param language an ISO 639-1 code such as {@code "en"} or {@code "es"}
     * @return the prompt
     * @throws IllegalArgumentException if the language is not two or three lower-case letters, perhaps with a region
     */
    public static TaskPrompt describe(String language) {
        return prompt("describe " + checkedLanguage(language));
    }

    /**
     * Asks for the text in the picture, {@code ocr}.
     *
     * @return the prompt
     */
    public static TaskPrompt ocr() {
        return prompt("ocr");
    }

    /**
     * Asks a question, {@code answer en what color is the car?}.
     *
     * @param language the code of the language of question and answer, such as {@code "en"}
     * @param question the question
     * @return the prompt
     * @throws IllegalArgumentException if the language is not two or three lower-case letters, perhaps with a region, or
     *     the question is blank
     */
    public static TaskPrompt answer(String language, String question) {
        return prompt("answer " + checkedLanguage(language) + " " + notBlank(question, "question"));
    }

    /**
     * Asks for a question to a given answer, {@code question en red}.
     *
     * @param language the code of the language of question and answer, such as {@code "en"}
     * @param answer the answer
     * @return the prompt
     * @throws IllegalArgumentException if the language is not two or three lower-case letters, perhaps with a region, or
     *     the answer is blank
     */
    public static TaskPrompt question(String language, String answer) {
        return prompt("question " + checkedLanguage(language) + " " + notBlank(answer, "answer"));
    }

    /**
     * Asks for boxes around things, {@code detect cat ; dog}.
     *
     * @param labels what to look for, at least one; each a few words
     * @return the prompt
     * @throws IllegalArgumentException if there is no label, or one that is blank or has a {@code ;} or a line break in
     *     it
     */
    public static TaskPrompt detect(String... labels) {
        return detect(List.of(labels));
    }

    /**
     * Asks for boxes around things, {@code detect cat ; dog}.
     *
     * @param labels what to look for, at least one; each a few words
     * @return the prompt
     * @throws IllegalArgumentException if there is no label, or one that is blank or has a {@code ;} or a line break in
     *     it
     */
    public static TaskPrompt detect(List<String> labels) {
        return prompt("detect " + joined(labels));
    }

    /**
     * Asks for the outlines of things, {@code segment cat ; dog}.
     *
     * @param labels what to look for, at least one; each a few words
     * @return the prompt
     * @throws IllegalArgumentException if there is no label, or one that is blank or has a {@code ;} or a line break in
     *     it
     */
    public static TaskPrompt segment(String... labels) {
        return segment(List.of(labels));
    }

    /**
     * Asks for the outlines of things, {@code segment cat ; dog}.
     *
     * @param labels what to look for, at least one; each a few words
     * @return the prompt
     * @throws IllegalArgumentException if there is no label, or one that is blank or has a {@code ;} or a line break in
     *     it
     */
    public static TaskPrompt segment(List<String> labels) {
        return prompt("segment " + joined(labels));
    }

    private static TaskPrompt prompt(String text) {
        return new TaskPrompt(text, ControlTokens.AS_TEXT);
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

    private static String joined(List<String> labels) {
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
     * Looks for signs that a prompt was written for another kind of model. A model answers such a prompt all the same,
     * but often badly: {@code pt} checkpoints were never trained on instructions in free form.
     *
     * @param prompt what a user wants to ask
     * @return advice in one sentence, or empty if the prompt has the form of a task, or is too short to tell
     */
    public static Optional<String> hint(String prompt) {
        String[] words = SPACES.split(prompt.strip());
        String task = words[0].toLowerCase(Locale.ROOT);
        boolean known = WITH_LANGUAGE.contains(task) || WITH_LABELS.contains(task) || task.equals("ocr");
        if (!known) {
            return words.length < CHAT_WORDS ? Optional.empty() : Optional.of(adviceOnForm());
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

    private static String adviceOnForm() {
        return "This reads like a message to a chat model; PaliGemma was trained on tasks such as 'caption en',"
                + " 'answer en what color is the car?' or 'detect cat ; dog', and a checkpoint that is not a mix or tuned"
                + " for it answers anything else badly.";
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
