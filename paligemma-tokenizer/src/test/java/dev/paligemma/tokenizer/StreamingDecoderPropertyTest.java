package dev.paligemma.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;

/** What holds for the streaming decoder whatever it is given. */
class StreamingDecoderPropertyTest {

    private static final PaliGemmaTokenizer TOKENIZER = TestFiles.load(TestFiles.PALIGEMMA);

    @Property
    void givesBackAnyText(@ForAll String text) {
        String encodable = new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
        int[] ids = TOKENIZER.encode(encodable, ControlTokens.AS_TEXT);
        assertThat(Conformance.stream(TOKENIZER, ids, false)).isEqualTo(encodable.replace('\u2581', ' '));
    }

    @Property
    void accountsForEachByteOfAnyRun(@ForAll @Size(max = 12) byte[] bytes) {
        StreamingDecoder decoder = TOKENIZER.newStreamingDecoder(false);
        StringBuilder text = new StringBuilder();
        for (byte b : bytes) {
            text.append(decoder.push(StreamingDecoderTest.byteToken(b & 0xff)));
        }
        text.append(decoder.finish());
        assertAccountsFor(bytes, text.toString());
    }

    /** Checks that each character of the text is the next bytes, or U+FFFD for the next byte. */
    private static void assertAccountsFor(byte[] bytes, String text) {
        int position = 0;
        for (int codePoint : text.codePoints().toArray()) {
            byte[] encoded = Character.toString(codePoint).getBytes(StandardCharsets.UTF_8);
            boolean literal = startsWith(bytes, position, encoded);
            assertThat(literal || codePoint == 0xFFFD)
                    .as("%s at %d", text, position)
                    .isTrue();
            position += literal ? encoded.length : 1;
        }
        assertThat(position).isEqualTo(bytes.length);
        String whole = new String(bytes, StandardCharsets.UTF_8);
        if (whole.indexOf(0xFFFD) < 0) {
            assertThat(text).isEqualTo(whole);
        }
    }

    private static boolean startsWith(byte[] bytes, int from, byte[] prefix) {
        return from + prefix.length <= bytes.length
                && Arrays.equals(bytes, from, from + prefix.length, prefix, 0, prefix.length);
    }
}
