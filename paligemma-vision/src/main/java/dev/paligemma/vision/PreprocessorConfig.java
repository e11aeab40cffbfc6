package dev.paligemma.vision;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import dev.paligemma.base.internal.Quote;
import dev.paligemma.vision.format.ImageException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Reads preprocessor_config.json token by token; settings it does not know are skipped. */
final class PreprocessorConfig {
    /** Published files have less than 1 kB. */
    private static final int MAX_BYTES = 1 << 20;

    /** More digits of a number say nothing in a message. */
    private static final int MAX_SHOWN = 40;

    private static final String KIND = "image processor configuration";
    private static final int BICUBIC = 3;
    private static final int DEFAULT_SIZE = 224;
    private static final List<String> FILTERS = List.of("nearest", "lanczos", "bilinear", "bicubic", "box", "hamming");

    private static final JsonFactory JSON = JsonFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();

    private final Path file;
    private final JsonParser json;

    private int size = DEFAULT_SIZE;
    private boolean doResize = true;
    private boolean doRescale = true;
    private double rescaleFactor = ImageProcessor.DEFAULT_RESCALE_FACTOR;
    private boolean doNormalize = true;
    private List<Float> mean = ImageProcessor.HALF;
    private List<Float> std = ImageProcessor.HALF;
    private @Nullable Integer seqLength;

    private PreprocessorConfig(Path file, JsonParser json) {
        this.file = file;
        this.json = json;
    }

    static ImageProcessor read(Path file) {
        InputFiles.requireRegular(file, KIND, "");
        byte[] bytes;
        try (InputStream in = Files.newInputStream(file)) {
            bytes = in.readNBytes(MAX_BYTES + 1);
        } catch (IOException e) {
            throw InputFiles.unreadable(file, KIND, e);
        }
        if (bytes.length > MAX_BYTES) {
            throw new ImageException(file + " has more than " + MAX_BYTES + " bytes");
        }
        try (JsonParser json = JSON.createParser(bytes)) {
            return new PreprocessorConfig(file, json).read();
        } catch (IOException e) {
            throw new ImageException(file + " is not valid JSON" + whatIsWrong(e), e);
        }
    }

    private static String whatIsWrong(IOException e) {
        if (e instanceof JsonProcessingException json && json.getLocation() != null) {
            return " at line " + json.getLocation().getLineNr() + ", column "
                    + json.getLocation().getColumnNr() + ": " + Quote.quote(json.getOriginalMessage());
        }
        return ": " + Quote.quote(InputFiles.reason(e, Path.of("")));
    }

    private ImageProcessor read() throws IOException {
        if (json.nextToken() != JsonToken.START_OBJECT) {
            throw error("the file must hold an object, got " + got());
        }
        readSettings();
        if (json.nextToken() != null) {
            throw error("something follows the object");
        }
        int tokens = seqLength != null ? seqLength : ImageProcessor.defaultSeqLength(size);
        return new ImageProcessor(size, doResize, doRescale, rescaleFactor, doNormalize, mean, std, tokens);
    }

    private void readSettings() throws IOException {
        while (json.nextToken() != JsonToken.END_OBJECT) {
            String name = json.currentName();
            JsonToken value = json.nextToken();
            if (value == JsonToken.VALUE_NULL) {
                continue;
            }
            // Only names that are known get into messages, so they need no quoting.
            switch (name) {
                case "size" -> readSize();
                case "resample" -> readFilter();
                case "do_resize" -> doResize = bool(name);
                case "do_rescale" -> doRescale = bool(name);
                case "do_normalize" -> doNormalize = bool(name);
                case "rescale_factor" -> rescaleFactor = factor(name);
                case "image_mean" -> mean = three(name, false);
                case "image_std" -> std = three(name, true);
                case "image_seq_length" -> seqLength = integer(name, Integer.MAX_VALUE);
                case "do_center_crop", "do_pad", "do_flip_channel_order" -> {
                    if (bool(name)) {
                        throw error(name + " is not supported");
                    }
                }
                case "image_processor" -> {
                    if (value != JsonToken.START_OBJECT) {
                        throw wrong(name, "an object");
                    }
                    readSettings();
                }
                default -> json.skipChildren();
            }
        }
    }

    private void readSize() throws IOException {
        if (json.currentToken().isNumeric()) {
            size = integer("size", ImageProcessor.MAX_SIZE);
            return;
        }
        if (json.currentToken() != JsonToken.START_OBJECT) {
            throw wrong("size", "an integer, or an object with height and width");
        }
        Integer height = null;
        Integer width = null;
        while (json.nextToken() != JsonToken.END_OBJECT) {
            String name = json.currentName();
            JsonToken value = json.nextToken();
            if (value == JsonToken.VALUE_NULL) {
                continue;
            }
            switch (name) {
                case "height" -> height = integer("size.height", ImageProcessor.MAX_SIZE);
                case "width" -> width = integer("size.width", ImageProcessor.MAX_SIZE);
                default ->
                    throw error(
                            "size has " + Quote.quote(name) + ", which is not supported: only height and width are");
            }
        }
        if (height == null || !height.equals(width)) {
            throw error("size must have equal height and width, got " + present("height", height) + " and "
                    + present("width", width));
        }
        size = height;
    }

    private static String present(String name, @Nullable Integer value) {
        return value == null ? "no " + name : name + " " + value;
    }

    private void readFilter() throws IOException {
        String text = json.getText();
        boolean bicubic = switch (json.currentToken()) {
            case VALUE_STRING -> text.toLowerCase(Locale.ROOT).equals(FILTERS.get(BICUBIC));
            case VALUE_NUMBER_INT -> text.equals(String.valueOf(BICUBIC));
            default -> throw wrong("resample", "3 or \"bicubic\"");
        };
        if (!bicubic) {
            String name = text.matches("[0-5]") ? " (" + FILTERS.get(Integer.parseInt(text)) + ")" : "";
            throw error("resample " + got() + name + " is not supported, only 3 (bicubic) is");
        }
    }

    private boolean bool(String name) throws IOException {
        return switch (json.currentToken()) {
            case VALUE_TRUE -> true;
            case VALUE_FALSE -> false;
            default -> throw wrong(name, "true or false");
        };
    }

    private int integer(String name, int max) throws IOException {
        if (json.currentToken() == JsonToken.VALUE_NUMBER_INT && json.getNumberType() == JsonParser.NumberType.INT) {
            int value = json.getIntValue();
            if (value >= 1 && value <= max) {
                return value;
            }
        }
        throw wrong(name, "an integer from 1 to " + max);
    }

    private double factor(String name) throws IOException {
        if (json.currentToken().isNumeric()) {
            double value = json.getDoubleValue();
            if (value > 0 && Double.isFinite(value)) {
                return value;
            }
        }
        throw wrong(name, "a positive number of double precision");
    }

    /** A list of three numbers, or one number for all three channels. */
    private List<Float> three(String name, boolean positive) throws IOException {
        if (json.currentToken().isNumeric()) {
            float value = channel(name, positive);
            return List.of(value, value, value);
        }
        if (json.currentToken() != JsonToken.START_ARRAY) {
            throw wrong(name, "a number, or a list of three numbers");
        }
        List<Float> values = new ArrayList<>();
        int count = 0;
        while (json.nextToken() != JsonToken.END_ARRAY) {
            if (count < PixelValues.CHANNELS) {
                values.add(channel(name + "[" + count + "]", positive));
            } else {
                json.skipChildren();
            }
            count++;
        }
        if (count != PixelValues.CHANNELS) {
            throw error(name + " must be a list of three numbers, got a list of " + count);
        }
        return values;
    }

    private float channel(String name, boolean positive) throws IOException {
        if (json.currentToken().isNumeric()) {
            float value = (float) json.getDoubleValue();
            if (Float.isFinite(value) && (value > 0 || !positive)) {
                return value;
            }
        }
        throw wrong(name, positive ? "a positive number of single precision" : "a number of single precision");
    }

    private ImageException wrong(String name, String expected) throws IOException {
        return error(name + " must be " + expected + ", got " + got());
    }

    /** The current value for a message. */
    private String got() throws IOException {
        JsonToken token = json.currentToken();
        if (token == null) {
            return "an empty file";
        }
        return switch (token) {
            case START_OBJECT -> "an object";
            case START_ARRAY -> "a list";
            case VALUE_STRING -> Quote.quote(json.getText());
            default -> {
                String text = json.getText();
                yield text.length() > MAX_SHOWN ? text.substring(0, MAX_SHOWN) + "..." : text;
            }
        };
    }

    private ImageException error(String what) {
        return new ImageException(file + ": " + what);
    }
}
