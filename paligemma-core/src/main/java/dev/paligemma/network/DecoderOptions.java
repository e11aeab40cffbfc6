package dev.paligemma.network;

import dev.paligemma.base.internal.Quote;
import dev.paligemma.checkpoint.internal.Limits;
import java.util.Objects;
import java.util.OptionalDouble;

/**
 * Where implementations of the decoder differ, which one to follow. Immutable.
 *
 * <pre>{@code
 * DecoderOptions.defaults()                           // the final soft-cap that config.json names
 * DecoderOptions.defaults().withoutFinalSoftcap()     // none, as transformers 4.52 to 5.22
 * DecoderOptions.defaults().withFinalSoftcap(30)      // this one, whatever config.json says
 * }</pre>
 *
 * @param finalSoftcap the bound c of {@code c * tanh(logit / c)}, which keeps logits between -c and c; 0 for none; empty,
 *     the default, for what {@code final_logit_softcapping} in {@code config.json} says: 30 for PaliGemma 2, none for
 *     PaliGemma 1. The most likely token is the same with any of them, unless the bound is far below the logits; its
 *     probability is not
 * @param slidingWindow whether written tokens lose sight of what is further away than the checkpoint's window, as in
 *     transformers; big_vision, which trained the weights, has no window
 */
public record DecoderOptions(OptionalDouble finalSoftcap, boolean slidingWindow) {
    private static final String CONFIG = "config";
    private static final String OFF = "off";

    /** Throws an {@link IllegalArgumentException} if the soft-cap is neither 0 nor from 1e-6 to 1e6. */
    public DecoderOptions {
        Objects.requireNonNull(finalSoftcap, "finalSoftcap");
        double cap = finalSoftcap.orElse(0);
        if (cap != 0) {
            // As of config.json; a bound that is 0 as a float32 would be a division by zero.
            Limits.check("finalSoftcap", cap, Limits.MIN_SCALAR, Limits.MAX_SCALAR);
        }
    }

    /** As transformers 5.24 does: the final soft-cap of {@code config.json}, and the sliding window. */
    public static DecoderOptions defaults() {
        return new DecoderOptions(OptionalDouble.empty(), true);
    }

    /**
     * The same with this soft-cap on the logits, whatever {@code config.json} says.
     *
     * @throws IllegalArgumentException if it is not from 1e-6 to 1e6
     */
    public DecoderOptions withFinalSoftcap(double cap) {
        Limits.check("finalSoftcap", cap, Limits.MIN_SCALAR, Limits.MAX_SCALAR);
        return new DecoderOptions(OptionalDouble.of(cap), slidingWindow);
    }

    /**
     * The same with the soft-cap on the logits that a text names: {@code config} for what {@code config.json} says, {@code
     * off} for none, or a number.
     *
     * @throws IllegalArgumentException if it is another text
     */
    public DecoderOptions withFinalSoftcap(String text) {
        switch (text) {
            case CONFIG -> {
                return new DecoderOptions(OptionalDouble.empty(), slidingWindow);
            }
            case OFF -> {
                return withoutFinalSoftcap();
            }
            default -> {
                try {
                    return withFinalSoftcap(Double.parseDouble(text));
                } catch (NumberFormatException e) {
                    throw new IllegalArgumentException(
                            "finalSoftcap must be " + CONFIG + ", " + OFF + " or a number, got " + Quote.quote(text),
                            e);
                }
            }
        }
    }

    /** The same without a soft-cap on the logits, whatever {@code config.json} says. */
    public DecoderOptions withoutFinalSoftcap() {
        return new DecoderOptions(OptionalDouble.of(0), slidingWindow);
    }

    /** The same without a sliding window. */
    public DecoderOptions withoutSlidingWindow() {
        return new DecoderOptions(finalSoftcap, false);
    }
}
