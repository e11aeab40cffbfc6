package dev.paligemma.cli.command;

import dev.paligemma.cli.option.CheckpointOptions;
import dev.paligemma.cli.report.Facts;
import dev.paligemma.cli.report.ProgressDisplay;
import dev.paligemma.hub.FileSet;
import dev.paligemma.tokenizer.PaliGemmaTokenizer;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code paligemma tokenize}: the tokens of a text. */
@Command(
        name = "tokenize",
        description = {
            "Show the tokens of a text.",
            "One token per line: its id, a tab, its piece of the vocabulary. Nothing is added to the text."
        },
        footer = {"", "Example:", "  paligemma tokenize \"caption en\" --json"})
public final class TokenizeCommand implements Runnable {
    @Spec
    CommandSpec spec;

    @Parameters(paramLabel = "TEXT", description = "The text; may be empty.")
    String text;

    @Mixin
    CheckpointOptions checkpoint = new CheckpointOptions();

    @Option(
            names = "--adapter",
            paramLabel = "MODEL",
            description =
                    "LoRA adapter whose tokenizer is used, if it has one of its own: a folder or the name of one on the "
                            + "hub.")
    @Nullable
    String adapter;

    @Option(names = "--json", description = "Print one JSON object with text, ids and pieces.")
    boolean json;

    @Override
    public void run() {
        PaliGemmaTokenizer tokenizer;
        try (ProgressDisplay progress = ProgressDisplay.of(spec)) {
            tokenizer = tokenizer(progress);
        }
        int[] ids = tokenizer.encode(text);
        List<String> pieces =
                Arrays.stream(ids).mapToObj(id -> pieceOf(tokenizer, id)).toList();
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            out.println(new Facts()
                    .value("text", text)
                    .value("ids", ids)
                    .value("pieces", pieces)
                    .json());
        } else {
            for (int i = 0; i < ids.length; i++) {
                out.println(ids[i] + "\t" + visible(pieces.get(i)));
            }
        }
    }

    private PaliGemmaTokenizer tokenizer(ProgressDisplay progress) {
        if (adapter != null) {
            Path folder = checkpoint.adapter(adapter, progress);
            if (!PaliGemmaTokenizer.filesIn(folder).isEmpty()) {
                return PaliGemmaTokenizer.load(folder);
            }
        }
        Path model = checkpoint.folder(FileSet.TOKENIZER, progress);
        // A checkpoint of big_vision is a file, with the tokenizer beside it.
        Path beside = model.toAbsolutePath().getParent();
        return PaliGemmaTokenizer.load(Files.isRegularFile(model) && beside != null ? beside : model);
    }

    private static String pieceOf(PaliGemmaTokenizer tokenizer, int id) {
        return tokenizer.tokenOf(id).orElseThrow(() -> new IllegalStateException("token " + id + " has no piece"));
    }

    /** Some pieces are line breaks, tabs or control characters; those are shown as in a Java string. */
    private static String visible(String piece) {
        return piece.chars()
                .mapToObj(c -> switch (c) {
                    case '\n' -> "\\n";
                    case '\r' -> "\\r";
                    case '\t' -> "\\t";
                    case '\\' -> "\\\\";
                    default -> Character.isISOControl(c) ? String.format("\\u%04x", c) : Character.toString(c);
                })
                .collect(Collectors.joining());
    }
}
