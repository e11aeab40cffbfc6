package dev.paligemma.cli.command;

import dev.paligemma.cli.option.PageEncoderOptions;
import dev.paligemma.cli.report.Facts;
import dev.paligemma.cli.report.ProgressDisplay;
import dev.paligemma.cli.report.VisibleControls;
import dev.paligemma.retrieval.PageEncoder;
import dev.paligemma.retrieval.PageIndex;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code paligemma find}: the pages of an index that answer a question. */
@Command(
        name = "find",
        description = {
            "Find the pages that answer a question, in an index of 'paligemma index'.",
            "Without --model it opens the one that the index was made with; --adapter has to be given again. Scores of one question can be compared, those of"
                    + " two cannot."
        },
        footer = {
            "",
            "Examples:",
            "  paligemma index documents/ --model vidore/colpali-v1.3-hf --out docs.pages",
            "  paligemma find \"how did revenue grow\" --index docs.pages --limit 3"
        })
public final class FindCommand implements Runnable {
    @Spec
    CommandSpec spec;

    @Parameters(paramLabel = "QUERY", description = "What to look for, in words.")
    String query;

    @Option(
            names = "--index",
            paramLabel = "FILE",
            required = true,
            description = "The index, as 'paligemma index' wrote it.")
    Path index;

    @Option(names = "--limit", paramLabel = "N", description = "How many pages at most (default: ${DEFAULT-VALUE}).")
    int limit = 5;

    @Option(names = "--json", description = "Print one JSON object.")
    boolean json;

    @Mixin
    PageEncoderOptions encoderOptions = new PageEncoderOptions();

    @Override
    public void run() {
        if (limit < 1) {
            throw new ParameterException(spec.commandLine(), "--limit must be at least 1, got " + limit);
        }
        PageIndex pages = PageIndex.read(index);
        String typed = encoderOptions.model();
        List<PageIndex.Found> found;
        try (ProgressDisplay progress = ProgressDisplay.of(spec);
                PageEncoder encoder =
                        encoderOptions.open(typed == null ? pages.model() : typed, pages.layout(), progress)) {
            progress.step("comparing " + pages.size() + " pages");
            found = pages.find(encoder, query, limit);
        }
        print(found, spec.commandLine().getOut());
    }

    private void print(List<PageIndex.Found> found, PrintWriter out) {
        if (json) {
            List<Facts> rows = found.stream()
                    .map(each -> new Facts()
                            .value("source", each.source())
                            .value("page", each.number())
                            .value("score", each.score()))
                    .toList();
            new Facts().value("query", query).value("found", rows).print(out, true);
            return;
        }
        for (PageIndex.Found each : found) {
            out.printf(
                    Locale.ROOT,
                    "%8.3f  %s%s%n",
                    each.score(),
                    VisibleControls.inOneLine(each.source()),
                    each.number() == 0 ? "" : ", page " + each.number());
        }
    }
}
