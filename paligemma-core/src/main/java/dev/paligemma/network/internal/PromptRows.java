package dev.paligemma.network.internal;

import dev.paligemma.checkpoint.adapter.ResizedVocabulary;
import dev.paligemma.engine.graph.ElementType;
import dev.paligemma.engine.spi.HostTensor;
import dev.paligemma.tokenizer.Prompt;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A prompt as the decoder takes it: rows that are given, tokens whose rows it looks up, and the order of both.
 *
 * @param given {@code float32[G, D]}: the rows of the images, then those of tokens that the decoder's table lacks
 * @param textIds {@code int64[T]}, those tokens among them, as a token that is not used
 * @param order for each token of the sequence, its row among first the given ones and then the text's: {@code int64[P]}
 */
record PromptRows(HostTensor given, HostTensor textIds, HostTensor order) {
    /** The rows of a prompt with an adapter's vocabulary, or null for that of a model of so many tokens. */
    static PromptRows of(Prompt prompt, HostTensor images, int ofModel, @Nullable ResizedVocabulary vocabulary) {
        int[] text = prompt.textTokenIds();
        MoreEmbeddings more = MoreEmbeddings.of(vocabulary, ofModel);
        int added =
                more == null ? 0 : (int) Arrays.stream(text).filter(more::has).count();
        if (more == null || added == 0) {
            return new PromptRows(images, ids(text), order(prompt, new int[text.length], 0));
        }
        int imageRows = prompt.imageTokens();
        HostTensor given = HostTensor.allocate(ElementType.FLOAT32, imageRows + (long) added, images.shape()[1]);
        FloatBuffer rows = given.floats();
        rows.put(images.floats());
        // For each token of the text its given row, counted from 1, or 0.
        int[] places = new int[text.length];
        int row = imageRows;
        for (int i = 0; i < text.length; i++) {
            if (more.has(text[i])) {
                more.copyTo(text[i], given.floats(), row++);
                places[i] = row;
                text[i] = 0;
            }
        }
        return new PromptRows(given, ids(text), order(prompt, places, added));
    }

    private static HostTensor ids(int[] text) {
        return HostTensor.ofLongs(Arrays.stream(text).asLongStream().toArray());
    }

    private static HostTensor order(Prompt prompt, int[] places, int added) {
        HostTensor tensor = HostTensor.allocate(ElementType.INT64, prompt.length());
        LongBuffer rows = tensor.longs();
        int firstText = prompt.imageTokens() + added;
        int text = 0;
        int imageRow = 0;
        for (int offset : prompt.imageOffsets()) {
            while (rows.position() < offset) {
                rows.put(place(text++, places, firstText));
            }
            for (int i = 0; i < prompt.tokensPerImage(); i++) {
                rows.put(imageRow++);
            }
        }
        while (rows.hasRemaining()) {
            rows.put(place(text++, places, firstText));
        }
        return tensor;
    }

    private static int place(int text, int[] places, int firstText) {
        return places[text] > 0 ? places[text] - 1 : firstText + text;
    }
}
