package dev.paligemma.cli.command;

import dev.paligemma.ModelInfo;
import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.cli.option.InputOptions;
import dev.paligemma.cli.option.LengthOptions;
import dev.paligemma.cli.option.ModelOptions;
import dev.paligemma.cli.report.Facts;
import dev.paligemma.cli.report.ProgressDisplay;
import dev.paligemma.engine.Precision;
import dev.paligemma.generation.Agreement;
import dev.paligemma.generation.ComparedRequest;
import dev.paligemma.generation.Comparison;
import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.hub.FileSet;
import dev.paligemma.vision.RgbImage;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code paligemma verify}: how closely a model in one precision follows the same model in another. */
@Command(
        name = "verify",
        description = {
            "Measure on your own pictures what a smaller precision changes.",
            "The reference answers every prompt about every picture. At each token of its answers both models say what"
                    + " comes next: 'tokens' is how often they agree, 'KL' the mean Kullback-Leibler divergence of their"
                    + " probabilities in nats. Then the other model answers on its own: 'same answers' counts answers"
                    + " equal to the token, 'IoU' is the mean intersection over union of boxes with equal names, where a"
                    + " box that only one of them drew counts 0.",
            "Without --precision and --reference-model the other model is int8. Both models are in memory at the same "
                    + "time."
        },
        footer = {
            "",
            "Exit code: 0 success, 3 agreement below --min-agreement, 2 bad usage or bad input, 1 any other failure.",
            "",
            "Example:",
            "  paligemma verify --model paligemma2-3b-mix-224 --image cat.jpg"
        })
public final class VerifyCommand implements Callable<Integer> {
    /** The exit code of a comparison that worked and found too little agreement. */
    private static final int BELOW_THRESHOLD = 3;

    @Spec
    CommandSpec spec;

    @Mixin
    InputOptions input = new InputOptions();

    @Mixin
    LengthOptions length = new LengthOptions();

    @Option(
            names = "--reference-precision",
            paramLabel = "NAME",
            description = "Precision of the reference (default: as its checkpoint is stored).")
    @Nullable
    Precision referencePrecision;

    @Option(
            names = "--reference-model",
            paramLabel = "MODEL",
            description = "Checkpoint folder or hub name of the reference (default: the same as --model).")
    @Nullable
    String referenceModel;

    @Option(
            names = "--prompt",
            paramLabel = "TEXT",
            defaultValue = "caption en",
            description = "Prompt, asked about every picture; may be repeated (default: ${DEFAULT-VALUE}).")
    List<String> prompts;

    @Option(
            names = "--min-agreement",
            paramLabel = "SHARE",
            description = "Fail with exit code 3 if the token agreement is below, from 0 to 1 (default: never).")
    double minAgreement;

    @Override
    public Integer call() {
        if (!(minAgreement >= 0 && minAgreement <= 1)) {
            throw new ParameterException(
                    spec.commandLine(), "--min-agreement must be from 0 to 1, got " + minAgreement);
        }
        int maxNewTokens = length.maxNewTokens(GenerationRequest.DEFAULT_MAX_NEW_TOKENS, spec.commandLine());
        // The pictures come first: a bad one is reported without waiting for the models.
        List<Path> files = input.files();
        List<RgbImage> pictures = input.pictures();
        ModelOptions model = input.model;
        if (model.precision == null && referenceModel == null) {
            model.precision = Precision.INT8;
        }
        Comparison comparison;
        try (ProgressDisplay progress = ProgressDisplay.of(spec);
                PaliGemmaPipeline other = model.open(progress);
                PaliGemmaPipeline reference = openReference(model, progress)) {
            requireDifferent(other.info(), reference.info());
            progress.step("comparing");
            comparison = reference.compare(other, pictures, prompts, maxNewTokens);
            progress.clear();
            print(comparison, files, precisionOf(other), precisionOf(reference));
        }
        double agreement = comparison.total().tokenAgreement();
        if (agreement < minAgreement) {
            spec.commandLine()
                    .getErr()
                    .println("paligemma: token agreement " + share(agreement) + " is below --min-agreement "
                            + share(minAgreement));
            return BELOW_THRESHOLD;
        }
        return ExitCode.OK;
    }

    private PaliGemmaPipeline openReference(ModelOptions model, ProgressDisplay progress) {
        String typed = referenceModel;
        Path folder = typed == null
                ? model.checkpoint.folder(progress)
                : model.checkpoint.hub.find(typed, null, FileSet.CHECKPOINT, progress);
        return model.open(folder, referencePrecision, progress);
    }

    /** A model always agrees with itself; who asks for that has mistyped something. */
    private void requireDifferent(ModelInfo other, ModelInfo reference) {
        if (other.folder().equals(reference.folder()) && other.options().equals(reference.options())) {
            throw new ParameterException(
                    spec.commandLine(),
                    "Both models are " + other.folder() + " in "
                            + other.options().precision()
                            + "; choose another --precision, --reference-precision or --reference-model");
        }
    }

    private static Precision precisionOf(PaliGemmaPipeline pipeline) {
        return pipeline.info().options().precision();
    }

    private void print(Comparison comparison, List<Path> files, Precision precision, Precision reference) {
        PrintWriter out = spec.commandLine().getOut();
        if (input.json) {
            out.println(asJson(comparison, files, precision, reference));
            return;
        }
        row(out, "tokens", "KL", "IoU", "answer", precision + " against " + reference);
        for (ComparedRequest request : comparison.requests()) {
            String asked = files.get(request.image()).getFileName() + ": " + request.prompt();
            row(out, request.agreement(), request.sameAnswer() ? "same" : "other", asked);
        }
        Agreement total = comparison.total();
        long same = comparison.requests().stream()
                .filter(ComparedRequest::sameAnswer)
                .count();
        row(out, total, same + "/" + comparison.requests().size(), "all " + total.positions() + " tokens");
    }

    private static void row(PrintWriter out, Agreement agreement, String answer, String request) {
        row(
                out,
                share(agreement.tokenAgreement()),
                String.format(Locale.ROOT, "%.2e", agreement.meanKl()),
                agreement.meanIou().isPresent() ? share(agreement.meanIou().getAsDouble()) : "-",
                answer,
                request);
    }

    private static void row(PrintWriter out, String... columns) {
        out.printf(Locale.ROOT, "%-8s%-10s%-8s%-8s%s%n", (Object[]) columns);
    }

    /** Never rounded up to 1, which means that nothing differs. */
    private static String share(double value) {
        return String.format(Locale.ROOT, "%.4f", value < 1 ? Math.min(value, 0.9999) : value);
    }

    private static String asJson(Comparison comparison, List<Path> files, Precision precision, Precision reference) {
        List<Facts> requests = comparison.requests().stream()
                .map(request -> new Facts()
                        .value("image", files.get(request.image()))
                        .value("prompt", request.prompt())
                        .value("referenceText", request.referenceText())
                        .value("text", request.otherText())
                        .value("sameAnswer", request.sameAnswer())
                        .all(facts(request.agreement())))
                .toList();
        return new Facts()
                .value("precision", precision)
                .value("referencePrecision", reference)
                .all(facts(comparison.total()))
                .value("sameAnswers", comparison.sameAnswers())
                .value("requests", requests)
                .json();
    }

    /** The mean overlap of boxes is left out if there are none. */
    private static Facts facts(Agreement agreement) {
        Facts facts = new Facts()
                .value("positions", agreement.positions())
                .value("tokenAgreement", agreement.tokenAgreement())
                .value("meanKl", agreement.meanKl())
                .value("boxes", agreement.boxes());
        agreement.meanIou().ifPresent(iou -> facts.value("meanIou", iou));
        return facts;
    }
}
