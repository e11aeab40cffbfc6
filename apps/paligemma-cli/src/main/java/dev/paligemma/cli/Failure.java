package dev.paligemma.cli;

import dev.paligemma.base.PaliGemmaException;
import dev.paligemma.base.internal.FailureReason;
import dev.paligemma.checkpoint.convert.ConversionException;
import dev.paligemma.cli.option.PictureArguments;
import dev.paligemma.cli.report.SettingNames;
import dev.paligemma.cli.report.VisibleControls;
import dev.paligemma.engine.EngineException;
import dev.paligemma.generation.RequestCancelledException;
import dev.paligemma.hub.HubException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.regex.Pattern;
import picocli.CommandLine;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** Turns failures into one line on standard error and an exit code. */
final class Failure {
    private static final Pattern LINE_BREAKS = Pattern.compile("\\s*\\R\\s*");
    private static final String IMAGE = "--image";
    private static final int LONGEST_MESSAGE = 2000;

    private Failure() {}

    /** Reports arguments that cannot be understood; gives {@link ExitCode#USAGE}. */
    static int report(ParameterException failure, PrintWriter err) {
        CommandLine command = failure.getCommandLine();
        err.println("paligemma: " + oneLine(explained(failure)) + "; see '"
                + command.getCommandSpec().qualifiedName() + " --help'");
        return ExitCode.USAGE;
    }

    /** A file that no option takes is most often one of several behind one {@code --image}, as a pattern of the shell gives. */
    private static String explained(ParameterException failure) {
        String message = String.valueOf(failure.getMessage());
        if (!(failure instanceof UnmatchedArgumentException unmatched)
                || !failure.getCommandLine().getCommandSpec().optionsMap().containsKey(IMAGE)) {
            return message;
        }
        return unmatched.getUnmatched().stream()
                .filter(PictureArguments::isNamed)
                .findFirst()
                .map(PictureArguments::advice)
                .orElse(message);
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
        if (failure instanceof RequestCancelledException) {
            return false; // the time was over; nothing is wrong with the request
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
