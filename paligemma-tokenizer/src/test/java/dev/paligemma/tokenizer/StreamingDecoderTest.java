package dev.paligemma.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class StreamingDecoderTest {

    private static final PaliGemmaTokenizer TOKENIZER = TestFiles.load(TestFiles.PALIGEMMA);

    static Stream<List<Object>> golden() {
        return TestFiles.lines("streams.jsonl").stream();
    }

    @ParameterizedTest
    @MethodSource("golden")
    void givesTextAsSoonAsTokenizersDoes(List<Object> golden) {
        StreamingDecoder decoder = TOKENIZER.newStreamingDecoder((Boolean) golden.get(1));
        List<Object> chunks = new ArrayList<>();
        for (int id : TestFiles.ints(golden.get(0))) {
            chunks.add(decoder.push(id));
        }
        assertThat(chunks).isEqualTo(golden.get(2));
        assertThat(decoder.finish()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "F09F98, ???", // cut off
        "E4B8ADE4B8, 中??", // a character, then one cut off
        "E441, ?A", // a lead byte without its continuation
        "80BF41, ??A", // continuation bytes on their own
        "C080, ??", // a longer form than needed
        "E08080, ???",
        "F0808080, ????",
        "EDA080, ???", // a surrogate
        "F4908080, ????", // past the last code point
        "F5, ?",
        "FF41, ?A",
        "F09FE4B8AD, ??中", // a character cut off by another
        "C3A9, é",
        "F48FBFBF, \uDBFF\uDFFF"
    })
    void replacesEachByteThatBelongsToNoCharacter(String hex, String expected) {
        StreamingDecoder decoder = TOKENIZER.newStreamingDecoder(false);
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < hex.length(); i += 2) {
            text.append(decoder.push(byteToken(Integer.parseInt(hex, i, i + 2, 16))));
        }
        text.append(decoder.finish());
        assertThat(text.toString()).isEqualTo(expected.replace('?', '\uFFFD'));
    }

    @Test
    void replacesAnIncompleteCharacterBeforeTheNextToken() {
        StreamingDecoder decoder = TOKENIZER.newStreamingDecoder(false);
        assertThat(decoder.push(byteToken(0xF0))).isEmpty();
        assertThat(decoder.push(byteToken(0x9F))).isEmpty();
        assertThat(decoder.push(TOKENIZER.idOf("a").orElseThrow())).isEqualTo("\uFFFD\uFFFDa");
    }

    @Test
    void goesOnWithACharacterAcrossASkippedToken() {
        int[] ids = {byteToken(0xC3), TOKENIZER.bosId(), byteToken(0xA9)};
        assertThat(Conformance.stream(TOKENIZER, ids, true)).isEqualTo("é").isEqualTo(TOKENIZER.decode(ids, true));
    }

    @Test
    void isAsNewAfterFinish() {
        StreamingDecoder decoder = TOKENIZER.newStreamingDecoder(false);
        decoder.push(byteToken(0xF0));
        assertThat(decoder.finish()).isEqualTo("\uFFFD");
        assertThat(decoder.finish()).isEmpty();
        assertThat(decoder.push(byteToken(0xC3)) + decoder.push(byteToken(0xA9)))
                .isEqualTo("é");
    }

    @Test
    void takesPaddingRowsForNothingAndRejectsNegativeIds() {
        StreamingDecoder decoder = TOKENIZER.newStreamingDecoder(false);
        assertThat(decoder.push(TOKENIZER.vocabularySize() + 5)).isEmpty();
        assertThatIllegalArgumentException().isThrownBy(() -> decoder.push(-1)).withMessageContaining("-1");
    }

    static int byteToken(int value) {
        String name = value == 9 ? "\t" : String.format("<0x%02X>", value);
        return TOKENIZER.idOf(name).orElseThrow();
    }
}
