package dev.paligemma.cli.report;

import java.util.Locale;
import java.util.OptionalLong;

/**
 * How far a command about many pictures has come.
 *
 * @param done how many pictures are done, those of an earlier run included
 * @param before how many of them an earlier run did
 * @param failed how many could not be done
 * @param total how many there are; empty if that is not known
 * @param seconds how long this run has taken for its own, without loading the model
 */
public record PictureCount(long done, long before, long failed, OptionalLong total, double seconds) {
    private static final double MINUTE = 60;
    private static final double HOUR = 3600;

    /** Whether all are done. */
    boolean isLast() {
        return total.isPresent() && done >= total.getAsLong();
    }

    /** In words: {@code 120 of 200 pictures, 14.2/s, 6 s left, 1 failed}. */
    @Override
    public String toString() {
        double rate = seconds > 0 ? (done - before) / seconds : 0;
        StringBuilder text = new StringBuilder().append(done);
        total.ifPresent(all -> text.append(" of ").append(all));
        text.append(total.orElse(done) == 1 ? " picture" : " pictures");
        if (rate > 0) {
            text.append(
                    rate >= 1
                            ? String.format(Locale.ROOT, ", %.1f/s", rate)
                            : String.format(Locale.ROOT, ", %.1f s each", 1 / rate));
            if (total.isPresent() && !isLast()) {
                text.append(", ")
                        .append(duration((total.getAsLong() - done) / rate))
                        .append(" left");
            }
        }
        return text.append(failed > 0 ? ", " + failed + " failed" : "").toString();
    }

    private static String duration(double seconds) {
        if (seconds < MINUTE) {
            return Math.max(1, Math.round(seconds)) + " s";
        }
        if (seconds < HOUR) {
            return (long) (seconds / MINUTE) + " min " + (long) (seconds % MINUTE) + " s";
        }
        return (long) (seconds / HOUR) + " h " + (long) (seconds % HOUR / MINUTE) + " min";
    }
}
