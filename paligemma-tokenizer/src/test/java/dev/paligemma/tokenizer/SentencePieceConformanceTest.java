package dev.paligemma.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Equality with SentencePiece and with what transformers converts its models to. */
class SentencePieceConformanceTest {

    private static final String MODEL = "paligemma.comparison.model";
    private static final String ROWS = "paligemma.comparison.rows";

    @ParameterizedTest
    @ValueSource(strings = {TestFiles.PALIGEMMA_MODEL, TestFiles.GEMMA_MODEL})
    void givesTheIdsOfSentencePieceAndOfTheConvertedFile(String name) {
        PaliGemmaTokenizer tokenizer = TestFiles.loadModel(name);
        Map<String, Integer> counts = compare(
                tokenizer,
                TestFiles.lines("sentencepiece.jsonl").stream()
                        .filter(row -> row.get(0).equals(name)));
        assertThat(counts.get("")).isGreaterThan(500);
        assertThat(counts).containsKeys("control", "meta");
    }

    /** The ids of SentencePiece count for all texts but the kinds that the file says to differ. */
    private static Map<String, Integer> compare(PaliGemmaTokenizer tokenizer, Stream<List<Object>> rows) {
        Map<String, Integer> counts = new HashMap<>();
        rows.forEach(row -> {
            String kind = (String) row.get(1);
            String text = (String) row.get(2);
            boolean differs = row.get(4) != null;
            assertThat(kind.isEmpty() && differs).as(text).isFalse();
            Conformance.checkIds(text, tokenizer.encode(text), TestFiles.ints(row.get(differs ? 4 : 3)));
            counts.merge(differs ? kind : "", 1, Integer::sum);
        });
        return counts;
    }

    @Test
    void givesTheSameIdsAndTextsAsTokenizersForTheConvertedFile() {
        PaliGemmaTokenizer tokenizer = TestFiles.loadModel(TestFiles.PALIGEMMA_MODEL);
        try (Oracle oracle = Oracle.withCodes(TestFiles.text(TestFiles.PALIGEMMA_CONVERTED))) {
            Conformance.check(tokenizer, oracle, Corpus.of(20_000, 21));
            Conformance.check(tokenizer, oracle, Corpus.veryLong(50_000, 22));
            Conformance.checkRandomIds(tokenizer, oracle, 5_000, 23);
        }
    }

    @Test
    void readsAModelAndTheFileItIsConvertedToAlike() {
        PaliGemmaTokenizer model = TestFiles.loadModel(TestFiles.PALIGEMMA_MODEL);
        PaliGemmaTokenizer json = TestFiles.load(TestFiles.PALIGEMMA_CONVERTED);
        assertThat(model.vocabularySize()).isEqualTo(json.vocabularySize());
        for (int id = 0; id < json.vocabularySize(); id++) {
            assertThat(model.tokenOf(id)).isEqualTo(json.tokenOf(id));
            assertThat(model.decode(new int[] {id}, true)).isEqualTo(json.decode(new int[] {id}, true));
        }
        assertThat(List.of(model.padId(), model.eosId(), model.bosId(), model.unkId(), model.imageId()))
                .isEqualTo(List.of(json.padId(), json.eosId(), json.bosId(), json.unkId(), json.imageId()));
        for (String text : Corpus.of(8_000, 24)) {
            Conformance.checkIds(
                    text, model.encode(text, ControlTokens.AS_TEXT), json.encode(text, ControlTokens.AS_TEXT));
        }
    }

    /**
     * For other models than the stored ones, such as published ones, which are not part of this project: ids written by
     * {@code make_sentencepiece.py --compare}.
     */
    @Test
    @EnabledIfSystemProperty(
            named = MODEL,
            matches = ".+",
            disabledReason = "needs a model and ids: -D" + MODEL + "=path -D" + ROWS + "=path")
    void givesTheIdsOfAnotherModel() throws IOException {
        PaliGemmaTokenizer tokenizer = PaliGemmaTokenizer.load(Path.of(System.getProperty(MODEL)));
        try (Stream<String> lines = Files.lines(Path.of(System.getProperty(ROWS)))) {
            Map<String, Integer> counts = compare(tokenizer, lines.map(TestFiles::line));
            assertThat(counts).containsKey("");
        }
    }
}
