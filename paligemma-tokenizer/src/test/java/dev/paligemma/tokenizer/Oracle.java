package dev.paligemma.tokenizer;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;

/** The Hugging Face {@code tokenizers} library, as the measure of what is right. */
final class Oracle implements AutoCloseable {

    private static final Pattern ADDED_TOKENS = Pattern.compile("\"added_tokens\"\\s*:\\s*\\[");

    static {
        // Otherwise the library looks for cloud metadata and for other natives in the network.
        System.setProperty("ai.djl.offline", "true");
    }

    private final HuggingFaceTokenizer tokenizer;

    private Oracle(String json) {
        try {
            tokenizer = HuggingFaceTokenizer.newInstance(
                    new ByteArrayInputStream(json.getBytes(StandardCharsets.UTF_8)),
                    Map.of("truncation", "false", "padding", "false", "addSpecialTokens", "false"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Reads a file as it is. */
    static Oracle of(String json) {
        return new Oracle(json);
    }

    /**
     * Reads a file and adds the location and segmentation tokens of its vocabulary, as PaliGemmaProcessor does. The
     * library has no call for that here, so they are written into the file; their ids stay those of the vocabulary.
     */
    static Oracle withCodes(String json) {
        StringBuilder codes = new StringBuilder();
        for (int i = 0; i < 1024; i++) {
            codes.append(entry(String.format(Locale.ROOT, "<loc%04d>", i)));
        }
        for (int i = 0; i < 128; i++) {
            codes.append(entry(String.format(Locale.ROOT, "<seg%03d>", i)));
        }
        return new Oracle(ADDED_TOKENS.matcher(json).replaceFirst("$0" + codes));
    }

    private static String entry(String content) {
        return "{\"id\":0,\"content\":\"" + content + "\",\"single_word\":false,\"lstrip\":false,\"rstrip\":false,"
                + "\"normalized\":true,\"special\":false},";
    }

    int[] encode(String text) {
        return Arrays.stream(tokenizer.encode(text).getIds())
                .mapToInt(Math::toIntExact)
                .toArray();
    }

    String decode(int[] ids, boolean skipSpecial) {
        return tokenizer.decode(Arrays.stream(ids).asLongStream().toArray(), skipSpecial);
    }

    @Override
    public void close() {
        tokenizer.close();
    }
}
