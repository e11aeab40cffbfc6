package dev.paligemma.vision;

import dev.paligemma.vision.format.ImageException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;

/**
 * Turns pictures into pixel values, bit for bit like transformers' {@code SiglipImageProcessorPil}; immutable and
 * thread-safe.
 *
 * <p>The picture is resized to S x S with Pillow's bicubic filter (the aspect ratio is not kept, nothing is cropped), then
 * each sample u becomes {@code x = float32(u * rescaleFactor)} with the product in double precision, and
 * {@code (x - mean) / std} in single precision. The torchvision variant of the processor, which transformers prefers
 * where torchvision is installed, resamples differently: up to 0.8 % of its samples differ by one or two levels.
 *
 * @param size S, the resolution of the checkpoint: 224, 448 or 896 for published ones; 1 to {@value #MAX_SIZE}
 * @param doResize whether pictures are resized; if not, they must have the size already
 * @param doRescale whether samples are multiplied by {@code rescaleFactor}
 * @param rescaleFactor 1/255 for published checkpoints; finite and greater than 0
 * @param doNormalize whether mean and standard deviation are applied
 * @param imageMean mean of red, green and blue; three finite numbers
 * @param imageStd standard deviation of red, green and blue; three finite numbers greater than 0
 * @param imageSeqLength number of image tokens that the network makes of a picture, at least 1: (S / 14) squared for
 *     published checkpoints
 */
public record ImageProcessor(
        int size,
        boolean doResize,
        boolean doRescale,
        double rescaleFactor,
        boolean doNormalize,
        List<Float> imageMean,
        List<Float> imageStd,
        int imageSeqLength) {

    /** Largest resolution accepted; it bounds the memory that a configuration file can ask for. */
    public static final int MAX_SIZE = 4096;

    /** The edge of a patch in all published checkpoints, in pixels. */
    private static final int PATCH = 14;

    static final List<Float> HALF = List.of(0.5f, 0.5f, 0.5f);

    /** As written in the published files; equal to {@code 1.0 / 255}. */
    static final double DEFAULT_RESCALE_FACTOR = 0.00392156862745098;

    /** Checks the settings; an {@link IllegalArgumentException} if one is out of its range. */
    public ImageProcessor {
        check(size >= 1 && size <= MAX_SIZE, "size must be 1 to " + MAX_SIZE, size);
        check(rescaleFactor > 0 && Double.isFinite(rescaleFactor), "rescaleFactor must be positive", rescaleFactor);
        imageMean = List.copyOf(Objects.requireNonNull(imageMean, "imageMean"));
        imageStd = List.copyOf(Objects.requireNonNull(imageStd, "imageStd"));
        check(
                imageMean.size() == 3 && imageMean.stream().allMatch(Float::isFinite),
                "imageMean must be three finite numbers",
                imageMean);
        check(
                imageStd.size() == 3 && imageStd.stream().allMatch(v -> v > 0 && Float.isFinite(v)),
                "imageStd must be three positive numbers",
                imageStd);
        check(imageSeqLength >= 1, "imageSeqLength must be at least 1", imageSeqLength);
    }

    private static void check(boolean valid, String expectation, Object value) {
        if (!valid) {
            throw new IllegalArgumentException(expectation + ", not " + value);
        }
    }

    /**
     * Returns the settings of the published checkpoints of a resolution: bicubic, 1/255, mean and standard deviation 0.5.
     *
     * @param size S: 224, 448 or 896; any other multiple of 14 up to {@value #MAX_SIZE} for checkpoints trained so
     * @throws IllegalArgumentException if the size is not a multiple of 14 or out of range
     */
    public static ImageProcessor forResolution(int size) {
        check(size >= PATCH && size <= MAX_SIZE && size % PATCH == 0, "size must be a multiple of 14", size);
        return new ImageProcessor(size, true, true, DEFAULT_RESCALE_FACTOR, true, HALF, HALF, defaultSeqLength(size));
    }

    static int defaultSeqLength(int size) {
        int patches = Math.max(1, size / PATCH);
        return patches * patches;
    }

    /**
     * Reads the settings of a checkpoint.
     *
     * <p>Absent settings have the defaults of transformers' SigLIP processor: size 224, bicubic, 1/255, 0.5 and 0.5, and
     * (S / 14) squared image tokens.
     *
     * @param preprocessorConfig the file {@code preprocessor_config.json}, or {@code processor_config.json} with the
     *     settings under {@code image_processor}; a regular file, or a link to one
     * @return the settings
     * @throws ImageException if the file is missing, not a regular one, cannot be read, is not valid, or asks for what is not
     *     supported: another filter than bicubic, cropping, padding, a size that is not square
     */
    public static ImageProcessor read(Path preprocessorConfig) {
        return PreprocessorConfig.read(Objects.requireNonNull(preprocessorConfig, "preprocessorConfig"));
    }

    /**
     * Turns a picture into pixel values, float32[3, S, S], in the calling thread.
     *
     * @throws ImageException if the picture is not to be resized (see {@code doResize}) but has another size
     */
    public PixelValues process(RgbImage image) {
        Objects.requireNonNull(image, "image");
        if (!doResize && (image.width() != size || image.height() != size)) {
            throw new ImageException("the settings forbid resizing (do_resize is false): expected an image of " + size
                    + "x" + size + ", got " + image.width() + "x" + image.height());
        }
        byte[] rgb = image.resize(size, size).bytes();
        int plane = size * size;
        float[] values = new float[PixelValues.CHANNELS * plane];
        for (int c = 0; c < PixelValues.CHANNELS; c++) {
            float[] table = valuesOfSamples(c);
            for (int i = 0; i < plane; i++) {
                values[c * plane + i] = table[rgb[i * 3 + c] & 255];
            }
        }
        return new PixelValues(size, values);
    }

    /** There are only 256 samples: a table costs less than the arithmetic, and has the same result. */
    private float[] valuesOfSamples(int channel) {
        float mean = imageMean.get(channel);
        float std = imageStd.get(channel);
        float[] table = new float[256];
        for (int u = 0; u < table.length; u++) {
            float x = doRescale ? (float) (u * rescaleFactor) : u;
            table[u] = doNormalize ? (x - mean) / std : x;
        }
        return table;
    }
}
