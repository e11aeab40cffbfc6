package dev.paligemma.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Equality with the {@code tokenizers} library on the files of this module. */
class TokenizersConformanceTest {

    @ParameterizedTest
    @ValueSource(strings = {TestFiles.PALIGEMMA, TestFiles.GEMMA})
    void givesTheSameIdsAndTexts(String file) {
        List<String> texts = Corpus.of(20_000, 1);
        assertThat(texts).hasSizeGreaterThanOrEqualTo(20_000);
        try (Oracle oracle = Oracle.withCodes(TestFiles.text(file))) {
            Conformance.check(TestFiles.load(file), oracle, texts);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {TestFiles.PALIGEMMA, TestFiles.GEMMA})
    void givesTheSameIdsForVeryLongTexts(String file) {
        try (Oracle oracle = Oracle.withCodes(TestFiles.text(file))) {
            Conformance.check(TestFiles.load(file), oracle, Corpus.veryLong(100_000, 2));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {TestFiles.PALIGEMMA, TestFiles.GEMMA})
    void decodesAnyIdsTheSame(String file) {
        try (Oracle oracle = Oracle.withCodes(TestFiles.text(file))) {
            Conformance.checkRandomIds(TestFiles.load(file), oracle, 5_000, 3);
        }
    }

    @Test
    void givesControlTokensAsTextTheIdsOfAFileWithoutThem() {
        String json = TestFiles.text(TestFiles.PALIGEMMA);
        String withoutControl = json.replaceAll(
                        "\\{\"id\":\\d+,\"content\":\"(<(pad|eos|bos|unk|mask|2mass|image|unused\\d+|(start|end)_of_turn)>|\\[@BOS@\\])\""
                                + "[^}]*\\},?",
                        "")
                .replace(",],\"normalizer\"", "],\"normalizer\"");
        assertThat(withoutControl).contains("<h1>").doesNotContain("\"content\":\"<bos>\"", "\"content\":\"<image>\"");
        PaliGemmaTokenizer tokenizer = TestFiles.parse(json);
        try (Oracle oracle = Oracle.of(withoutControl)) {
            for (String text : Corpus.of(10_000, 4)) {
                Conformance.checkIds(text, tokenizer.encode(text, ControlTokens.AS_TEXT), oracle.encode(text));
            }
        }
    }
}
