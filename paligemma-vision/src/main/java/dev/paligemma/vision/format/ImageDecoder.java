package dev.paligemma.vision.format;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;
import org.jspecify.annotations.Nullable;

/** Finds out the format of an image by its first bytes and decodes it. */
public final class ImageDecoder {
    private static final String SUPPORTED = "JPEG, PNG, GIF, BMP and TIFF";

    /** The JDK's own readers: a plug-in for the same format would decode other pixels on some installations. */
    private static final String JDK_MODULE = "java.desktop";

    /**
     * Warnings that do not concern the pixels; with any other, decoding went on with invented ones.
     *
     * <p>The texts are libjpeg's, which are not translated.
     */
    private static final List<String> HARMLESS_WARNINGS =
            List.of("extraneous bytes before marker", "unknown JFIF revision", "Invalid SOS parameters");

    private ImageDecoder() {}

    /**
     * Decodes the content of an image file, which is only read during the call.
     *
     * @throws ImageException if it is damaged, too large or of an unsupported format
     */
    public static Pixels decode(byte[] bytes, ImageOptions options) {
        EncodedImage image = parse(bytes, options);
        if (image != null) {
            return decode(image, options);
        }
        ImageBytes file = new ImageBytes("", bytes);
        if (isGif(file)) {
            return GifFile.decode(bytes, options);
        }
        if (file.startsWith(0, "BM")) {
            return BmpFile.decode(bytes, options);
        }
        return decodeByPlugin(file, options);
    }

    /**
     * The pixels of a picture by what the file says, or the most that they can be: those that are allowed. Nothing is decoded.
     *
     * @throws ImageException if it is damaged or too large
     */
    public static long pixels(byte[] bytes, ImageOptions options) {
        EncodedImage image = parse(bytes, options);
        return image == null ? options.maxPixels() : (long) image.width() * image.height();
    }

    /** The checked file; null if it is of a format that is checked while it is decoded. */
    private static @Nullable EncodedImage parse(byte[] bytes, ImageOptions options) {
        ImageBytes file = new ImageBytes("", bytes);
        if (file.startsWith(0, "\u00FF\u00D8\u00FF")) {
            return JpegFile.parse(bytes, options);
        }
        if (file.startsWith(0, "\u0089PNG\r\n\u001A\n")) {
            return PngFile.parse(bytes, options);
        }
        boolean tiff = file.startsWith(0, "II*\0")
                || file.startsWith(0, "MM\0*")
                || file.startsWith(0, "II+\0")
                || file.startsWith(0, "MM\0+");
        return tiff ? TiffFile.parse(bytes, options) : null;
    }

    private static boolean isGif(ImageBytes file) {
        return file.startsWith(0, "GIF87a") || file.startsWith(0, "GIF89a");
    }

    private static Pixels decode(EncodedImage image, ImageOptions options) {
        ImageReader reader = jdkReader(image.format());
        String name = image.format().toUpperCase(Locale.ROOT);
        Pixels decoded = decode(name, reader, image.stream(), options);
        if (decoded.width() != image.width() || decoded.height() != image.height()) {
            throw new ImageException(name + " image is damaged: its header says " + image.width() + "x" + image.height()
                    + ", its data " + decoded.width() + "x" + decoded.height());
        }
        return options.applyExifOrientation() ? Orientation.apply(decoded, image.orientation()) : decoded;
    }

    private static Pixels decode(String name, ImageReader reader, byte[] stream, ImageOptions options) {
        List<String> warnings = new ArrayList<>();
        try (ImageInputStream in = new ByteArrayImageInputStream(stream)) {
            reader.addIIOReadWarningListener((source, warning) -> {
                if (warnings.isEmpty() && HARMLESS_WARNINGS.stream().noneMatch(warning::contains)) {
                    warnings.add(warning);
                }
            });
            reader.setInput(in, true, true);
            new ImageBytes(name, stream).checkSize(reader.getWidth(0), reader.getHeight(0), options);
            BufferedImage image = reader.read(0);
            if (!warnings.isEmpty()) {
                throw DecoderFailure.ofWarning(name, warnings.get(0));
            }
            return SampleConverter.toRgb(image);
        } catch (ImageException e) {
            throw e;
        } catch (IOException | RuntimeException e) {
            // Readers of the JDK and of plug-ins answer damaged files with unchecked exceptions of any kind, too.
            throw DecoderFailure.of(name, e);
        } finally {
            reader.dispose();
        }
    }

    private static ImageReader jdkReader(String format) {
        ImageReader reader = firstReader(ImageIO.getImageReadersByFormatName(format), true);
        if (reader == null) {
            throw new ImageException("this Java runtime has no ImageIO reader for " + format);
        }
        return reader;
    }

    private static @Nullable ImageReader firstReader(Iterator<ImageReader> readers, boolean ofJdk) {
        while (readers.hasNext()) {
            ImageReader reader = readers.next();
            if (JDK_MODULE.equals(reader.getClass().getModule().getName()) == ofJdk) {
                return reader;
            }
            reader.dispose();
        }
        return null;
    }

    private static Pixels decodeByPlugin(ImageBytes bytes, ImageOptions options) {
        ImageBytes file = WebpFile.withoutPadding(bytes);
        ImageReader reader = firstReader(ImageIO.getImageReaders(new ByteArrayImageInputStream(file.array())), false);
        if (reader == null) {
            if (WebpFile.isCutOff(file)
                    && ImageIO.getImageReadersByFormatName("webp").hasNext()) {
                throw file.damaged("truncated: it is shorter than its header says");
            }
            throw new ImageException(explanation(file));
        }
        Pixels image = decode(pluginName(reader), reader, file.array(), options);
        return options.applyExifOrientation() ? Orientation.apply(image, WebpFile.orientation(file)) : image;
    }

    private static String pluginName(ImageReader reader) {
        try {
            return reader.getFormatName();
        } catch (IOException e) {
            return reader.getClass().getSimpleName();
        }
    }

    private static String explanation(ImageBytes file) {
        if (file.length() == 0) {
            return "not an image: no bytes at all";
        }
        if (WebpFile.is(file)) {
            return "WEBP images are not supported by the Java runtime; add an ImageIO plug-in for them to the class path,"
                    + " org.sejda.imageio:webp-imageio, or convert the image";
        }
        if (file.startsWith(4, "ftyp")) {
            return "HEIF and AVIF images are not supported by the Java runtime; add an ImageIO plug-in for them to the"
                    + " class path, or convert the image";
        }
        String start = HexFormat.ofDelimiter(" ").formatHex(file.array(), 0, Math.min(8, file.length()));
        return "unknown image format, the first bytes are " + start + "; supported are " + SUPPORTED
                + ", and what ImageIO plug-ins on the class path add";
    }
}
