package dev.paligemma.vision;

import dev.paligemma.base.internal.Json;
import dev.paligemma.base.internal.JsonObject;
import dev.paligemma.base.internal.Quote;
import dev.paligemma.vision.format.ImageException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads preprocessor_config.json; settings it does not know are skipped. */
final class PreprocessorConfig {
    /** Published files have less than 1 kB. */
    private static final int MAX_BYTES = 1 << 20;

    private static final long BICUBIC = 3;
    private static final List<String> FILTERS = List.of("nearest", "lanczos", "bilinear", "bicubic", "box", "hamming");

    private int size = 224;
    private boolean doResize = true;
    private boolean doRescale = true;
    private double rescaleFactor = ImageProcessor.DEFAULT_RESCALE_FACTOR;
    private boolean doNormalize = true;
    private List<Float> mean = ImageProcessor.HALF;
    private List<Float> std = ImageProcessor.HALF;
    private @Nullable Integer seqLength;

    private PreprocessorConfig() {}

    static ImageProcessor read(Path file) {
        PreprocessorConfig config = new PreprocessorConfig();
        config.read(Json.readObject(file, MAX_BYTES, ImageException::new));
        return config.processor();
    }

    private ImageProcessor processor() {
        int tokens = seqLength != null ? seqLength : ImageProcessor.defaultSeqLength(size);
        return new ImageProcessor(size, doResize, doRescale, rescaleFactor, doNormalize, mean, std, tokens);
    }

    private void read(JsonObject settings) {
        readSize(settings);
        checkFilter(settings);
        doResize = settings.bool("do_resize", doResize);
        doRescale = settings.bool("do_rescale", doRescale);
        doNormalize = settings.bool("do_normalize", doNormalize);
        rescaleFactor = factor(settings, rescaleFactor);
        mean = three(settings, "image_mean", false, mean);
        std = three(settings, "image_std", true, std);
        Integer tokens = settings.integerOrNull("image_seq_length", 1, Integer.MAX_VALUE);
        seqLength = tokens != null ? tokens : seqLength;
        for (String name : List.of("do_center_crop", "do_pad", "do_flip_channel_order")) {
            if (settings.bool(name, false)) {
                throw error(settings, name + " is not supported");
            }
        }
        JsonObject inner = settings.objectOrNull("image_processor");
        if (inner != null) {
            read(inner);
        }
    }

    private void readSize(JsonObject settings) {
        Object value = settings.members().get("size");
        if (value == null || value instanceof Number) {
            size = settings.integer("size", size, 1, ImageProcessor.MAX_SIZE);
            return;
        }
        if (!(value instanceof Map)) {
            throw settings.wrong("size", "an integer, or an object with height and width");
        }
        JsonObject sides = settings.object("size");
        Integer height = sides.integerOrNull("height", 1, ImageProcessor.MAX_SIZE);
        Integer width = sides.integerOrNull("width", 1, ImageProcessor.MAX_SIZE);
        for (String name : sides.members().keySet()) {
            if (!name.equals("height") && !name.equals("width") && sides.has(name)) {
                throw error(
                        settings,
                        "size has " + Quote.quote(name) + ", which is not supported: only height and width are");
            }
        }
        if (height == null || !height.equals(width)) {
            throw error(
                    settings,
                    "size must have equal height and width, got " + present("height", height) + " and "
                            + present("width", width));
        }
        size = height;
    }

    private static String present(String name, @Nullable Integer value) {
        return value == null ? "no " + name : name + " " + value;
    }

    private static void checkFilter(JsonObject settings) {
        Object value = settings.members().get("resample");
        if (value == null
                || value.equals(BICUBIC)
                || (value instanceof String text && text.equalsIgnoreCase("bicubic"))) {
            return;
        }
        if (!(value instanceof Long || value instanceof String)) {
            throw settings.wrong("resample", "3 or \"bicubic\"");
        }
        String name = value instanceof Long number && number >= 0 && number < FILTERS.size()
                ? " (" + FILTERS.get(number.intValue()) + ")"
                : "";
        throw error(
                settings, "resample " + JsonObject.describe(value) + name + " is not supported, only 3 (bicubic) is");
    }

    private static double factor(JsonObject settings, double otherwise) {
        Object value = settings.members().get("rescale_factor");
        if (value == null) {
            return otherwise;
        }
        double factor = value instanceof Number number ? number.doubleValue() : Double.NaN;
        if (factor > 0 && Double.isFinite(factor)) {
            return factor;
        }
        throw settings.wrong("rescale_factor", "a positive number of double precision");
    }

    /** A list of three numbers, or one number for all three channels. */
    private static List<Float> three(JsonObject settings, String name, boolean positive, List<Float> otherwise) {
        Object value = settings.members().get(name);
        if (value == null) {
            return otherwise;
        }
        if (value instanceof Number) {
            return Collections.nCopies(PixelValues.CHANNELS, channel(settings, name, value, positive));
        }
        if (!(value instanceof List<?> list)) {
            throw settings.wrong(name, "a number, or a list of three numbers");
        }
        if (list.size() != PixelValues.CHANNELS) {
            throw settings.wrong(name, "a list of three numbers");
        }
        List<Float> values = new ArrayList<>();
        for (Object each : list) {
            values.add(channel(settings, name + "[" + values.size() + "]", each, positive));
        }
        return values;
    }

    private static float channel(JsonObject settings, String name, @Nullable Object value, boolean positive) {
        float number = value instanceof Number given ? given.floatValue() : Float.NaN;
        if (Float.isFinite(number) && (number > 0 || !positive)) {
            return number;
        }
        String expected = positive ? "a positive number of single precision" : "a number of single precision";
        throw error(settings, name + " must be " + expected + ", got " + JsonObject.describe(value));
    }

    private static ImageException error(JsonObject settings, String what) {
        return new ImageException(settings.where() + ": " + what);
    }
}
