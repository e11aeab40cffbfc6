package dev.paligemma.vision;

import dev.paligemma.base.internal.FailureReason;
import dev.paligemma.base.internal.InputFiles;
import dev.paligemma.vision.format.ImageDecoder;
import dev.paligemma.vision.format.ImageException;
import dev.paligemma.vision.format.ImageOptions;
import dev.paligemma.vision.format.Pixels;
import dev.paligemma.vision.format.SampleConverter;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;
import java.util.regex.Pattern;

/**
 * A picture of 8-bit red, green and blue samples: uint8[height, width, 3]; immutable and thread-safe.
 *
 * <p>Files are read as Pillow's {@code ImageOps.exif_transpose(Image.open(f)).convert("RGB")} reads them: JPEG (baseline,
 * progressive, grey, RGB, CMYK, YCCK), PNG, GIF (first frame), BMP and TIFF (first page). Transparency is dropped, not
 * blended; colour profiles and gamma are ignored; grey is repeated; 16-bit samples lose their low byte. Other formats are
 * read if an ImageIO plug-in for them is on the class path (WEBP, for instance).
 *
 * <p>Where results differ from Pillow 13: a 16-bit grey image keeps its high byte, where Pillow clips all samples above
 * 255 to white; a PNG is read though a chunk before its picture data has a wrong checksum, if that is not needed, and a GIF
 * without the last byte of its picture data; and JPEG with 4:4:0 sampling, or arithmetic coding, depends on the JPEG library inside the JDK.
 */
public final class RgbImage {
    /** Largest width and largest height, in pixels; it bounds what resizing may need besides the picture. */
    public static final int MAX_SIDE = ImageOptions.MAX_SIDE;

    /** A path has one slash where an address has two. */
    private static final Pattern ADDRESS = Pattern.compile("(?i)(https?|ftps?|s3|gs|hf|data):.");

    private final Pixels pixels;

    private RgbImage(Pixels pixels) {
        this.pixels = pixels;
    }

    /** As {@link #read(Path, ImageOptions)}, with the default options. */
    public static RgbImage read(Path file) {
        return read(file, ImageOptions.defaults());
    }

    /**
     * Reads an image file.
     *
     * @param file a regular file, or a link to one; for pipes and devices there is
     *     {@link #read(InputStream, ImageOptions)}
     * @param options limits and orientation
     * @throws ImageException if the file is missing, not a regular one, cannot be read, is damaged, too large or of an
     *     unsupported format
     */
    public static RgbImage read(Path file, ImageOptions options) {
        Objects.requireNonNull(file, "file");
        Objects.requireNonNull(options, "options");
        if (Files.exists(file) && !Files.isRegularFile(file) && !Files.isDirectory(file)) {
            throw new ImageException(
                    file
                            + " is not a regular file, but a pipe, a socket or a device; RgbImage.read(InputStream) reads from those");
        }
        if (ADDRESS.matcher(file.toString()).lookingAt() && !Files.exists(file)) {
            throw new ImageException(file + " is an address, and pictures are read from files: download it first, or"
                    + " read its stream with RgbImage.read(InputStream)");
        }
        Path real = InputFiles.regular(file, ImageException::new);
        try (InputStream in = Files.newInputStream(real)) {
            checkBytes(Files.size(real), options);
            return new RgbImage(ImageDecoder.decode(readAll(in, options), options));
        } catch (IOException e) {
            throw InputFiles.unreadable(file, e, ImageException::new);
        } catch (ImageException e) {
            throw new ImageException("image file " + file + ": " + e.getMessage(), e);
        }
    }

    /** As {@link #read(byte[], ImageOptions)}, with the default options. */
    public static RgbImage read(byte[] encoded) {
        return read(encoded, ImageOptions.defaults());
    }

    /**
     * Reads an encoded image (the content of a file).
     *
     * @param encoded the bytes of a JPEG, PNG, GIF, BMP or TIFF file; only read during the call
     * @param options limits and orientation
     * @throws ImageException if the image is damaged, too large or of an unsupported format
     */
    public static RgbImage read(byte[] encoded, ImageOptions options) {
        Objects.requireNonNull(encoded, "encoded");
        Objects.requireNonNull(options, "options");
        checkBytes(encoded.length, options);
        return new RgbImage(ImageDecoder.decode(encoded, options));
    }

    /**
     * How many pixels {@link #read(byte[], ImageOptions)} of the same would give, before anything is decoded: by the header of the
     * file, or, for GIF, BMP and formats of plug-ins, the most that {@code options} allow. So a program can see to it that there
     * is memory for a picture.
     *
     * @throws ImageException if the image is damaged or too large, as far as its header says
     */
    public static long maxPixels(byte[] encoded, ImageOptions options) {
        Objects.requireNonNull(encoded, "encoded");
        Objects.requireNonNull(options, "options");
        checkBytes(encoded.length, options);
        return ImageDecoder.pixels(encoded, options);
    }

    /** As {@link #read(InputStream, ImageOptions)}, with the default options. */
    public static RgbImage read(InputStream in) {
        return read(in, ImageOptions.defaults());
    }

    /**
     * Reads an encoded image from a stream.
     *
     * @param in read to its end or up to the limit of bytes, and left open
     * @param options limits and orientation
     * @throws ImageException if the stream fails, or the image is damaged, too large or of an unsupported format
     */
    public static RgbImage read(InputStream in, ImageOptions options) {
        Objects.requireNonNull(in, "in");
        Objects.requireNonNull(options, "options");
        try {
            return new RgbImage(ImageDecoder.decode(readAll(in, options), options));
        } catch (IOException e) {
            throw new ImageException("cannot read image stream: " + FailureReason.of(e, Path.of("")), e);
        }
    }

    private static byte[] readAll(InputStream in, ImageOptions options) throws IOException {
        byte[] bytes = in.readNBytes((int) options.maxBytes() + 1);
        if (bytes.length > options.maxBytes()) {
            throw new ImageException("image has more than the allowed " + options.maxBytes() + " bytes (maxBytes)");
        }
        return bytes;
    }

    private static void checkBytes(long length, ImageOptions options) {
        if (length > options.maxBytes()) {
            throw new ImageException(
                    "image has " + length + " bytes, more than the allowed " + options.maxBytes() + " (maxBytes)");
        }
    }

    /**
     * Copies a picture in memory, of any {@link BufferedImage} type.
     *
     * <p>Samples of grey, RGB and palette images are taken as they are stored: no colour conversion, transparency dropped
     * (pre-multiplied colours are divided by it first). CMYK is converted as Pillow does; images of any other colour
     * space through {@link java.awt.image.ColorModel#getRGB(Object)}.
     *
     * @param image the picture; only read during the call
     * @throws ImageException if a side is longer than {@value #MAX_SIDE}, or the picture has more than
     *     {@value ImageOptions#LARGEST_MAX_PIXELS} pixels
     */
    public static RgbImage of(BufferedImage image) {
        Objects.requireNonNull(image, "image");
        return new RgbImage(SampleConverter.toRgb(image));
    }

    /**
     * Copies samples.
     *
     * @param width in pixels, 1 to {@value #MAX_SIDE}
     * @param height in pixels, 1 to {@value #MAX_SIDE}
     * @param rgb uint8[height, width, 3]
     * @throws IllegalArgumentException if a side is out of range, or the number of bytes is not
     *     {@code 3 * width * height}
     */
    public static RgbImage of(int width, int height, byte[] rgb) {
        return new RgbImage(new Pixels(width, height, rgb.clone()));
    }

    /** Returns the width: the number of pixels in a row, at least 1. */
    public int width() {
        return pixels.width();
    }

    /** Returns the height: the number of rows, at least 1. */
    public int height() {
        return pixels.height();
    }

    /**
     * Returns the colour of the pixel in column {@code x} and row {@code y}, counted from the upper left, as {@code
     * 0xRRGGBB}.
     *
     * @throws IndexOutOfBoundsException if the position is outside of the picture
     */
    public int rgbAt(int x, int y) {
        int p = (Objects.checkIndex(y, height()) * width() + Objects.checkIndex(x, width())) * 3;
        byte[] rgb = pixels.rgb();
        return (rgb[p] & 255) << 16 | (rgb[p + 1] & 255) << 8 | (rgb[p + 2] & 255);
    }

    /** Returns a copy of all samples: uint8[height, width, 3], top row first. */
    public byte[] toBytes() {
        return pixels.rgb().clone();
    }

    /**
     * Copies all samples, uint8[height, width, 3], to a buffer at its position, which is advanced; a {@link
     * java.nio.BufferOverflowException} if there is no room for them.
     */
    public void copyTo(ByteBuffer target) {
        target.put(pixels.rgb());
    }

    /** The samples themselves; callers in this package do not write to them. */
    byte[] bytes() {
        return pixels.rgb();
    }

    /**
     * Resizes with Pillow's antialiased bicubic filter, bit for bit; the aspect ratio is not kept.
     *
     * <p>Works in the calling thread.
     *
     * @param newWidth in pixels, 1 to {@value #MAX_SIDE}
     * @param newHeight in pixels, 1 to {@value #MAX_SIDE}
     * @return the resized picture; this one if it has that size already
     * @throws IllegalArgumentException if a side is out of range, or the new size has more than
     *     {@value ImageOptions#LARGEST_MAX_PIXELS} pixels
     */
    public RgbImage resize(int newWidth, int newHeight) {
        Pixels.byteCount(newWidth, newHeight);
        if (newWidth == width() && newHeight == height()) {
            return this;
        }
        byte[] resized = BicubicResize.resize(pixels.rgb(), width(), height(), newWidth, newHeight);
        return new RgbImage(new Pixels(newWidth, newHeight, resized));
    }

    /**
     * Copies this picture for display, drawing or writing: an image of {@link BufferedImage#TYPE_3BYTE_BGR},
     * independent of this one.
     */
    public BufferedImage toBufferedImage() {
        BufferedImage image = new BufferedImage(width(), height(), BufferedImage.TYPE_3BYTE_BGR);
        byte[] row = new byte[width() * 3];
        for (int y = 0; y < height(); y++) {
            System.arraycopy(pixels.rgb(), y * row.length, row, 0, row.length);
            image.getRaster().setDataElements(0, y, width(), 1, row);
        }
        return image;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof RgbImage that
                && width() == that.width()
                && height() == that.height()
                && Arrays.equals(bytes(), that.bytes());
    }

    @Override
    public int hashCode() {
        return 31 * (31 * width() + height()) + Arrays.hashCode(bytes());
    }

    @Override
    public String toString() {
        return "RgbImage[" + width() + "x" + height() + "]";
    }
}
