package dev.paligemma.examples;

import dev.paligemma.engine.convert.ConversionListener;
import dev.paligemma.engine.convert.ConversionProgress;
import java.io.Console;
import java.io.PrintWriter;

/**
 * Shows on standard error how a conversion gets on: on a terminal one line that changes in place and goes away at the end,
 * elsewhere, as in a log, one line at the start, one at each quarter and one at the end.
 *
 * <p>Thread-safe. Prints nothing when nothing is converted.
 */
final class ConversionDisplay implements ConversionListener, AutoCloseable {
    private static final int QUARTER = 25;

    private final PrintWriter err;
    private final boolean terminal;
    private int shownPercent = -1;
    private int shownLength;

    ConversionDisplay(PrintWriter err, boolean terminal) {
        this.err = err;
        this.terminal = terminal;
    }

    /**
     * A display for this process.
     *
     * @param err standard error
     * @return a display that changes its line in place if there is a terminal
     */
    static ConversionDisplay on(PrintWriter err) {
        return new ConversionDisplay(err, isTerminal());
    }

    @SuppressWarnings("SystemConsoleNull") // what it means on both sides of Java 22 is dealt with
    private static boolean isTerminal() {
        Console console = System.console();
        if (console == null) {
            return false;
        }
        try {
            return (boolean) Console.class.getMethod("isTerminal").invoke(console);
        } catch (ReflectiveOperationException e) {
            return true; // before Java 22 there is a console only if there is a terminal
        }
    }

    @Override
    public synchronized void progress(ConversionProgress progress) {
        int percent = progress.bytesTotal() == 0
                ? 100
                : (int) (100 * ((double) progress.bytesDone() / progress.bytesTotal()));
        if (percent == shownPercent
                || (!terminal && shownPercent >= 0 && percent / QUARTER == shownPercent / QUARTER)) {
            return;
        }
        shownPercent = percent;
        String line =
                "paligemma: converting " + progress.source() + " to " + progress.precision() + ": " + percent + " %";
        if (terminal) {
            err.print('\r' + line);
            shownLength = line.length();
        } else {
            err.println(line);
        }
        err.flush();
    }

    /** Leaves the cursor on an empty line, also after a conversion that failed. */
    @Override
    public synchronized void close() {
        if (shownLength > 0) {
            err.print('\r' + " ".repeat(shownLength) + '\r');
            err.flush();
            shownLength = 0;
        }
    }
}
