package dev.paligemma.onnx.internal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ProtobufTest {
    /** The bytes are those of Google's protobuf package: {@code src/reference/operations/make_protobuf.py}. */
    @Test
    void encodesAsProtobufDoes() throws IOException {
        Map<String, String> expected = new LinkedHashMap<>();
        try (InputStream in = ProtobufTest.class.getResourceAsStream("/protobuf.tsv")) {
            for (String line : new String(requireNonNull(in).readAllBytes(), UTF_8).split("\n")) {
                int tab = line.indexOf('\t');
                expected.put(line.substring(0, tab), line.substring(tab + 1));
            }
        }
        Map<String, String> got = new LinkedHashMap<>();
        messages().forEach((name, message) -> got.put(name, HexFormat.of().formatHex(message.toByteArray())));

        assertThat(got).isEqualTo(expected);
    }

    /** The examples of the encoding's description at protobuf.dev. */
    @Test
    void encodesThePublishedExamples() {
        assertThat(new Protobuf().integer(1, 150).toByteArray()).inHexadecimal().containsExactly(0x08, 0x96, 0x01);
        assertThat(new Protobuf().text(2, "testing").toByteArray())
                .inHexadecimal()
                .containsExactly(0x12, 0x07, 0x74, 0x65, 0x73, 0x74, 0x69, 0x6e, 0x67);
        assertThat(new Protobuf().message(3, new Protobuf().integer(1, 150)).toByteArray())
                .inHexadecimal()
                .containsExactly(0x1a, 0x03, 0x08, 0x96, 0x01);
    }

    private static Map<String, Protobuf> messages() {
        Map<String, Protobuf> messages = new LinkedHashMap<>();
        long[] integers = {
            0, 1, 127, 128, 150, 300, 16383, 16384, Integer.MAX_VALUE, 1L << 31, Long.MAX_VALUE, -1, Long.MIN_VALUE
        };
        for (long value : integers) {
            messages.put("integer " + value, new Protobuf().integer(1, value));
        }
        for (int field : new int[] {15, 16, 2047, 2048, 536870911}) {
            messages.put("field " + field, new Protobuf().integer(field, 7));
        }
        for (String value : new String[] {"0", "-0.0", "1.5", "-1e30", "1e-45", "3.4028235e38"}) {
            messages.put("float32 " + value, new Protobuf().float32(4, Float.parseFloat(value)));
        }
        messages.put("float32 inf", new Protobuf().float32(4, Float.POSITIVE_INFINITY));
        messages.put("float32 -inf", new Protobuf().float32(4, Float.NEGATIVE_INFINITY));
        messages.put("text empty", new Protobuf().text(2, ""));
        messages.put("text testing", new Protobuf().text(2, "testing"));
        messages.put("text unicode", new Protobuf().text(2, "\u00e4\u20ac\ud83d\udc08"));
        messages.put("text of 127", new Protobuf().text(2, "x".repeat(127)));
        messages.put("text of 128", new Protobuf().text(2, "x".repeat(128)));
        messages.put("text of 300", new Protobuf().text(2, "y".repeat(300)));
        byte[] bytes = new byte[256];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) i;
        }
        messages.put("bytes", new Protobuf().bytes(5, bytes));
        messages.put("message empty", new Protobuf().message(3, new Protobuf()));
        messages.put("message", new Protobuf().message(3, new Protobuf().integer(1, 150)));
        messages.put(
                "message in message",
                new Protobuf()
                        .message(
                                3,
                                new Protobuf().text(2, "z".repeat(130)).message(3, new Protobuf().float32(4, 0.5f))));
        messages.put(
                "several fields",
                new Protobuf()
                        .integer(1, -2)
                        .text(2, "a")
                        .message(3, new Protobuf().integer(1, 1))
                        .float32(4, 2)
                        .bytes(5, new byte[1])
                        .integer(6, 3)
                        .integer(6, -4)
                        .integer(6, 300));
        return messages;
    }
}
