package dev.paligemma.cli.validation;

import dev.paligemma.vision.RgbImage;
import org.jspecify.annotations.Nullable;

/**
 * A picture that a published answer is about. Immutable.
 *
 * @param address where it can be fetched; {@value #BUNDLED} for the picture that comes with the bundled model
 * @param sha256 the SHA-256 of the picture's bytes; null where it is not known
 * @param notebookCell the cell of a Jupyter notebook whose output is the picture; null if the address is the picture's own
 * @param centreSquare whether only the largest square in the middle is shown
 */
public record Picture(
        String address, @Nullable String sha256, @Nullable Integer notebookCell, boolean centreSquare) {
    /** The address of the picture that comes with the bundled model. */
    public static final String BUNDLED = "bundled";

    /** What of the picture is shown to the model: uint8[S, S, 3] of uint8[H, W, 3] where a square is asked for. */
    public RgbImage shown(RgbImage whole) {
        if (!centreSquare) {
            return whole;
        }
        int side = Math.min(whole.width(), whole.height());
        int left = whole.width() / 2 - side / 2;
        int top = whole.height() / 2 - side / 2;
        byte[] rgb = whole.toBytes();
        byte[] square = new byte[side * side * 3];
        for (int y = 0; y < side; y++) {
            int from = ((top + y) * whole.width() + left) * 3;
            System.arraycopy(rgb, from, square, y * side * 3, side * 3);
        }
        return RgbImage.of(side, side, square);
    }
}
