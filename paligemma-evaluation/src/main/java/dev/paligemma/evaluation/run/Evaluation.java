package dev.paligemma.evaluation.run;

import dev.paligemma.base.internal.FailureReason;
import dev.paligemma.detection.BoundingBox;
import dev.paligemma.detection.Segment;
import dev.paligemma.detection.SegmentationResult;
import dev.paligemma.evaluation.detection.CocoBox;
import dev.paligemma.evaluation.metric.EvaluationException;
import dev.paligemma.evaluation.metric.Scores;
import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.generation.GenerationResult;
import dev.paligemma.generation.RequestCancelledException;
import dev.paligemma.task.BoxTask;
import dev.paligemma.task.TaskRunner;
import dev.paligemma.task.Tasks;
import dev.paligemma.vision.RgbImage;
import dev.paligemma.vision.format.ImageException;
import dev.paligemma.vision.mask.CocoRle;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Asks a model the questions of a data set and scores the answers. Immutable.
 *
 * <pre>{@code
 * EvaluationData data = EvaluationData.file(Path.of("TextVQA_0.5.1_val.json"))
 *         .pictures(Path.of("train_images"))
 *         .prompt("answer en {question}")
 *         .read();
 * Evaluation evaluation = Evaluation.builder(data, Measure.of(Metrics.named("vqa")))
 *         .output(Path.of("runs/textvqa"))
 *         .setting("model", "google/paligemma2-3b-mix-448")
 *         .resume(true)
 *         .build();
 * EvaluationRun run = evaluation.run(pipeline);
 * System.out.println(run.scores().score() + " " + run.interval());
 * }</pre>
 *
 * <p>Every answer is kept in {@code answers.jsonl} of the folder for output, written as it comes, so that a run that was ended
 * goes on where it was. A picture that cannot be read is an answer that failed, and counts as wrong; whatever else fails ends
 * the run.
 */
public final class Evaluation {
    /** How many questions are answered side by side, unless told otherwise. */
    public static final int TOGETHER = 8;

    /** Pictures of questions that wait take at most this much memory, unless a single one is larger. */
    private static final long MOST_PIXELS = 64_000_000;

    /** Reads boxes and masks of any prompt; its own is not asked. */
    private static final BoxTask<SegmentationResult> BOXES = Tasks.segment("thing");

    private final EvaluationData data;
    private final Measure measure;
    private final Map<String, String> settings;
    private final @Nullable Path folder;
    private final boolean resume;
    private final int together;
    private final int maxNewTokens;
    private final long seed;
    private final EvaluationListener listener;

    private Evaluation(Builder builder) {
        data = builder.data;
        measure = builder.measure;
        folder = builder.folder;
        resume = builder.resume;
        together = builder.together;
        maxNewTokens = builder.maxNewTokens != 0
                ? builder.maxNewTokens
                : measure.needsBoxes() ? BoxTask.MAX_NEW_TOKENS : GenerationRequest.DEFAULT_MAX_NEW_TOKENS;
        seed = builder.seed;
        listener = builder.listener;
        settings = new LinkedHashMap<>(builder.settings);
        settings.put("metric", measure.name());
        settings.put("data", data.digest());
        settings.put("questions", String.valueOf(data.questions().size()));
        settings.put("maxNewTokens", String.valueOf(maxNewTokens));
    }

    /** Begins with the questions and how answers are scored. */
    public static Builder builder(EvaluationData data, Measure measure) {
        return new Builder(data, measure);
    }

    /**
     * Asks what has no answer yet, and scores all.
     *
     * @param model which is not closed
     * @throws EvaluationException if the folder for output holds another run, or one that is not to be gone on with, or if the
     *     metric cannot score these questions
     */
    public EvaluationRun run(TaskRunner model) {
        // Before the model works for hours: whether the questions suit the metric.
        measure.score(
                data.questions(),
                data.questions().stream().map(Evaluation::unanswered).toList());
        Path file = file();
        if (file == null) {
            return scored(answers(model, new ArrayList<>(), null));
        }
        List<Answered> answers = begun(file);
        try (AnswerFile out = AnswerFile.open(file, settings)) {
            return scored(answers(model, answers, out));
        }
    }

    /**
     * The run as far as it is there, if no question is left; for reports and comparisons without a model.
     *
     * @throws EvaluationException as {@link #run}
     */
    public Optional<EvaluationRun> finished() {
        Path file = file();
        if (file == null || !resume) {
            return Optional.empty();
        }
        List<Answered> answers = begun(file);
        return answers.size() == data.questions().size() ? Optional.of(scored(answers)) : Optional.empty();
    }

    /**
     * Scores the answers that another run about the same questions left in a folder, to compare with them.
     *
     * @throws EvaluationException if there are none, not all, or answers to other questions
     */
    public EvaluationRun other(Path otherFolder) {
        Path file = otherFolder.resolve(AnswerFile.NAME);
        AnswerFile.Content content = AnswerFile.read(file);
        for (String name : List.of("data", "metric")) {
            if (!Objects.equals(content.run().get(name), settings.get(name))) {
                throw new EvaluationException(file + " is about another " + name + ": expected " + settings.get(name)
                        + ", got " + content.run().get(name));
            }
        }
        List<Answered> answers = content.answers();
        requireOrder(file, answers);
        int all = data.questions().size();
        if (answers.size() != all) {
            throw new EvaluationException(
                    file + " has " + answers.size() + " of " + all + " answers; let that run go on to its end first");
        }
        return scored(content.run(), answers);
    }

    private static Answered unanswered(Question question) {
        return new Answered(question.id(), "", List.of(), Optional.of("not asked yet"));
    }

    private @Nullable Path file() {
        return folder == null ? null : folder.resolve(AnswerFile.NAME);
    }

    /** The answers of an earlier run in the folder, which is made if it is not there. */
    private List<Answered> begun(Path file) {
        Path parent = Objects.requireNonNull(folder);
        try {
            Files.createDirectories(parent);
        } catch (IOException e) {
            throw new EvaluationException("cannot make the folder " + parent + ": " + FailureReason.of(e, parent), e);
        }
        if (!AnswerFile.exists(file)) {
            return new ArrayList<>();
        }
        if (!resume) {
            throw new EvaluationException(
                    file + " has the answers of an earlier run; go on with it with resume(...), or"
                            + " choose another folder with output(...)");
        }
        AnswerFile.Content content = AnswerFile.read(file);
        if (content.run().isEmpty()) {
            return new ArrayList<>(); // ended before its first line was whole
        }
        settings.forEach((name, value) -> {
            if (!value.equals(content.run().get(name))) {
                throw new EvaluationException(file + " is of a run with another " + name + ": expected " + value
                        + ", got " + content.run().get(name) + "; choose another folder with output(...)");
            }
        });
        requireOrder(file, content.answers());
        return content.answers();
    }

    private void requireOrder(Path file, List<Answered> answers) {
        List<Question> questions = data.questions();
        for (int i = 0; i < answers.size(); i++) {
            if (i == questions.size()
                    || !answers.get(i).id().equals(questions.get(i).id())) {
                throw new EvaluationException(file + ": answer " + (i + 1) + " is about "
                        + answers.get(i).id() + ", expected "
                        + (i == questions.size() ? "no more" : questions.get(i).id()));
            }
        }
    }

    private List<Answered> answers(TaskRunner model, List<Answered> answers, @Nullable AnswerFile out) {
        List<Question> questions = data.questions();
        int before = answers.size();
        int failed =
                (int) answers.stream().filter(each -> each.error().isPresent()).count();
        listener.answered(before, before, failed, questions.size());
        while (answers.size() < questions.size()) {
            List<Answered> next = ask(model, questions.subList(answers.size(), questions.size()));
            if (out != null) {
                out.add(next);
            }
            answers.addAll(next);
            failed +=
                    (int) next.stream().filter(each -> each.error().isPresent()).count();
            listener.answered(answers.size(), before, failed, questions.size());
        }
        return answers;
    }

    /** A question with its picture, or why there is none. */
    private record Prepared(
            Question question,
            @Nullable GenerationRequest request,
            @Nullable String problem) {}

    /** Answers the first questions, as many as fit together. */
    private List<Answered> ask(TaskRunner model, List<Question> questions) {
        List<Prepared> batch = new ArrayList<>();
        long pixels = 0;
        for (int i = 0; i < questions.size() && batch.size() < together && pixels < MOST_PIXELS; i++) {
            Prepared next = prepare(questions.get(i));
            GenerationRequest request = next.request();
            pixels += request == null ? 0 : (long) request.imageWidth(0) * request.imageHeight(0);
            batch.add(next);
        }
        List<GenerationRequest> requests = new ArrayList<>();
        batch.forEach(each -> {
            if (each.request() != null) {
                requests.add(each.request());
            }
        });
        List<GenerationResult> results = requests.isEmpty() ? List.of() : model.generateAll(requests, together);
        List<Answered> answers = new ArrayList<>();
        int at = 0;
        for (Prepared each : batch) {
            GenerationRequest request = each.request();
            answers.add(
                    request == null
                            ? new Answered(each.question().id(), "", List.of(), Optional.ofNullable(each.problem()))
                            : answered(model, each.question(), request, results.get(at++)));
        }
        return answers;
    }

    private Prepared prepare(Question question) {
        try {
            RgbImage picture = RgbImage.read(question.picture());
            requireSize(question, picture);
            GenerationRequest request = GenerationRequest.builder()
                    .image(picture)
                    .prompt(question.prompt())
                    .maxNewTokens(maxNewTokens)
                    .build();
            return new Prepared(question, request, null);
        } catch (ImageException e) {
            if (Thread.currentThread().isInterrupted()) {
                throw new RequestCancelledException(
                        "the thread was interrupted while " + question.name() + " was read");
            }
            return new Prepared(question, null, String.valueOf(e.getMessage()));
        }
    }

    /** Masks are compared pixel by pixel; better now than after the last answer. */
    private void requireSize(Question question, RgbImage picture) {
        int width = 0;
        int height = 0;
        if (question.truth() instanceof Truth.Referred referred) {
            width = referred.mask().width();
            height = referred.mask().height();
        } else if (measure.needsMasks() && question.truth() instanceof Truth.Things things) {
            width = things.width();
            height = things.height();
        }
        if (width != 0 && (width != picture.width() || height != picture.height())) {
            throw new EvaluationException("question " + question.id() + ": " + question.name() + " is "
                    + picture.width() + "x" + picture.height() + ", expected " + width + "x" + height
                    + " as the masks of the data set are");
        }
    }

    private Answered answered(TaskRunner model, Question question, GenerationRequest request, GenerationResult result) {
        List<Answered.Found> found = new ArrayList<>();
        if (measure.needsBoxes()) {
            for (Segment each : model.read(BOXES, request, result).segments()) {
                found.add(found(each));
            }
        }
        return new Answered(question.id(), result.text(), found, Optional.empty());
    }

    private Answered.Found found(Segment segment) {
        BoundingBox box = segment.box();
        int width = segment.imageWidth();
        int height = segment.imageHeight();
        Optional<CocoRle> mask = measure.needsMasks() ? segment.rle() : Optional.empty();
        return new Answered.Found(
                segment.label(),
                CocoBox.between(box.left() * width, box.top() * height, box.right() * width, box.bottom() * height),
                mask,
                Double.isNaN(segment.confidence()) ? 0 : segment.confidence());
    }

    private EvaluationRun scored(List<Answered> answers) {
        return scored(settings, answers);
    }

    private EvaluationRun scored(Map<String, String> run, List<Answered> answers) {
        Scores scores = measure.score(data.questions(), answers);
        if (scores.cases() != data.questions().size()) {
            throw new IllegalStateException(
                    "a score over " + scores.cases() + " of " + data.questions().size() + " cases");
        }
        return new EvaluationRun(run, data.questions(), answers, scores, Interval.of(scores, seed));
    }

    /** Collects settings. Confined to one thread. */
    public static final class Builder {
        private final EvaluationData data;
        private final Measure measure;
        private final Map<String, String> settings = new LinkedHashMap<>();
        private @Nullable Path folder;
        private boolean resume;
        private int together = TOGETHER;
        private int maxNewTokens;
        private long seed;
        private EvaluationListener listener = (done, before, failed, total) -> {};

        private Builder(EvaluationData data, Measure measure) {
            this.data = data;
            this.measure = measure;
        }

        /** The folder for {@code answers.jsonl}; without one answers are kept in memory alone. */
        public Builder output(Path newFolder) {
            folder = newFolder;
            return this;
        }

        /** Whether a run in the folder for output is gone on with; if its settings are others, that is an error. */
        public Builder resume(boolean whether) {
            resume = whether;
            return this;
        }

        /** Something that answers depend on, such as the model and its precision, by which runs are told apart. */
        public Builder setting(String name, String value) {
            settings.put(name, value);
            return this;
        }

        /** How many questions are answered side by side, at least 1. */
        public Builder together(int count) {
            if (count < 1) {
                throw new IllegalArgumentException("together must be at least 1, got " + count);
            }
            together = count;
            return this;
        }

        /** The most tokens of an answer; without it {@value GenerationRequest#DEFAULT_MAX_NEW_TOKENS}, or 512 for boxes. */
        public Builder maxNewTokens(int count) {
            if (count < 1) {
                throw new IllegalArgumentException("maxNewTokens must be at least 1, got " + count);
            }
            maxNewTokens = count;
            return this;
        }

        /** Of the random numbers for intervals; 0 unless told otherwise. */
        public Builder seed(long newSeed) {
            seed = newSeed;
            return this;
        }

        /** Hears how the run gets on. */
        public Builder listener(EvaluationListener newListener) {
            listener = newListener;
            return this;
        }

        /** The evaluation; nothing is asked yet. */
        public Evaluation build() {
            return new Evaluation(this);
        }
    }
}
