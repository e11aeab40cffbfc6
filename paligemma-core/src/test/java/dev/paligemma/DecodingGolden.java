package dev.paligemma;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** The golden files of generation control; {@code src/reference/decoding/README.md} describes them. */
public final class DecodingGolden {
    private DecodingGolden() {}

    /** The cases of a file. */
    public static List<Map<?, ?>> cases(String file) {
        try (InputStream in = DecodingGolden.class.getResourceAsStream("/decoding/" + file);
                JsonParser parser = new JsonFactory().createParser(Objects.requireNonNull(in, file))) {
            parser.nextToken();
            return maps((Map<?, ?>) Objects.requireNonNull(Golden.value(parser)), "cases");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A list of objects. */
    public static List<Map<?, ?>> maps(Map<?, ?> object, String field) {
        List<Map<?, ?>> maps = new ArrayList<>();
        for (Object entry : list(object, field)) {
            maps.add((Map<?, ?>) entry);
        }
        return maps;
    }

    public static List<?> list(Map<?, ?> object, String field) {
        return (List<?>) get(object, field);
    }

    /** A list of token ids. */
    public static List<Integer> ids(Map<?, ?> object, String field) {
        return list(object, field).stream().map(id -> ((Number) id).intValue()).toList();
    }

    public static List<Double> numbers(Map<?, ?> object, String field) {
        return list(object, field).stream()
                .map(number -> ((Number) number).doubleValue())
                .toList();
    }

    public static double number(Map<?, ?> object, String field) {
        return ((Number) get(object, field)).doubleValue();
    }

    public static int integer(Map<?, ?> object, String field) {
        return ((Number) get(object, field)).intValue();
    }

    public static String text(Map<?, ?> object, String field) {
        return (String) get(object, field);
    }

    public static boolean flag(Map<?, ?> object, String field) {
        return (Boolean) get(object, field);
    }

    /** The request that a case is about. */
    static Golden.Request request(Map<?, ?> test) {
        return Golden.of(text(test, "checkpoint")).requests().get(integer(test, "request"));
    }

    private static Object get(Map<?, ?> object, String field) {
        return Objects.requireNonNull(object.get(field), field);
    }
}
