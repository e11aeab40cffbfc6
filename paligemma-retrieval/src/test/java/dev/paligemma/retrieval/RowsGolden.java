package dev.paligemma.retrieval;

import dev.paligemma.base.internal.Json;
import dev.paligemma.base.internal.JsonObject;
import dev.paligemma.checkpoint.config.CheckpointException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/** What {@code src/reference/retrieval/make_goldens.py} recorded of one checkpoint. */
record RowsGolden(boolean isPage, PromptLayout layout, Object of, Rows rows) {
    static Path folder(String name) {
        try {
            return Path.of(Objects.requireNonNull(RowsGolden.class.getResource("/golden/" + name))
                    .toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    static float[] floats(Path file) {
        try {
            ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
            float[] floats = new float[bytes.remaining() / Float.BYTES];
            bytes.asFloatBuffer().get(floats);
            return floats;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static List<RowsGolden> read(String name, PromptLayout layout) {
        Path folder = folder(name);
        float[] numbers = floats(folder.resolve("rows.f32"));
        List<RowsGolden> read = new ArrayList<>();
        int from = 0;
        String text;
        try {
            text = "{\"entries\": " + Files.readString(folder.resolve("rows.json")) + "}";
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        JsonObject json = Json.readObject("rows.json", text.getBytes(StandardCharsets.UTF_8), CheckpointException::new);
        for (JsonObject entry : json.objects("entries")) {
            int width = entry.integer("width", 0, 1, 1000);
            int length = entry.integer("rows", 0, 1, 1000) * width;
            float[] values = Arrays.copyOfRange(numbers, from, from + length);
            from += length;
            boolean transformers = "transformers".equals(entry.stringOrNull("layout"));
            PromptLayout recorded = transformers ? PromptLayout.TRANSFORMERS : PromptLayout.COLPALI_ENGINE;
            if (recorded == layout) {
                read.add(new RowsGolden(
                        "page".equals(entry.stringOrNull("what")),
                        recorded,
                        Objects.requireNonNull(entry.members().get("of")),
                        Rows.of(values, width)));
            }
        }
        return read;
    }

    Rows by(PageEncoder encoder) {
        if (!isPage) {
            return encoder.query((String) of);
        }
        List<?> page = (List<?>) of;
        return encoder.page(Pages.page(number(page, 0), number(page, 1), number(page, 2)));
    }

    private static int number(List<?> page, int index) {
        return ((Long) page.get(index)).intValue();
    }

    /** The largest difference of two numbers. */
    double differenceTo(Rows other) {
        float[] expected = rows.toArray();
        float[] got = other.toArray();
        if (expected.length != got.length) {
            throw new AssertionError(of + ": expected " + rows + ", got " + other);
        }
        double largest = 0;
        for (int i = 0; i < expected.length; i++) {
            largest = Math.max(largest, Math.abs(expected[i] - got[i]));
        }
        return largest;
    }

    @Override
    public String toString() {
        return (isPage ? "page " : "query ") + of;
    }
}
