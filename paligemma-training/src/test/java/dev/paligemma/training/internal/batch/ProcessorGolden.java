package dev.paligemma.training.internal.batch;

import dev.paligemma.base.internal.Json;
import dev.paligemma.base.internal.JsonObject;
import dev.paligemma.tiny.TinyModel;
import dev.paligemma.tokenizer.PaliGemmaTokenizer;
import dev.paligemma.training.data.Example;
import dev.paligemma.training.data.Picture;
import dev.paligemma.training.run.FineTuningException;
import dev.paligemma.vision.RgbImage;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.List;
import java.util.Objects;

/** An example and what PaliGemmaProcessor makes of it; from src/reference/examples/make_goldens.py. */
record ProcessorGolden(Example example, int[] ids, int[] labels) {
    /** Of the label of a token without a loss. */
    static final int NO_LOSS = -100;

    static final int IMAGE_TOKENS = 64;

    private static final PaliGemmaTokenizer TOKENIZER = PaliGemmaTokenizer.load(TinyModel.folder());

    static List<ProcessorGolden> all() {
        try (InputStream in =
                Objects.requireNonNull(ProcessorGolden.class.getResourceAsStream("/examples/tokens.jsonl"))) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .map(ProcessorGolden::of)
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static ProcessorGolden of(String line) {
        JsonObject json = Json.readObject("golden", line.getBytes(StandardCharsets.UTF_8), FineTuningException::new);
        Picture picture = Picture.of("p", RgbImage.of(1, 1, new byte[3]));
        Example example = new Example(
                Collections.nCopies(json.integer("pictures", 0, 1, 9), picture),
                json.stringOrNull("prefix"),
                json.stringOrNull("suffix"),
                "golden");
        return new ProcessorGolden(example, ints(json, "ids"), ints(json, "labels"));
    }

    private static int[] ints(JsonObject json, String name) {
        return json.listOrNull(name).stream()
                .mapToInt(each -> ((Number) each).intValue())
                .toArray();
    }

    static PaliGemmaTokenizer tokenizer() {
        return TOKENIZER;
    }

    static TrainingTokens tokens() {
        return new TrainingTokens(tokenizer(), IMAGE_TOKENS, 1880, 512);
    }
}
