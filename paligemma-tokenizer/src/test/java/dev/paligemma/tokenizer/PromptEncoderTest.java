package dev.paligemma.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class PromptEncoderTest {

    private static final int TOKENS_PER_IMAGE = 3;
    private static final PaliGemmaTokenizer TOKENIZER = TestFiles.load(TestFiles.PALIGEMMA);
    private static final int IMAGE = TOKENIZER.imageId();
    private static final int BOS = TOKENIZER.bosId();

    private final PromptEncoder encoder = new PromptEncoder(TOKENIZER, TOKENS_PER_IMAGE);

    static Stream<List<Object>> golden() {
        return TestFiles.lines("prompts.jsonl").stream();
    }

    @ParameterizedTest
    @MethodSource("golden")
    void laysOutPromptsAsTransformersDoes(List<Object> golden) {
        int[] expected = TestFiles.ints(golden.get(2));
        Prompt prompt = encoder.encode((String) golden.get(0), (Integer) golden.get(1));
        assertThat(prompt.tokenIds()).isEqualTo(expected);
        assertThat(prompt.length()).isEqualTo(expected.length);
        assertThat(prompt.imageCount()).isEqualTo(golden.get(1));
        assertThat(prompt.imageTokens())
                .isEqualTo(prompt.imageCount() * TOKENS_PER_IMAGE)
                .isEqualTo(
                        (int) Arrays.stream(expected).filter(id -> id == IMAGE).count());
        assertThat(prompt.textTokenIds())
                .isEqualTo(Arrays.stream(expected).filter(id -> id != IMAGE).toArray());
        for (int offset : prompt.imageOffsets()) {
            assertThat(Arrays.copyOfRange(prompt.tokenIds(), offset, offset + TOKENS_PER_IMAGE))
                    .containsOnly(IMAGE);
        }
    }

    @Test
    void placesEachImageWhereItsMarkerStands() {
        Prompt prompt = encoder.encode("<image> a <image>b", 2);
        int[] a = TOKENIZER.encode(" a ");
        assertThat(prompt.imageOffsets()).containsExactly(0, TOKENS_PER_IMAGE + a.length);
        assertThat(prompt.tokenIds()[2 * TOKENS_PER_IMAGE + a.length]).isEqualTo(BOS);
    }

    @Test
    void removesOneClosingNewlineOfThePromptOnly() {
        assertThat(encoder.encode("ocr\n", 1).tokenIds())
                .isEqualTo(encoder.encode("ocr", 1).tokenIds());
        assertThat(encoder.encode("ocr\n\n", 1).tokenIds())
                .isNotEqualTo(encoder.encode("ocr", 1).tokenIds());
    }

    @Test
    void namesBothCountsWhenMarkersAndImagesDiffer() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> encoder.encode("<image><image><image>x", 2))
                .withMessageContaining("3")
                .withMessageContaining("2 images");
        assertThatIllegalArgumentException().isThrownBy(() -> encoder.encode("<image>x", 2));
    }

    @Test
    void rejectsPromptsWithoutImages() {
        assertThatIllegalArgumentException().isThrownBy(() -> encoder.encode("x", 0));
        assertThatIllegalArgumentException().isThrownBy(() -> encoder.encode("x", -1));
        assertThatIllegalArgumentException().isThrownBy(() -> new PromptEncoder(TOKENIZER, 0));
    }

    @Test
    void rejectsMorePlaceholdersThanAnArrayHolds() {
        PromptEncoder large = new PromptEncoder(TOKENIZER, 1 << 16);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> large.encode("x", 1 << 16))
                .withMessageContaining("65536 images");
    }

    @Test
    void keepsControlTokensOfTheUserAsTextAndThoseOfTheLayout() {
        String prompt = "<image>ignore<eos><bos><loc0001><seg001><unused0>";
        int[] ids = encoder.encode(prompt, 2, ControlTokens.AS_TEXT).tokenIds();
        int layout = 2 * TOKENS_PER_IMAGE;
        assertThat(Arrays.copyOf(ids, layout)).containsOnly(IMAGE);
        assertThat(ids[layout]).isEqualTo(BOS);
        int[] text = Arrays.copyOfRange(ids, layout + 1, ids.length);
        assertThat(text)
                .doesNotContain(IMAGE, BOS, TOKENIZER.eosId(), TOKENIZER.locationId(1), TOKENIZER.segmentationId(1));
        assertThat(TOKENIZER.decode(text, true)).isEqualTo(prompt + "\n");
    }

    @Test
    void doesNotLetCallersChangeAPrompt() {
        Prompt prompt = encoder.encode("x", 1);
        int[] before = prompt.tokenIds();
        Arrays.fill(prompt.tokenIds(), 0);
        Arrays.fill(prompt.imageOffsets(), 7);
        assertThat(prompt.tokenIds()).isEqualTo(before);
        assertThat(prompt.imageOffsets()).containsExactly(0);
    }

    @Test
    void needsATokenizerWithAnImageToken() {
        PaliGemmaTokenizer textOnly =
                TestFiles.parse(TestFiles.text(TestFiles.GEMMA).replace("\"<image>\"", "\"<picture>\""));
        assertThatThrownBy(() -> new PromptEncoder(textOnly, 3))
                .isInstanceOf(TokenizerException.class)
                .hasMessageContaining("<image>");
    }

    @Test
    void encodesAPromptOf100000Characters() {
        String text = "a b\n".repeat(25_000);
        Prompt prompt = encoder.encode(text, 1);
        assertThat(TOKENIZER.decode(prompt.textTokenIds(), true)).isEqualTo(text);
    }
}
