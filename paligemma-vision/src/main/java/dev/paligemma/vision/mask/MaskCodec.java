package dev.paligemma.vision.mask;

import dev.paligemma.checkpoint.internal.numpy.NpzException;
import dev.paligemma.checkpoint.internal.numpy.NpzFile;
import dev.paligemma.vision.PixelBox;
import dev.paligemma.vision.RgbImage;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Turns the sixteen segmentation codes of an answer into a mask and, if the file has the encoder's weights too, a mask
 * into codes.
 *
 * <p>A vector-quantised autoencoder, with the layers and array names of {@code vae-oid.npz} (49 arrays, 8.5 MB), which
 * Google published with PaliGemma in the big_vision repository. Code number t stands for a vector of 512 numbers at row
 * t / 4, column t % 4 of a 4x4 grid; the decoder turns the grid into 64x64 values. The arithmetic is float32 and that of
 * big_vision's {@code segmentation.py}, up to rounding.
 *
 * <p>Arrays that are not needed are ignored: the published file has two ({@code _vq_vae._ema_cluster_size} and
 * {@code _vq_vae._ema_w}) that only matter to its training. Immutable and thread-safe; every call works in the calling
 * thread and takes some tens of milliseconds.
 */
public final class MaskCodec {
    /** How many codes describe one mask. */
    public static final int CODES = 16;

    /** How many different codes there are: 0 to {@code CODEBOOK_SIZE - 1}. */
    public static final int CODEBOOK_SIZE = Codebook.SIZE;

    /** Largest accepted weight file: several times the published one. */
    static final long MAX_FILE_BYTES = 64L << 20;

    private static final int GRID = 4;

    private final Codebook codebook;
    private final MaskDecoder decoder;
    private final @Nullable MaskEncoder encoder;

    private MaskCodec(MaskWeights weights) {
        codebook = new Codebook(weights);
        decoder = new MaskDecoder(weights);
        encoder = weights.has("encoder.") ? new MaskEncoder(weights) : null;
    }

    /**
     * Reads a weight file: {@code .npz}, stored or deflated, float32.
     *
     * <p>The codebook and the decoder are required. The encoder may be missing altogether, but not in part.
     *
     * @param npz the file, at most 64 MiB; it is read to memory (8.5 MB) and closed
     * @return the codec
     * @throws MaskException if the file cannot be read or is damaged, or if an array is missing, has another type or
     *     shape, or has values that are not finite
     */
    public static MaskCodec read(Path npz) {
        Objects.requireNonNull(npz, "npz");
        try (NpzFile file = NpzFile.open(npz, MAX_FILE_BYTES)) {
            return new MaskCodec(new MaskWeights(file, npz.toString()));
        } catch (NpzException e) {
            throw new MaskException(String.valueOf(e.getMessage()), e);
        }
    }

    /** Says whether masks can be turned into codes; true if the file had the encoder's weights. */
    public boolean hasEncoder() {
        return encoder != null;
    }

    /**
     * Decodes a mask, relative to the box that comes with the codes: the values of {@link #decodeRaw}, nominally -1 to 1,
     * become {@code 0.5 * value + 0.5}, clipped to 0 to 1.
     */
    public SegmentationMask decode(int... codes) {
        float[] values = decodeRaw(codes);
        for (int i = 0; i < values.length; i++) {
            values[i] = Math.min(Math.max(0.5f * values[i] + 0.5f, 0f), 1f);
        }
        return new SegmentationMask(values);
    }

    /**
     * Decodes a mask to the plain values of the network, for metrics that are defined by them: big_vision enlarges these
     * values and takes what is above zero.
     *
     * @param codes {@value #CODES} codes, the numbers of {@code <seg000>} to {@code <seg127>}, in the order of the answer
     * @return float32[64, 64], row by row, nominally -1 (outside) to 1 (inside) but not bounded
     * @throws IllegalArgumentException if the number of codes is another one, or a code is not 0 to 127
     * @throws MaskException if the weights are so large that the result is not finite
     */
    public float[] decodeRaw(int... codes) {
        if (codes.length != CODES) {
            throw new IllegalArgumentException("expected " + CODES + " codes, got " + codes.length);
        }
        for (int i = 0; i < CODES; i++) {
            if (codes[i] < 0 || codes[i] >= CODEBOOK_SIZE) {
                throw new IllegalArgumentException(
                        "code " + i + " is " + codes[i] + ", expected 0 to " + (CODEBOOK_SIZE - 1));
            }
        }
        return finite(decoder.decode(new FeatureMap(GRID, GRID, Codebook.WIDTH, codebook.vectors(codes))));
    }

    /**
     * Decodes a mask into a picture by the rule of big_vision's evaluator: the values of {@link #decodeRaw} are resized to
     * the box, and what is above zero is inside. That may differ at the edges from {@link #decode}, {@link
     * SegmentationMask#toImage} and {@link ImageMask#threshold()}, which clip the values first.
     *
     * @param imageWidth in pixels, 1 to {@value RgbImage#MAX_SIDE}
     * @param imageHeight in pixels, 1 to {@value RgbImage#MAX_SIDE}
     * @param box where the mask belongs, in pixels; what is outside of the picture is left out
     * @throws IllegalArgumentException if the number of codes is another one, a code is not 0 to 127, or a side is out of range
     */
    public BitMask decodeInto(int imageWidth, int imageHeight, PixelBox box, int... codes) {
        ImageMask.requireSize(imageWidth, imageHeight);
        float[] raw = decodeRaw(codes);
        BitSet bits = new BitSet(imageWidth * imageHeight);
        PixelBox visible = box.intersect(new PixelBox(0, 0, imageWidth, imageHeight));
        if (!visible.isEmpty()) {
            int size = SegmentationMask.SIZE;
            float[] values = BilinearResize.resize(
                    (y, row) -> System.arraycopy(raw, y * size, row, 0, size),
                    size,
                    size,
                    new BilinearResize.Part(box.width(), (long) visible.left() - box.left(), (int) visible.width()),
                    new BilinearResize.Part(box.height(), (long) visible.top() - box.top(), (int) visible.height()));
            for (int y = visible.top(), p = 0; y < visible.bottom(); y++) {
                for (int x = visible.left(); x < visible.right(); x++, p++) {
                    bits.set(y * imageWidth + x, values[p] > 0);
                }
            }
        }
        return new BitMask(imageWidth, imageHeight, bits);
    }

    /**
     * Encodes a mask, relative to its box, as training data for segmentation is made: at each place of the 4x4 grid the
     * nearest code by squared distance, {@value #CODES} codes, 0 to 127. For a mask in a picture see {@link
     * SegmentationMask#crop(BitMask, PixelBox)}.
     *
     * @throws IllegalStateException if this codec has no encoder
     * @throws MaskException if the weights are so large that the result is not finite
     */
    public int[] encode(SegmentationMask mask) {
        if (encoder == null) {
            throw new IllegalStateException("the weight file of this codec has no encoder (see hasEncoder())");
        }
        float[] values = mask.toArray();
        for (int i = 0; i < values.length; i++) {
            values[i] = 2f * (values[i] - 0.5f);
        }
        float[] vectors =
                finite(encoder.encode(new FeatureMap(SegmentationMask.SIZE, SegmentationMask.SIZE, 1, values)));
        int[] codes = new int[CODES];
        for (int i = 0; i < CODES; i++) {
            codes[i] = codebook.nearest(vectors, i * Codebook.WIDTH);
        }
        return codes;
    }

    /** Finite weights may still be large enough to overflow. */
    private static float[] finite(FeatureMap result) {
        for (float value : result.values()) {
            if (!Float.isFinite(value)) {
                throw new MaskException("the mask network gave " + value + ", expected a finite number; its weights are"
                        + " too large or damaged");
            }
        }
        return result.values();
    }
}
