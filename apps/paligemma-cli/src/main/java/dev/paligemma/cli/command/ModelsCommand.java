package dev.paligemma.cli.command;

import dev.paligemma.catalog.KnownModel;
import dev.paligemma.catalog.KnownModel.Kind;
import dev.paligemma.catalog.KnownModels;
import dev.paligemma.catalog.ModelSize;
import dev.paligemma.cli.report.PublishedModels;
import dev.paligemma.engine.machine.MainMemory;
import java.io.PrintWriter;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code paligemma models}: what Google published, and what of it fits here. */
@Command(
        name = "models",
        description = {
            "List the models that Google published: parameters, resolution, and the memory that one request needs in each "
                    + "precision.",
            "What fits here is compared with the main memory that is free. Nothing is downloaded."
        },
        footer = {"", "Example:", "  paligemma models --size 3b --resolution 448"})
public final class ModelsCommand implements Runnable {
    @Spec
    CommandSpec spec;

    @Option(names = "--size", paramLabel = "NAME", description = "Only models of this size: 3b, 10b or 28b.")
    @Nullable
    String size;

    @Option(
            names = "--resolution",
            paramLabel = "PIXELS",
            description = "Only models of this resolution: 224, 448 or 896.")
    @Nullable
    Integer resolution;

    @Option(
            names = "--kind",
            paramLabel = "NAME",
            description = "Only models for many tasks (mix), for fine-tuning (pt), or fine-tuned for one task (ft) "
                    + "(default: mix and pt).")
    @Nullable
    String kind;

    @Option(names = "--json", description = "Print one JSON object.")
    boolean json;

    @Override
    public void run() {
        check("--size", size, Arrays.stream(ModelSize.values()).map(ModelSize::label));
        check("--resolution", resolution, ModelSize.imageSizes().stream());
        check("--kind", kind, Arrays.stream(Kind.values()).map(Kind::label));
        List<KnownModel> ofSize =
                KnownModels.all().stream().filter(this::matches).toList();
        List<KnownModel> chosen = ofSize.stream().filter(this::isOfKind).toList();
        PrintWriter out = spec.commandLine().getOut();
        PublishedModels.of(chosen, MainMemory.ofThisMachine().orElse(null)).print(out, json);
        if (!json) {
            printFooter(out, kind == null ? ofSize.size() - chosen.size() : 0);
        }
    }

    private static <T> void check(String option, @Nullable T given, Stream<T> choices) {
        List<T> known = choices.distinct().toList();
        if (given != null && !known.contains(given)) {
            throw new IllegalArgumentException(option + " must be one of " + known + ", got '" + given + "'");
        }
    }

    private boolean matches(KnownModel model) {
        return (size == null || model.size().label().equals(size))
                && (resolution == null || model.imageSize() == resolution);
    }

    private boolean isOfKind(KnownModel model) {
        return kind == null
                ? model.kind() != Kind.FINE_TUNED
                : model.kind().label().equals(kind);
    }

    private static void printFooter(PrintWriter out, int hidden) {
        out.println();
        if (hidden > 0) {
            out.println(hidden + " more " + (hidden == 1 ? "is" : "are") + " fine-tuned for one task: --kind ft");
        }
        out.println("Terms: " + KnownModel.LICENSE_PAGE + ". To get access, accept them on the model's page,");
        out.println(
                "https://huggingface.co/NAME, make a token on https://huggingface.co/settings/tokens, and set HF_TOKEN.");
    }
}
