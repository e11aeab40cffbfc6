package dev.paligemma.cli.command;

import dev.paligemma.cli.evaluation.DataSetOptions;
import dev.paligemma.cli.evaluation.FileScores;
import dev.paligemma.cli.report.Facts;
import dev.paligemma.cli.report.ProgressDisplay;
import dev.paligemma.evaluation.Metrics;
import dev.paligemma.evaluation.data.AnswerFiles;
import dev.paligemma.evaluation.metric.Metric;
import dev.paligemma.vision.mask.MaskCodec;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code paligemma evaluate}: scores of answers in files, or of a model on a data set. */
@Command(
        name = "evaluate",
        description = {
            "Score answers as the evaluators of the published data sets do.",
            "With --predictions and --references the answers are there already; with --data a model gives them."
        },
        footer = {
            "",
            "Examples:",
            "  paligemma evaluate --metric cider --predictions P.jsonl --references R.jsonl",
            "  paligemma evaluate --metric coco-box --predictions P.json --references R.json",
            "  paligemma evaluate --task textvqa --data val.json --out run"
        })
public final class EvaluateCommand implements Callable<Integer> {
    @Spec
    CommandSpec spec;

    @Option(
            names = "--metric",
            paramLabel = "NAME",
            description =
                    "cider, bleu4, rouge-l, vqa, anls, relaxed, exact, pope, refcoco, coco-box, coco-mask or another.")
    @Nullable
    String metric;

    @Option(
            names = "--predictions",
            paramLabel = "FILE",
            description =
                    "Answers, {\"id\": ..., \"answer\": ...} a line, in one file or several; for boxes and masks COCO's "
                            + "results or JSON lines.")
    @Nullable
    List<Path> predictions;

    @Option(
            names = "--references",
            paramLabel = "FILE",
            description =
                    "Right answers, {\"id\": ..., \"references\": [...]} a line; for boxes and masks COCO's annotations or "
                            + "JSON lines.")
    @Nullable
    Path references;

    @Option(names = "--json", description = "Print one JSON object.")
    boolean json;

    @Option(
            names = "--mask-weights",
            paramLabel = "FILE",
            description = "Mask decoder (vae-oid.npz), which refcoco needs (default: the model's).")
    @Nullable
    Path maskWeights;

    @Mixin
    DataSetOptions dataSet = new DataSetOptions();

    @Override
    public Integer call() {
        dataSet.model.maskWeights = maskWeights;
        Facts facts = predictions == null && references == null ? dataSet.evaluate(spec, metric) : files();
        facts.print(spec.commandLine().getOut(), json);
        return ExitCode.OK;
    }

    private Facts files() {
        List<Path> answers = predictions;
        Path right = references;
        String task = dataSet.task;
        String name = metric;
        if (answers == null || right == null || (name == null) == (task == null)) {
            throw new ParameterException(
                    spec.commandLine(), "Needed are --predictions, --references, and either --metric or --task");
        }
        if (dataSet.data != null || dataSet.out != null) {
            throw new ParameterException(
                    spec.commandLine(), "--data and --out ask a model; --predictions has its answers already");
        }
        if (name != null && FileScores.isOfBoxes(name)) {
            if (answers.size() > 1) {
                throw new ParameterException(spec.commandLine(), "--predictions must be one file for " + name);
            }
            return FileScores.ofBoxes(name, answers.get(0), right, this::codec);
        }
        Metric ofTexts = name == null ? Metrics.forTask(String.valueOf(task)).metric() : FileScores.named(name);
        return FileScores.facts(ofTexts.score(AnswerFiles.read(answers, right)));
    }

    private MaskCodec codec() {
        try (ProgressDisplay progress = ProgressDisplay.of(spec)) {
            return dataSet.model
                    .maskCodec(progress)
                    .orElseThrow(() -> new IllegalArgumentException(
                            "the model has no weights to decode masks; name them with --mask-weights"));
        }
    }
}
