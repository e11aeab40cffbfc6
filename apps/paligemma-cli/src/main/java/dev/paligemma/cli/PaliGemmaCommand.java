package dev.paligemma.cli;

import dev.paligemma.cli.command.AnswerCommand;
import dev.paligemma.cli.command.CaptionCommand;
import dev.paligemma.cli.command.ConvertCommand;
import dev.paligemma.cli.command.DetectCommand;
import dev.paligemma.cli.command.DownloadCommand;
import dev.paligemma.cli.command.EvaluateCommand;
import dev.paligemma.cli.command.FindCommand;
import dev.paligemma.cli.command.FinetuneCommand;
import dev.paligemma.cli.command.GenerateCommand;
import dev.paligemma.cli.command.IndexCommand;
import dev.paligemma.cli.command.InfoCommand;
import dev.paligemma.cli.command.MergeCommand;
import dev.paligemma.cli.command.ModelsCommand;
import dev.paligemma.cli.command.OcrCommand;
import dev.paligemma.cli.command.ScoreCommand;
import dev.paligemma.cli.command.SegmentCommand;
import dev.paligemma.cli.command.ServeCommand;
import dev.paligemma.cli.command.TokenizeCommand;
import dev.paligemma.cli.command.ValidateCommand;
import dev.paligemma.cli.command.VerifyCommand;
import dev.paligemma.cli.report.ProgressDisplay;
import dev.paligemma.cli.report.ToolVersion;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** The command {@code paligemma}: it only holds the subcommands and the options they share. */
@Command(
        name = "paligemma",
        description = "Captions, answers, text, boxes and masks from images with PaliGemma and PaliGemma 2.",
        subcommands = {
            GenerateCommand.class,
            CaptionCommand.class,
            AnswerCommand.class,
            OcrCommand.class,
            DetectCommand.class,
            SegmentCommand.class,
            ScoreCommand.class,
            TokenizeCommand.class,
            InfoCommand.class,
            ModelsCommand.class,
            DownloadCommand.class,
            ConvertCommand.class,
            FinetuneCommand.class,
            MergeCommand.class,
            VerifyCommand.class,
            ValidateCommand.class,
            EvaluateCommand.class,
            ServeCommand.class,
            IndexCommand.class,
            FindCommand.class
        },
        versionProvider = ToolVersion.class,
        scope = ScopeType.INHERIT, // the subcommands take the next two settings from here
        sortOptions = false,
        usageHelpAutoWidth = true,
        footer = {
            "",
            "Examples:",
            "  paligemma caption",
            "  paligemma answer \"what word is written?\"",
            "  paligemma detect \"blue square\" word --json",
            "  paligemma caption cat.jpg --model google/paligemma2-3b-mix-224",
            "  paligemma caption photos/ --jsonl --model google/paligemma2-3b-mix-224",
            "",
            "Without --model the bundled tiny model answers: it knows coloured shapes and short words only.",
            "Without a picture it looks at the bundled picture.",
            "",
            "Exit code: 0 success, 2 bad usage or bad input, 3 too little agreement (verify, validate), 1 any other failure."
        })
final class PaliGemmaCommand implements Runnable {
    @Spec
    CommandSpec spec;

    @Option(names = "--debug", scope = ScopeType.INHERIT, description = "Print the stack trace of a failure.")
    boolean debug;

    @Option(
            names = {"-q", ProgressDisplay.QUIET},
            scope = ScopeType.INHERIT,
            description = "Show no progress and no hints; results and failures only.")
    boolean quiet;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            scope = ScopeType.INHERIT,
            description = "Show this help and exit.")
    boolean help;

    @Option(
            names = {"-V", "--version"},
            versionHelp = true,
            description = "Show the version and exit.")
    boolean version;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "Missing command");
    }
}
