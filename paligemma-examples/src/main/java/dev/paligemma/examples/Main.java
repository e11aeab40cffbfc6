package dev.paligemma.examples;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.function.BooleanSupplier;
import picocli.CommandLine;
import picocli.CommandLine.ExitCode;

/**
 * Entry point of the command line.
 *
 * <p>Results go to standard output as UTF-8 whatever the locale; everything else is one line on standard error. The
 * exit code is 0 on success, 2 for bad usage or bad input, 3 if a comparison finds too little agreement, and 1 for any other
 * failure.
 */
public final class Main {
    private Main() {}

    /**
     * Runs one command and ends the JVM with its exit code.
     *
     * @param args the arguments; {@code --help} explains them
     */
    public static void main(String[] args) {
        // The JVM's own System.out would encode in the locale's charset, which is ASCII in many containers.
        PrintWriter out = utf8(FileDescriptor.out);
        PrintWriter err = utf8(FileDescriptor.err);
        int exitCode;
        try (Interruption interruption = Interruption.install()) {
            exitCode = run(Arguments.asTyped(args), out, err, interruption::isRequested);
            err.flush();
        }
        if (out.checkError() && exitCode == ExitCode.OK) {
            exitCode = ExitCode.SOFTWARE; // a full disk or a closed pipe: the result did not arrive
        }
        System.exit(exitCode);
    }

    /**
     * Runs one command without ending the JVM.
     *
     * @param args the arguments
     * @param out receives the result
     * @param err receives the message of a failure
     * @return the exit code
     */
    static int run(String[] args, PrintWriter out, PrintWriter err) {
        return run(args, out, err, () -> false);
    }

    private static int run(String[] args, PrintWriter out, PrintWriter err, BooleanSupplier interrupted) {
        PaliGemmaCommand root = new PaliGemmaCommand();
        CommandLine commandLine = new CommandLine(root)
                .setCaseInsensitiveEnumValuesAllowed(true)
                // A prompt that starts with @ is text, not the name of a file with more arguments.
                .setExpandAtFiles(false)
                .setOut(out)
                .setErr(err)
                .setParameterExceptionHandler((e, ignored) -> Failure.report(e, err))
                .setExecutionExceptionHandler((e, ignored, parsed) ->
                        // Who has stopped the command, or its reader, knows why it failed.
                        interrupted.getAsBoolean() || out.checkError()
                                ? ExitCode.SOFTWARE
                                : Failure.report(e, err, root.debug));
        try {
            return commandLine.execute(args);
        } catch (OutOfMemoryError | StackOverflowError | LinkageError e) {
            // picocli lets errors through; these three come from large models and missing native libraries.
            return Failure.report(e, err, root.debug);
        } finally {
            out.flush();
            err.flush();
        }
    }

    private static PrintWriter utf8(FileDescriptor descriptor) {
        return new PrintWriter(new OutputStreamWriter(new FileOutputStream(descriptor), StandardCharsets.UTF_8));
    }
}
