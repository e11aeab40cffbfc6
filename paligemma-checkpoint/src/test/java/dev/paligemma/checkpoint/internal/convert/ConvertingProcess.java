package dev.paligemma.checkpoint.internal.convert;

import dev.paligemma.checkpoint.Checkpoint;
import dev.paligemma.checkpoint.TestNetwork;
import dev.paligemma.engine.Precision;
import java.nio.file.Path;

/** A program that obtains a converted checkpoint, slowly, and says what it does. */
final class ConvertingProcess {
    static final String STARTED = "started";

    private ConvertingProcess() {}

    /** Arguments: source folder, cache folder, milliseconds to wait at each sign of progress. */
    public static void main(String[] arguments) {
        try (Checkpoint source = TestNetwork.open(Path.of(arguments[0]))) {
            long delay = Long.parseLong(arguments[2]);
            Path entry = new ConvertedCheckpoints(Path.of(arguments[1]))
                    .obtain(source, Sources.plan(Precision.INT4, source), progress -> {
                        if (progress.bytesDone() == 0) {
                            System.out.println(STARTED);
                        }
                        sleep(delay);
                    });
            System.out.println(entry);
        }
    }

    private static void sleep(long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
