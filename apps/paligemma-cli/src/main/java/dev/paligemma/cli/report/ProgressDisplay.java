package dev.paligemma.cli.report;

import dev.paligemma.checkpoint.convert.ConversionListener;
import dev.paligemma.checkpoint.convert.ConversionProgress;
import dev.paligemma.hub.DownloadListener;
import dev.paligemma.hub.DownloadProgress;
import java.io.Console;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import picocli.CommandLine.Model.CommandSpec;

/**
 * Shows on standard error how a command gets on: on a terminal one line that changes in place and goes away before the
 * result is printed; elsewhere, as in a log, only a conversion or a download is shown, with one line at the start, one at
 * each quarter and one at the end.
 *
 * <p>Thread-safe.
 */
public final class ProgressDisplay implements ConversionListener, DownloadListener, AutoCloseable {
    /** Where progress goes: into a line that changes in place, into few lines of their own, or nowhere. */
    enum Place {
        TERMINAL,
        LOG,
        NOWHERE
    }

    /** The option of every command that shows no progress. */
    public static final String QUIET = "--quiet";

    /** The option of commands about many pictures that shows progress in a log, too. */
    public static final String PROGRESS = "--progress";

    private static final Path STANDARD_ERROR = Path.of("/proc/self/fd/2");

    private static final int QUARTER = 25;
    private static final int SECONDS_BETWEEN_LINES = 10;
    private static final int BAR = 12;
    private static final int LONGEST_NAME = 24;

    /** A longer line would wrap on a terminal of the usual width, and what wraps cannot be wiped out. */
    private static final int LONGEST_LINE = 79;

    private final PrintWriter err;
    private final Place place;
    private int shownPercent = -1;
    private int downloadedPercent = -1;
    private int shownLength;
    private double toldSeconds;

    ProgressDisplay(PrintWriter err, Place place) {
        this.err = err;
        this.place = place;
    }

    /** A display for a command of this process, which changes its line in place if there is a terminal. */
    public static ProgressDisplay of(CommandSpec command) {
        Place usual = isTerminal() ? Place.TERMINAL : Place.LOG;
        return new ProgressDisplay(command.commandLine().getErr(), isQuiet(command) ? Place.NOWHERE : usual);
    }

    /** Whether a command is to show results and failures only. */
    public static boolean isQuiet(CommandSpec command) {
        return Boolean.TRUE.equals(command.root().findOption(QUIET).getValue());
    }

    /** Says something worth knowing on a line of its own, unless nothing but results and failures is wanted. */
    public synchronized void note(String text) {
        if (place != Place.NOWHERE) {
            clear();
            err.println("paligemma: " + VisibleControls.inOneLine(text));
            err.flush();
        }
    }

    private static boolean isTerminal() {
        try {
            // Java knows only whether input and output are terminals. Linux knows what standard error is.
            return STANDARD_ERROR.toRealPath().toString().matches("/dev/(pts/|tty).*");
        } catch (IOException e) {
            return hasConsole();
        }
    }

    @SuppressWarnings("SystemConsoleNull") // what it means on both sides of Java 22 is dealt with
    private static boolean hasConsole() {
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

    /** Says what is done now, for example {@code reading the picture}, in place of what was said before; only on a terminal. */
    public synchronized void step(String doing) {
        if (place == Place.TERMINAL) {
            show("paligemma: " + doing + " ...");
        }
    }

    /** Whether anybody sees how pictures get on; {@code inLog} is whether a log shall have it. */
    public boolean showsPictures(boolean inLog) {
        return place == Place.TERMINAL || (inLog && place == Place.LOG);
    }

    /** Shows how many pictures are done: in place on a terminal; in a log a line at most every ten seconds, and the last. */
    public synchronized void pictures(PictureCount count) {
        count(count.toString(), count.seconds(), count.isLast());
    }

    /** Shows how a long command gets on: in place on a terminal; in a log a line at most every ten seconds, and the last. */
    public synchronized void count(String line, double seconds, boolean isLast) {
        boolean isDue = isLast || seconds >= toldSeconds + SECONDS_BETWEEN_LINES;
        tell("paligemma: " + line, "paligemma: " + line, isDue);
        toldSeconds = isDue ? seconds : toldSeconds;
    }

    @Override
    public synchronized void progress(ConversionProgress progress) {
        int percent = progress.bytesTotal() == 0
                ? 100
                : (int) (100 * ((double) progress.bytesDone() / (double) progress.bytesTotal()));
        if (percent != shownPercent) {
            String line = "paligemma: converting " + progress.source() + " to " + progress.precision() + ": " + percent
                    + " %";
            tell(line, line, shownPercent < 0 || percent / QUARTER != shownPercent / QUARTER);
            shownPercent = percent;
        }
    }

    @Override
    public synchronized void progress(DownloadProgress progress) {
        long total = progress.bytesTotal();
        int percent = progress.finished() || total <= 0
                ? 100
                : (int) Math.min(99, 100 * (double) progress.bytesDone() / (double) total);
        String of = percent + " % of " + bytes((double) total);
        String rate = progress.bytesPerSecond() > 0 ? ", " + bytes(progress.bytesPerSecond()) + "/s" : "";
        tell(
                "paligemma: " + ending(progress.model().toString()) + " " + bar(percent) + " " + of + rate,
                "paligemma: downloading " + progress.model() + ": " + of,
                downloadedPercent < 0
                        || percent < downloadedPercent
                        || percent / QUARTER != downloadedPercent / QUARTER);
        // Another model may follow, an adapter for example.
        downloadedPercent = progress.finished() ? -1 : percent;
    }

    private void tell(String onTerminal, String inLog, boolean isDue) {
        if (place == Place.TERMINAL) {
            show(onTerminal);
        } else if (place == Place.LOG && isDue) {
            err.println(inLog);
            err.flush();
        }
    }

    private static String bar(int percent) {
        int full = percent * BAR / 100;
        return "[" + "=".repeat(full) + "-".repeat(BAR - full) + "]";
    }

    /** The end of a name: its beginning is the owner, who is the same for most. */
    private static String ending(String name) {
        return name.length() <= LONGEST_NAME ? name : "..." + name.substring(name.length() - LONGEST_NAME + 3);
    }

    private static String bytes(double count) {
        if (count >= 1e9) {
            return String.format(Locale.ROOT, "%.2f GB", count / 1e9);
        }
        return count >= 1e6
                ? String.format(Locale.ROOT, "%.1f MB", count / 1e6)
                : String.format(Locale.ROOT, "%.1f kB", count / 1e3);
    }

    private void show(String line) {
        String shown = line.length() <= LONGEST_LINE ? line : "..." + line.substring(line.length() - LONGEST_LINE + 3);
        err.print('\r' + shown + " ".repeat(Math.max(0, shownLength - shown.length())));
        err.flush();
        shownLength = shown.length();
    }

    /** Wipes the line out, so that the result can be printed in its place. */
    public synchronized void clear() {
        if (shownLength > 0) {
            err.print('\r' + " ".repeat(shownLength) + '\r');
            err.flush();
            shownLength = 0;
        }
    }

    /** Leaves the cursor on an empty line, also after a failure. */
    @Override
    public void close() {
        clear();
    }
}
