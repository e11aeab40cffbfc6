package dev.paligemma.cli;

import dev.paligemma.cli.report.VisibleControls;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
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

    /** Runs one command and ends the JVM with its exit code; {@code --help} explains the arguments. */
    public static void main(String[] args) {
        // The JVM's own System.out would encode in the locale's charset, which is ASCII in many containers.
        StandardOutput standardOutput = new StandardOutput();
        PrintWriter out = utf8(standardOutput);
        PrintWriter err = utf8(new FileOutputStream(FileDescriptor.err));
        int exitCode;
        try (Interruption interruption = Interruption.install()) {
            exitCode = run(Arguments.asTyped(args), out, err, interruption::isRequested);
        }
        if (out.checkError() && exitCode != ExitCode.USAGE) {
            exitCode = ExitCode.SOFTWARE; // the result did not arrive
            String reason = standardOutput.failure();
            if (reason != null) {
                err.println("paligemma: the result cannot be written to standard output: " + reason);
            }
        }
        err.flush();
        System.exit(exitCode);
    }

    /** Runs one command without ending the JVM; {@code err} receives the message of a failure. Returns the exit code. */
    public static int run(String[] args, PrintWriter out, PrintWriter err) {
        return run(args, out, err, () -> false);
    }

    private static int run(String[] args, PrintWriter plain, PrintWriter err, BooleanSupplier interrupted) {
        PrintWriter out = new PrintWriter(new VisibleControls(plain));
        PaliGemmaCommand root = new PaliGemmaCommand();
        CommandLine commandLine = new CommandLine(root)
                .setCaseInsensitiveEnumValuesAllowed(true)
                // A prompt that starts with @ is text, not the name of a file with more arguments.
                .setExpandAtFiles(false)
                .registerConverter(Path.class, new FileArgument())
                .setOut(out)
                .setErr(err)
                .setParameterExceptionHandler((e, ignored) -> Failure.report(e, err))
                .setExecutionExceptionHandler((e, ignored, parsed) ->
                        // Who has stopped the command, or its reader, knows why it failed.
                        interrupted.getAsBoolean() || plain.checkError()
                                ? ExitCode.SOFTWARE
                                : Failure.report(e, err, root.debug));
        HelpPages.install(commandLine);
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

    private static PrintWriter utf8(OutputStream stream) {
        return new PrintWriter(new OutputStreamWriter(stream, StandardCharsets.UTF_8));
    }

    /** Remembers why it could not be written, which a {@link PrintWriter} does not. */
    private static final class StandardOutput extends FilterOutputStream {
        private @Nullable String failure;

        StandardOutput() {
            super(new FileOutputStream(FileDescriptor.out));
        }

        /** Null if nothing failed, or the reader has gone, who knows that. */
        @Nullable
        String failure() {
            return "Broken pipe".equals(failure) ? null : failure;
        }

        @Override
        public void write(byte[] bytes, int from, int length) throws IOException {
            try {
                out.write(bytes, from, length);
            } catch (IOException e) {
                failure = e.getMessage();
                throw e;
            }
        }
    }
}
