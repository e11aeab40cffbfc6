package dev.paligemma.cli;

import dev.paligemma.base.PaliGemmaException;
import dev.paligemma.base.internal.FailureReason;
import dev.paligemma.checkpoint.convert.ConversionException;
import dev.paligemma.cli.option.PictureArguments;
import dev.paligemma.cli.pictures.PictureNames;
import dev.paligemma.cli.report.SettingNames;
import dev.paligemma.cli.report.VisibleControls;
import dev.paligemma.engine.EngineException;
import dev.paligemma.generation.RequestCancelledException;
import dev.paligemma.hub.HubException;
import dev.paligemma.training.run.FineTuningStoppedException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import picocli.CommandLine;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** Turns failures into one line on standard error and an exit code. */
final class Failure {
    private static final Pattern LINE_BREAKS = Pattern.compile("\\s*\\R\\s*");
    private static final int LONGEST_MESSAGE = 2000;

    private Failure() {}

    /** Reports arguments that cannot be understood; gives {@link ExitCode#USAGE}. */
    static int report(ParameterException failure, PrintWriter err) {
        CommandLine command = failure.getCommandLine();
        String message = failure instanceof UnmatchedArgumentException unmatched
                ? describe(unmatched)
                : String.valueOf(failure.getMessage());
        err.println("paligemma: " + oneLine(message) + "; see '"
                + command.getCommandSpec().qualifiedName() + " --help'");
        return ExitCode.USAGE;
    }

    /** Names the first thing that is not understood, and what was perhaps meant. */
    private static String describe(UnmatchedArgumentException failure) {
        CommandSpec command = failure.getCommandLine().getCommandSpec();
        String typed = failure.getUnmatched().get(0);
        String name = typed.contains("=") ? typed.substring(0, typed.indexOf('=')) : typed;
        if (failure.isUnknownOption()) {
            List<String> options = command.optionsMap().keySet().stream()
                    .filter(option -> option.startsWith("--"))
                    .toList();
            boolean isEarly = command.subcommands().values().stream()
                    .anyMatch(each -> each.getCommandSpec().optionsMap().containsKey(name));
            return isEarly
                    ? "'" + name + "' stands before the command, as in '" + command.name() + " caption " + name + "'"
                    : "Unknown option: '" + name + "'" + meant(Suggestions.of(name, options));
        }
        if (!command.subcommands().isEmpty()) {
            return PictureNames.isMeant(name)
                    ? "Missing command before '" + name + "', as in '" + command.name() + " caption " + name + "'"
                    : "there is no command '" + name + "'"
                            + meant(Suggestions.of(name, command.subcommands().keySet()));
        }
        return command.optionsMap().containsKey("--image") && PictureNames.isMeant(typed)
                ? PictureArguments.advice(typed)
                : "Unexpected argument: '" + typed + "'";
    }

    private static String meant(List<String> suggestions) {
        return suggestions.isEmpty() ? "" : "; did you mean " + String.join(" or ", suggestions) + "?";
    }

    /** Reports a failed command; gives {@link ExitCode#USAGE} if the input is to blame, {@link ExitCode#SOFTWARE} if not. */
    static int report(Throwable failure, PrintWriter err, boolean debug) {
        boolean input = isAboutInput(failure);
        err.println("paligemma: "
                + oneLine(PictureArguments.withClassPath(SettingNames.inOptions(describe(failure, input)))));
        if (debug) {
            failure.printStackTrace(err);
        }
        return input ? ExitCode.USAGE : ExitCode.SOFTWARE;
    }

    private static boolean isAboutInput(Throwable failure) {
        if (failure instanceof RequestCancelledException || failure instanceof FineTuningStoppedException) {
            return false; // the time was over, or somebody ended it; nothing is wrong with the request
        }
        if (failure instanceof EngineException || failure instanceof ConversionException) {
            // Without a cause it refused what it was asked for; with one a native runtime or the disk failed, or
            // somebody
            // interrupted it.
            return failure.getCause() == null;
        }
        if (failure instanceof HubException hub) {
            return switch (hub.kind()) {
                case GATED, UNAUTHORIZED, NOT_FOUND, NO_SUCH_REVISION, OFFLINE -> true;
                case UNREACHABLE, BAD_ANSWER, CORRUPT, DISK, INTERRUPTED -> false;
            };
        }
        return failure instanceof PaliGemmaException
                || failure instanceof IllegalArgumentException
                || failure instanceof FileSystemException;
    }

    private static String describe(Throwable failure, boolean input) {
        String message = failure.getMessage();
        if (failure instanceof OutOfMemoryError) {
            boolean direct = message != null && message.contains("direct buffer memory");
            return "out of memory (" + message + "); "
                    + (direct ? "-XX:MaxDirectMemorySize" : "a larger heap (java -Xmx)") + " or a smaller model helps";
        }
        if (message == null || message.isBlank()) {
            return failure.getClass().getName();
        }
        if (failure instanceof FileSystemException system) {
            return FailureReason.of(system, Path.of(""));
        }
        // Messages of the library's and this program's own exceptions are sentences; of others only the type tells what
        // happened.
        return failure instanceof PaliGemmaException || failure instanceof UncheckedIOException || input
                ? message
                : failure.getClass().getSimpleName() + ": " + message;
    }

    /** A message may quote a prompt of any length; the line stays readable. */
    private static String oneLine(String message) {
        String line =
                VisibleControls.inOneLine(LINE_BREAKS.matcher(message.strip()).replaceAll(" "));
        return line.length() <= LONGEST_MESSAGE ? line : line.substring(0, LONGEST_MESSAGE) + "...";
    }
}
