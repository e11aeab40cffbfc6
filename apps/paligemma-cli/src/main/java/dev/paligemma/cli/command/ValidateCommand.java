package dev.paligemma.cli.command;

import dev.paligemma.ModelInfo;
import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.cli.option.ModelOptions;
import dev.paligemma.cli.report.Facts;
import dev.paligemma.cli.report.ProgressDisplay;
import dev.paligemma.cli.validation.Outcome;
import dev.paligemma.cli.validation.Outcome.Verdict;
import dev.paligemma.cli.validation.PageCheck;
import dev.paligemma.cli.validation.Pictures;
import dev.paligemma.cli.validation.Recipe;
import dev.paligemma.cli.validation.Recipe.Check;
import dev.paligemma.cli.validation.Recipe.KnownFile;
import dev.paligemma.cli.validation.Validation;
import dev.paligemma.hub.HubModel;
import dev.paligemma.retrieval.PageEncoder;
import dev.paligemma.retrieval.PromptLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code paligemma validate}: whether a model answers here as was published. */
@Command(
        name = "validate",
        description = {
            "Check that a model answers here as others have published.",
            "Compares the files of the model with their published checksums, fetches the public pictures that the"
                    + " published answers are about, asks the same questions and compares: texts must be equal, sides of"
                    + " boxes within 8 of 1024. Of a page encoder it compares the first rows of a white and a black page."
                    + " docs/validation.md lists the answers and where they were published."
        },
        footer = {
            "",
            "Exit code: 0 all is as published, 3 something differs, 1 nothing differs and something could not be tried,"
                    + " 2 bad usage or bad input.",
            "",
            "Examples:",
            "  paligemma validate",
            "  paligemma validate --model google/paligemma-3b-mix-224"
        })
public final class ValidateCommand implements Callable<Integer> {
    /** The exit code of a validation that worked and found another answer or file. */
    private static final int DIFFERS = 3;

    private static final String BUNDLED = "paligemma-tiny";

    @Spec
    CommandSpec spec;

    @Mixin
    ModelOptions model = new ModelOptions();

    @Option(
            names = "--recipe",
            paramLabel = "NAME|FILE",
            description =
                    "What to check: the name of a published model, for one in a folder of yours, or a JSON file as "
                            + "docs/validation.md describes it (default: the recipe of --model).")
    @Nullable
    String recipe;

    @Option(names = "--no-checksums", description = "Do not read the files of the model to compare their checksums.")
    boolean noChecksums;

    @Option(names = "--json", description = "Print one JSON object with every check.")
    boolean json;

    @Override
    public Integer call() {
        Recipe chosen = recipe();
        List<Outcome> outcomes = new ArrayList<>();
        Pictures pictures = new Pictures(model.checkpoint.cacheFolder(), model.checkpoint.hub.isOffline());
        String ran;
        try (ProgressDisplay progress = ProgressDisplay.of(spec)) {
            Path folder = model.checkpoint.folder(progress);
            if (!noChecksums && model.checkpoint.isMainRevision()) {
                for (KnownFile file : chosen.files()) {
                    // A download leaves out what the library does not need.
                    if (Files.exists(folder.resolve(file.name()))) {
                        progress.step("reading " + file.name());
                        outcomes.add(Validation.file(folder, file));
                    }
                }
            }
            ran = chosen.pages().isEmpty()
                    ? ask(chosen, folder, outcomes, pictures, progress)
                    : encode(chosen, folder, outcomes, progress);
            progress.clear();
        }
        report(chosen, ran, outcomes).print(spec.commandLine().getOut(), json);
        return exitCode(outcomes);
    }

    /** Asks the questions of a recipe; gives what ran. */
    private String ask(
            Recipe chosen, Path folder, List<Outcome> outcomes, Pictures pictures, ProgressDisplay progress) {
        try (PaliGemmaPipeline pipeline = model.open(folder, model.precision, progress)) {
            for (Check check : chosen.checks()) {
                progress.step("asking " + check.id());
                outcomes.add(Validation.check(pipeline, check, pictures));
            }
            return ran(pipeline.info());
        }
    }

    /** Encodes the pages of a recipe, laid out as whoever published the numbers did; gives what ran. */
    private String encode(Recipe chosen, Path folder, List<Outcome> outcomes, ProgressDisplay progress) {
        try (PageEncoder encoder = model.openPages(folder, PromptLayout.TRANSFORMERS, progress)) {
            for (PageCheck page : chosen.pages()) {
                progress.step("encoding " + page.id());
                outcomes.add(page.run(encoder));
            }
            return ran(encoder.info());
        }
    }

    private static String ran(ModelInfo info) {
        return info.options().precision() + " on " + info.engine() + " " + info.engineVersion();
    }

    private Recipe recipe() {
        String wanted = recipe;
        if (wanted != null && Files.isRegularFile(Path.of(wanted))) {
            return Recipe.read(Path.of(wanted));
        }
        String typed = model.checkpoint.model();
        String name = wanted != null ? wanted : typed == null ? BUNDLED : nameOf(typed);
        Optional<Recipe> published = Recipe.of(name);
        if (published.isEmpty() && name.indexOf('/') < 0) {
            published = Recipe.of("google/" + name);
        }
        return published.orElseThrow(() -> new ParameterException(
                spec.commandLine(),
                "no answers of " + name + " are known; expected --recipe with one of "
                        + String.join(", ", Recipe.published())
                        + ", or with a JSON file as docs/validation.md describes"));
    }

    /** The name of a model of the hub without its revision, or of a folder. */
    private static String nameOf(String typed) {
        if (!Files.exists(Path.of(typed)) && HubModel.isName(typed)) {
            return HubModel.parse(typed).id();
        }
        return String.valueOf(Path.of(typed).toAbsolutePath().normalize().getFileName());
    }

    private static Facts report(Recipe recipe, String ran, List<Outcome> outcomes) {
        Facts facts = new Facts().add("Model", "model", recipe.model()).add("Ran", "ran", ran);
        List<Facts> rows = outcomes.stream().map(ValidateCommand::row).toList();
        facts.value("checks", rows);
        for (Verdict verdict : Verdict.values()) {
            facts.value(label(verdict, "asPublished", "differ", "notRun"), count(outcomes, verdict));
        }
        return facts.line(
                "Result",
                "%d as published, %d differ, %d not run",
                count(outcomes, Verdict.PASS),
                count(outcomes, Verdict.DIFFERS),
                count(outcomes, Verdict.NOT_RUN));
    }

    private static Facts row(Outcome outcome) {
        Facts facts = new Facts()
                .value("check", outcome.name())
                .value("verdict", label(outcome.verdict(), "as published", "differs", "not run"))
                .value("asked", outcome.asked())
                .value("expected", outcome.expected())
                .value("got", outcome.got())
                .line(
                        label(outcome.verdict(), "as published", "DIFFERS", "not run"),
                        "%s: %s",
                        outcome.name(),
                        outcome.asked());
        return switch (outcome.verdict()) {
            case PASS -> facts.line("", "%s", outcome.got());
            case DIFFERS -> facts.line("", "expected %s", outcome.expected()).line("", "got      %s", outcome.got());
            case NOT_RUN -> facts.line("", "%s", outcome.got());
        };
    }

    private static String label(Verdict verdict, String pass, String differs, String notRun) {
        return switch (verdict) {
            case PASS -> pass;
            case DIFFERS -> differs;
            case NOT_RUN -> notRun;
        };
    }

    private static long count(List<Outcome> outcomes, Verdict verdict) {
        return outcomes.stream().filter(each -> each.verdict() == verdict).count();
    }

    private static int exitCode(List<Outcome> outcomes) {
        if (count(outcomes, Verdict.DIFFERS) > 0) {
            return DIFFERS;
        }
        return count(outcomes, Verdict.NOT_RUN) > 0 ? ExitCode.SOFTWARE : ExitCode.OK;
    }
}
