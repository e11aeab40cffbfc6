package dev.paligemma.vision;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.exc.InputCoercionException;
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
        byte[] bytes;
        try (InputStream in = Files.newInputStream(file)) {
            bytes = in.readNBytes(MAX_BYTES + 1);
        } catch (IOException e) {
            throw new ImageException("cannot read " + file + ": " + e, e);
        }
        if (bytes.length > MAX_BYTES) {
            throw new ImageException(file + " has more than " + MAX_BYTES + " bytes");
        }
        try (JsonParser json = JSON.createParser(bytes)) {
            return new PreprocessorConfig(file, json).read();
        } catch (IOException e) {
            throw new ImageException(file + " is not valid JSON: " + e.getMessage(), e);
        } catch (IllegalArgumentException e) {
            throw new ImageException(file + ": " + e.getMessage(), e);
        }
    }

    private ImageProcessor read() throws IOException {
        if (json.nextToken() != JsonToken.START_OBJECT) {
            throw error("expected an object, found " + json.currentToken());
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
            switch (name) {
                case "size" -> readSize();
                case "resample" -> readFilter();
                case "do_resize" -> doResize = bool(name);
                case "do_rescale" -> doRescale = bool(name);
                case "do_normalize" -> doNormalize = bool(name);
                case "rescale_factor" -> rescaleFactor = number(name);
                case "image_mean" -> mean = three(name);
                case "image_std" -> std = three(name);
                case "image_seq_length" -> seqLength = integer(name);
                case "do_center_crop", "do_pad", "do_flip_channel_order" -> {
                    if (bool(name)) {
                        throw error(name + " is not supported");
                    }
                }
                case "image_processor" -> {
                    expect(value == JsonToken.START_OBJECT, name, "an object");
                    readSettings();
                }
                default -> json.skipChildren();
            }
        }
    }

    private void readSize() throws IOException {
        if (json.currentToken() == JsonToken.VALUE_NUMBER_INT) {
            size = integer("size");
            return;
        }
        expect(json.currentToken() == JsonToken.START_OBJECT, "size", "an object with height and width");
        Integer height = null;
        Integer width = null;
        while (json.nextToken() != JsonToken.END_OBJECT) {
            String name = json.currentName();
            JsonToken value = json.nextToken();
            if (value == JsonToken.VALUE_NULL) {
                continue;
            }
            switch (name) {
                case "height" -> height = integer("size.height");
                case "width" -> width = integer("size.width");
                default -> throw error("size." + name + " is not supported, only height and width are");
            }
        }
        if (height == null || !height.equals(width)) {
            throw error("size must have equal height and width, found height " + height + " and width " + width);
        }
        size = height;
    }

    private void readFilter() throws IOException {
        boolean bicubic;
        if (json.currentToken() == JsonToken.VALUE_STRING) {
            bicubic = json.getText().toLowerCase(Locale.ROOT).equals(FILTERS.get(BICUBIC));
        } else {
            bicubic = integer("resample") == BICUBIC;
        }
        if (!bicubic) {
            String text = json.getText();
            String name = text.matches("[0-5]") ? " (" + FILTERS.get(Integer.parseInt(text)) + ")" : "";
            throw error("resample " + text + name + " is not supported, only 3 (bicubic) is");
        }
    }

    private boolean bool(String name) throws IOException {
        JsonToken token = json.currentToken();
        expect(token == JsonToken.VALUE_TRUE || token == JsonToken.VALUE_FALSE, name, "true or false");
        return token == JsonToken.VALUE_TRUE;
    }

    private int integer(String name) throws IOException {
        expect(json.currentToken() == JsonToken.VALUE_NUMBER_INT, name, "an integer");
        try {
            return json.getIntValue();
        } catch (InputCoercionException e) {
            throw new ImageException(file + ": " + name + " is out of range: " + json.getText(), e);
        }
    }

    private double number(String name) throws IOException {
        expect(json.currentToken().isNumeric(), name, "a number");
        return json.getDoubleValue();
    }

    /** A list of three numbers, or one number for all three channels. */
    private List<Float> three(String name) throws IOException {
        if (json.currentToken().isNumeric()) {
            float value = (float) number(name);
            return List.of(value, value, value);
        }
        expect(json.currentToken() == JsonToken.START_ARRAY, name, "a list of three numbers");
        List<Float> values = new ArrayList<>();
        while (json.nextToken() != JsonToken.END_ARRAY) {
            values.add((float) number(name));
            expect(values.size() <= 3, name, "a list of three numbers");
        }
        expect(values.size() == 3, name, "a list of three numbers");
        return values;
    }

    private void expect(boolean met, String name, String expected) throws IOException {
        if (!met) {
            throw error(name + " must be " + expected + ", found " + json.getText());
        }
    }

    private ImageException error(String what) {
        return new ImageException(file + ": " + what);
    }
}
