package dev.paligemma.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Malformed, unsupported and hostile files. */
class TokenizerFileTest {

    private static final String NORMALIZER =
            "{\"type\":\"Replace\",\"pattern\":{\"String\":\" \"},\"content\":\"\u2581\"}";
    private static final String DECODER = "{\"type\":\"Sequence\",\"decoders\":[{\"type\":\"Replace\",\"pattern\":"
            + "{\"String\":\"\u2581\"},\"content\":\" \"},{\"type\":\"ByteFallback\"},{\"type\":\"Fuse\"}]}";
    private static final String ADDED = "[{\"id\":0,\"content\":\"<unk>\",\"single_word\":false,\"lstrip\":false,"
            + "\"rstrip\":false,\"normalized\":false,\"special\":true}]";
    private static final String VALID =
            "{\"version\":\"1.0\",\"added_tokens\":" + ADDED + ",\"normalizer\":" + NORMALIZER
                    + ",\"pre_tokenizer\":null,\"decoder\":" + DECODER
                    + ",\"model\":{\"type\":\"BPE\",\"dropout\":null,\"unk_token\":\"<unk>\",\"fuse_unk\":true,"
                    + "\"byte_fallback\":true,\"ignore_merges\":false,\"vocab\":{\"<unk>\":0,\"a\":1,\"b\":2,\"ab\":3},"
                    + "\"merges\":[\"a b\"]}}";

    @Test
    void readsTheSmallestFile() {
        PaliGemmaTokenizer tokenizer = TestFiles.parse(VALID);
        assertThat(tokenizer.encode("abba c<unk>")).containsExactly(3, 2, 1, 0, 0);
        assertThat(tokenizer.vocabularySize()).isEqualTo(4);
    }

    static Stream<Arguments> broken() {
        return Stream.of(
                arguments("not JSON", "hello", "not a valid tokenizer.json"),
                arguments("empty", "", "ends early"),
                arguments("an array", "[]", "the document must be an object"),
                arguments("truncated", VALID.substring(0, 400), "line 1, column"),
                arguments("more behind it", VALID + "{}", "more after the end"),
                arguments(
                        "a section twice", with("\"pre_tokenizer\":null", "\"version\":\"1.0\""), "\"version\" twice"),
                arguments("other version", with("\"1.0\"", "\"2.0\""), "version must be"),
                arguments("no model", with("\"model\":", "\"modle\":"), "\"model\" is missing"),
                arguments("no normalizer", with("\"normalizer\":", "\"n\":"), "\"normalizer\" is missing"),
                arguments("no decoder", with("\"decoder\":", "\"d\":"), "\"decoder\" is missing"),
                arguments("no vocabulary", with("\"vocab\":", "\"v\":"), "\"model.vocab\" is missing"),
                arguments("no merges", with("\"merges\":", "\"m\":"), "\"model.merges\" is missing"),
                arguments("null normalizer", with(NORMALIZER, "null"), "unsupported normalizer"),
                arguments("lower-casing", with(NORMALIZER, "{\"type\":\"Lowercase\"}"), "unsupported normalizer"),
                arguments(
                        "a prefix",
                        with(
                                NORMALIZER,
                                "{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"Prepend\",\"prepend\":"
                                        + "\"\u2581\"}," + NORMALIZER + "]}"),
                        "Prepend"),
                arguments(
                        "byte-level pre-tokenizer",
                        with("\"pre_tokenizer\":null", "\"pre_tokenizer\":{\"type\":\"ByteLevel\"}"),
                        "unsupported pre_tokenizer"),
                arguments("null decoder", with(DECODER, "null"), "unsupported decoder"),
                arguments("other decoder", with("{\"type\":\"Fuse\"}", "{\"type\":\"Strip\"}"), "unsupported decoder"),
                arguments("unigram", with("\"BPE\"", "\"Unigram\""), "model.type must be \"BPE\""),
                arguments("no type", with("\"type\":\"BPE\",", ""), "is missing"),
                arguments("type of a wrong type", with("\"BPE\"", "5"), "model.type must be a string"),
                arguments(
                        "no byte fallback", with("\"byte_fallback\":true", "\"byte_fallback\":false"), "byte_fallback"),
                arguments(
                        "null byte fallback",
                        with("\"byte_fallback\":true", "\"byte_fallback\":null"),
                        "byte_fallback"),
                arguments("ignored merges", with("\"ignore_merges\":false", "\"ignore_merges\":true"), "ignore_merges"),
                arguments("dropout", with("\"dropout\":null", "\"dropout\":0.1"), "dropout"),
                arguments(
                        "prefix of parts",
                        with("\"dropout\":null", "\"continuing_subword_prefix\":\"##\""),
                        "continuing_subword_prefix"),
                arguments("unknown unknown", with("\"unk_token\":\"<unk>\"", "\"unk_token\":\"<x>\""), "unk_token"),
                arguments("fuse_unk not a flag", with("\"fuse_unk\":true", "\"fuse_unk\":1"), "true or false"),
                arguments(
                        "vocabulary an array",
                        with("{\"<unk>\":0,\"a\":1,\"b\":2,\"ab\":3}", "[]"),
                        "must be an object"),
                arguments("negative id", with("\"a\":1", "\"a\":-1"), "must be an integer of 0 to"),
                arguments("huge id", with("\"a\":1", "\"a\":1048576"), "must be an integer of 0 to"),
                arguments("long id", with("\"a\":1", "\"a\":4294967297"), "must be an integer of 0 to"),
                arguments("longest id", with("\"a\":1", "\"a\":" + "9".repeat(30)), "must be an integer of 0 to"),
                arguments(
                        "number of many digits",
                        with("\"a\":1", "\"a\":" + "9".repeat(900)),
                        "length (900) exceeds the maximum"),
                arguments("fractional id", with("\"a\":1", "\"a\":1.5"), "must be an integer of 0 to"),
                arguments("id not a number", with("\"a\":1", "\"a\":\"1\""), "the string \"1\""),
                arguments("id null", with("\"a\":1", "\"a\":null"), "but is null"),
                arguments("id twice", with("\"a\":1", "\"a\":2"), "belongs to two tokens"),
                arguments("token twice", with("\"ab\":3", "\"ab\":3,\"a\":4"), "\"a\" twice"),
                arguments("long token", with("\"ab\":3", "\"ab\":3,\"" + "x".repeat(1025) + "\":4"), "1025 characters"),
                arguments("half a surrogate pair", with("\"ab\":3", "\"ab\":3,\"\\ud800\":4"), "surrogate"),
                arguments("low surrogate", with("\"ab\":3", "\"ab\":3,\"\\udc00x\":4"), "surrogate"),
                arguments("merges an object", with("[\"a b\"]", "{}"), "must be an array"),
                arguments("merge a number", with("[\"a b\"]", "[7]"), "model.merges[0] must be a string or an array"),
                arguments("merge without a space", with("[\"a b\"]", "[\"ab\"]"), "model.merges[0] must be two tokens"),
                arguments(
                        "merge with two spaces", with("[\"a b\"]", "[\"a b \"]"), "model.merges[0] must be two tokens"),
                arguments("merge with an empty token", with("[\"a b\"]", "[\" b\"]"), "1 to 1024 characters"),
                arguments("merge of one", with("[\"a b\"]", "[[\"a\"]]"), "model.merges[0] must have two strings"),
                arguments("merge of three", with("[\"a b\"]", "[[\"a\",\"b\",\"a\"]]"), "but has more"),
                arguments("merge of numbers", with("[\"a b\"]", "[[1,2]]"), "must have two strings"),
                arguments(
                        "merge of an unknown left",
                        with("[\"a b\"]", "[\"a b\",\"x b\"]"),
                        "\"x\" is not in model.vocab"),
                arguments(
                        "merge of an unknown right",
                        with("[\"a b\"]", "[[\"a\",\"x\"]]"),
                        "\"x\" is not in model.vocab"),
                arguments("merge into an unknown", with("[\"a b\"]", "[\"b a\"]"), "\"ba\" is not in model.vocab"),
                arguments("merge of long tokens", with("[\"a b\"]", "[\"a " + "b".repeat(9999) + "\"]"), "has 9999"),
                arguments("added tokens an object", with(ADDED, "{}"), "added_tokens must be an array"),
                arguments("added token a string", with(ADDED, "[\"<unk>\"]"), "added_tokens[0] must be an object"),
                arguments("added token without id", with("\"id\":0,", ""), "must have the fields"),
                arguments(
                        "added token with null", with("\"content\":\"<unk>\"", "\"content\":null"), "must be a string"),
                arguments("empty added token", with("\"content\":\"<unk>\"", "\"content\":\"\""), "must not be empty"),
                arguments("stripping added token", with("\"lstrip\":false", "\"lstrip\":true"), "lstrip must be false"),
                arguments(
                        "single-word added token",
                        with("\"single_word\":false", "\"single_word\":true"),
                        "single_word"),
                arguments("added token of another's id", with("\"id\":0,", "\"id\":1,"), "shares that id with \"a\""),
                arguments("added token of another id", with("\"id\":0,", "\"id\":9,"), "has the id 0 in model.vocab"),
                arguments("added token of a negative id", with("\"id\":0,", "\"id\":-5,"), "must be an integer"),
                arguments(
                        "added token twice",
                        with(ADDED, ADDED.replace("]", "," + ADDED.substring(1))),
                        "is listed twice"),
                arguments("deep nesting", with("\"pre_tokenizer\":null", "\"x\":" + "[".repeat(100_000)), "nesting"),
                arguments(
                        "deep normalizer", with(NORMALIZER, "[".repeat(60) + "]".repeat(60)), "unsupported normalizer"),
                arguments(
                        "large normalizer", with(NORMALIZER, "[" + "0,".repeat(5000) + "0]"), "more than 1024 values"),
                arguments("long string", with("\"1.0\"", "\"" + "x".repeat(1 << 23) + "\""), "length"),
                arguments("long name", with("\"version\"", "\"" + "x".repeat(1 << 17) + "\""), "length"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("broken")
    void refuses(String what, String json, String message) {
        assertThatThrownBy(() -> TestFiles.parse(json))
                .as(what)
                .isInstanceOf(TokenizerException.class)
                .hasMessageStartingWith("test.json")
                .hasMessageContaining(message);
    }

    @Test
    void refusesBytesThatAreNotUtf8() {
        byte[] json = VALID.getBytes(StandardCharsets.UTF_8);
        json[VALID.indexOf("<unk>") + 1] = (byte) 0xFF;
        assertThatThrownBy(() -> TestFiles.parse(json))
                .isInstanceOf(TokenizerException.class)
                .hasMessageContaining("not UTF-8");
        assertThatThrownBy(() -> TestFiles.parse(VALID.getBytes(StandardCharsets.UTF_16)))
                .isInstanceOf(TokenizerException.class);
    }

    @Test
    void keepsTheCauseOfAReadError() {
        IOException cause = new IOException("disk on fire");
        InputStream failing = new InputStream() {
            @Override
            public int read() throws IOException {
                throw cause;
            }

            @Override
            public int read(byte[] target, int offset, int length) throws IOException {
                throw cause;
            }
        };
        assertThatThrownBy(() -> PaliGemmaTokenizer.load(failing, "remote"))
                .isInstanceOf(TokenizerException.class)
                .hasMessageContaining("remote")
                .hasMessageContaining("disk on fire")
                .hasCause(cause);
    }

    @Test
    void closesTheStream() {
        boolean[] closed = new boolean[1];
        InputStream in = new ByteArrayInputStream(VALID.getBytes(StandardCharsets.UTF_8)) {
            @Override
            public void close() {
                closed[0] = true;
            }
        };
        PaliGemmaTokenizer.load(in, "x");
        assertThat(closed[0]).isTrue();
    }

    @Test
    void ignoresSectionsThatDoNotConcernIds() {
        String json = with(
                "\"pre_tokenizer\":null",
                "\"truncation\":{\"max_length\":2},\"padding\":{\"length\":9},\"post_processor\":{\"type\":\"X\"},\"new\":[1,{}]");
        assertThat(TestFiles.parse(json).encode("aaaa")).hasSize(4);
    }

    @Test
    void loadsFastWhenIdsAreFarApart() {
        PaliGemmaTokenizer tokenizer = TestFiles.parse(with("\"ab\":3", "\"ab\":1048575"));
        assertThat(tokenizer.encode("ab")).containsExactly(1_048_575);
        assertThat(tokenizer.tokenOf(500_000)).isEmpty();
        assertThat(tokenizer.decode(new int[] {500_000, 1}, false)).isEqualTo("a");
    }

    private static String with(String old, String replacement) {
        assertThat(VALID).contains(old);
        return VALID.replace(old, replacement);
    }
}
