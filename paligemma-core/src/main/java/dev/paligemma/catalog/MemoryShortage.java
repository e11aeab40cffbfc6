package dev.paligemma.catalog;

import dev.paligemma.checkpoint.config.PaliGemmaConfig;
import dev.paligemma.engine.Precision;
import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * That a model needs more memory than is free, and which precision needs less. Immutable.
 *
 * @param needed what the model needs
 * @param freeBytes what is free
 * @param fitting what it needs in the most precise of the other precisions that fit; empty if none does
 */
public record MemoryShortage(MemoryEstimate needed, long freeBytes, Optional<MemoryEstimate> fitting) {
    /**
     * Checks the parts; an {@link IllegalArgumentException} if there is no shortage, or the other precision does not
     * fit either.
     */
    public MemoryShortage {
        Objects.requireNonNull(needed, "needed");
        if (needed.totalBytes() <= freeBytes) {
            throw new IllegalArgumentException(needed.totalBytes() + " bytes fit into " + freeBytes);
        }
        fitting.filter(other -> other.totalBytes() > freeBytes).ifPresent(other -> {
            throw new IllegalArgumentException(other.totalBytes() + " bytes do not fit into " + freeBytes);
        });
    }

    /**
     * Compares what a model of these sizes needs with what is free; empty if it fits.
     *
     * @param precision the precision to run it in
     * @param possible the precisions it could run in; only {@code precision} if it is converted
     */
    public static Optional<MemoryShortage> of(
            PaliGemmaConfig config, Precision precision, Collection<Precision> possible, long freeBytes) {
        return of(each -> MemoryEstimate.of(config, each), precision, () -> possible, freeBytes);
    }

    /** The same of any estimates; the possible precisions are asked for only if there is a shortage. */
    static Optional<MemoryShortage> of(
            Function<Precision, MemoryEstimate> estimates,
            Precision precision,
            Supplier<? extends Collection<Precision>> possible,
            long freeBytes) {
        MemoryEstimate needed = estimates.apply(precision);
        if (needed.totalBytes() <= freeBytes) {
            return Optional.empty();
        }
        // The constants of the enum go from the most precise to the least.
        Optional<MemoryEstimate> fitting = possible.get().stream()
                .filter(other -> other != precision)
                .sorted(Comparator.naturalOrder())
                .map(estimates)
                .filter(estimate -> estimate.totalBytes() <= freeBytes)
                .findFirst();
        return Optional.of(new MemoryShortage(needed, freeBytes, fitting));
    }

    /**
     * In words, such as {@code float32 needs about 12.61 GB of memory and 5.00 GB are free; int8 would fit with 4.02
     * GB}.
     */
    public String message() {
        return needed.precision() + " needs about " + gigabytes(needed.totalBytes()) + " of memory and "
                + gigabytes(freeBytes) + " are free; "
                + fitting.map(other -> other.precision() + " would fit with " + gigabytes(other.totalBytes()))
                        .orElse("no other precision that can be used here would fit");
    }

    private static String gigabytes(long bytes) {
        return String.format(Locale.ROOT, "%.2f GB", bytes / 1e9);
    }
}
