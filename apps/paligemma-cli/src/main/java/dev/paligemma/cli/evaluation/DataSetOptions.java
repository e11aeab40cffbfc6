package dev.paligemma.cli.evaluation;

import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.cli.option.ModelOptions;
import dev.paligemma.cli.report.Facts;
import dev.paligemma.cli.report.PictureCount;
import dev.paligemma.cli.report.ProgressDisplay;
import dev.paligemma.evaluation.run.Comparison;
import dev.paligemma.evaluation.run.Evaluation;
import dev.paligemma.evaluation.run.EvaluationData;
import dev.paligemma.evaluation.run.EvaluationRun;
import dev.paligemma.evaluation.run.HtmlReport;
import dev.paligemma.evaluation.run.Measure;
import dev.paligemma.evaluation.run.MeasuredTask;
import dev.paligemma.vision.mask.MaskCodec;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** The options that ask a model a whole data set, and the way from them to scores and a report. */
public final class DataSetOptions {
    private static final String REPORT = "report.html";

    @Mixin
    public ModelOptions model = new ModelOptions();

    @Option(
            names = "--data",
            paramLabel = "FILE",
            description =
                    "Questions and right answers: JSON lines, or a published file of VQAv2, TextVQA, DocVQA, ChartQA, POPE, "
                            + "COCO or RefCOCO.")
    public @Nullable Path data;

    @Option(
            names = "--task",
            paramLabel = "NAME",
            description = "What is measured and how it is asked, such as textvqa or coco-detection.")
    public @Nullable String task;

    @Option(
            names = "--annotations",
            paramLabel = "FILE",
            description = "Second file of the data set: the answers of VQAv2, the objects of RefCOCO.")
    @Nullable
    Path annotations;

    @Option(
            names = "--image-folder",
            paramLabel = "DIR",
            description = "Where the pictures of the data set are (default: beside it).")
    @Nullable
    Path pictures;

    @Option(names = "--split", paramLabel = "NAME", description = "Part of RefCOCO, such as testA.")
    @Nullable
    String split;

    @Option(
            names = "--prompt",
            paramLabel = "TEXT",
            description =
                    "Prompt of questions that have none, with {question}, {expression} or {labels} (default: the task's).")
    @Nullable
    String prompt;

    @Option(
            names = "--out",
            paramLabel = "DIR",
            description = "Folder for every answer (answers.jsonl) and a report for people (report.html).")
    public @Nullable Path out;

    @Option(names = "--resume", description = "Go on with the run in --out where it has ended.")
    boolean resume;

    @Option(
            names = "--compare",
            paramLabel = "DIR",
            description = "Compare with the run that another folder holds, of another model or precision.")
    @Nullable
    Path compare;

    @Option(
            names = "--batch",
            paramLabel = "N",
            description = "Answer N questions side by side (default: ${DEFAULT-VALUE}).")
    int batch = Evaluation.TOGETHER;

    @Option(
            names = "--max-new-tokens",
            paramLabel = "N",
            description = "Longest answer in tokens (default: 128, for boxes 512).")
    @Nullable
    Integer maxNewTokens;

    @Option(
            names = "--seed",
            paramLabel = "N",
            description = "Of the random numbers for intervals (default: ${DEFAULT-VALUE}).")
    long seed;

    @Option(
            names = ProgressDisplay.PROGRESS,
            description = "Show how many questions are done also where standard error is no terminal.")
    boolean progress;

    /** Asks what has no answer yet, scores all and writes the report. */
    public Facts evaluate(CommandSpec command, @Nullable String metric) {
        Path questions = data;
        Path folder = out;
        if (questions == null || folder == null) {
            throw new ParameterException(
                    command.commandLine(),
                    "a model is asked --data and its answers are kept in --out; both are needed");
        }
        if (task == null && metric == null) {
            throw new ParameterException(
                    command.commandLine(), "Missing --task, or --metric for questions with prompts");
        }
        if (batch < 1 || (maxNewTokens != null && maxNewTokens < 1)) {
            throw new ParameterException(command.commandLine(), "--batch and --max-new-tokens must be at least 1");
        }
        try (ProgressDisplay shown = ProgressDisplay.of(command)) {
            Optional<MaskCodec> codec = model.maskCodec(shown);
            MeasuredTask measured = task == null
                    ? new MeasuredTask(
                            String.valueOf(metric),
                            MeasuredTask.measure(String.valueOf(metric), codec),
                            Optional.empty())
                    : MeasuredTask.named(task, codec);
            Measure measure = metric == null ? measured.measure() : MeasuredTask.measure(metric, codec);
            Evaluation evaluation = evaluation(read(questions, measured), measure, measured, folder, shown);
            EvaluationRun run = evaluation.finished().orElseGet(() -> run(evaluation, shown));
            Path other = compare;
            Comparison comparison = other == null ? null : Comparison.of(evaluation.other(other), run, seed);
            shown.step("writing the report");
            Path report = folder.resolve(REPORT);
            if (comparison == null) {
                HtmlReport.write(run, report);
            } else {
                HtmlReport.write(comparison, report);
            }
            return facts(run, comparison).add("report", "report", report);
        }
    }

    private EvaluationData read(Path questions, MeasuredTask measured) {
        EvaluationData.Builder how = EvaluationData.file(questions);
        if (pictures != null) {
            how.pictures(pictures);
        }
        if (annotations != null) {
            how.annotations(annotations);
        }
        if (split != null) {
            how.split(split);
        }
        Optional.ofNullable(prompt).or(measured::prompt).ifPresent(how::prompt);
        return how.read();
    }

    private Evaluation evaluation(
            EvaluationData questions, Measure measure, MeasuredTask measured, Path folder, ProgressDisplay shown) {
        long start = System.nanoTime();
        Evaluation.Builder builder = Evaluation.builder(questions, measure)
                .output(folder)
                .resume(resume)
                .together(batch)
                .seed(seed)
                .setting("task", measured.name());
        model.identity(shown).forEach(builder::setting);
        if (maxNewTokens != null) {
            builder.maxNewTokens(maxNewTokens);
        }
        if (shown.showsPictures(progress)) {
            long[] began = {start};
            builder.listener((done, before, failed, total) -> {
                if (done == before) {
                    began[0] = System.nanoTime(); // loading the model counts for no rate
                }
                double seconds = (System.nanoTime() - began[0]) / 1e9;
                shown.pictures(new PictureCount(done, before, failed, OptionalLong.of(total), seconds));
            });
        }
        return builder.build();
    }

    private EvaluationRun run(Evaluation evaluation, ProgressDisplay shown) {
        try (PaliGemmaPipeline pipeline = model.open(shown)) {
            return evaluation.run(pipeline);
        }
    }

    private static Facts facts(EvaluationRun run, @Nullable Comparison comparison) {
        Facts facts = FileScores.facts(run.scores())
                .line(
                        "95 % interval",
                        "%.4f to %.4f", run.interval().low(), run.interval().high())
                .value("low", run.interval().low())
                .value("high", run.interval().high());
        facts.value("failed", run.failed());
        if (run.failed() > 0) {
            facts.row("%d of the cases could not be asked and count as wrong", run.failed());
        }
        if (comparison == null) {
            return facts;
        }
        Map<String, String> other = comparison.first().settings();
        return facts.value(
                "comparison",
                new Facts()
                        .line(
                                "compared with",
                                "%s",
                                other.getOrDefault("model", "") + ", " + other.getOrDefault("precision", ""))
                        .value("with", other.getOrDefault("model", ""))
                        .value("precision", other.getOrDefault("precision", ""))
                        .value("score", comparison.first().scores().score())
                        .line("difference", "%+.4f", comparison.difference())
                        .value("difference", comparison.difference())
                        .line(
                                "95 % interval",
                                "%+.4f to %+.4f",
                                comparison.interval().low(),
                                comparison.interval().high())
                        .value("low", comparison.interval().low())
                        .value("high", comparison.interval().high())
                        .add("cases better", "better", comparison.better())
                        .add("cases worse", "worse", comparison.worse()));
    }
}
