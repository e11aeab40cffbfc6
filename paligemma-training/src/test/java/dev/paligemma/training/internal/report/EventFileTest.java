package dev.paligemma.training.internal.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EventFileTest {
    /** Where the time begins: behind 8 bytes of length, 4 of its checksum and the tag. */
    private static final int TIME = 12 + 1;

    @TempDir
    Path folder;

    /** TensorFlow's own files begin with the same length and checksum; the message is protocol buffers by hand. */
    @Test
    void writesWhatTensorBoardReads() throws IOException {
        Path file = folder.resolve("events");
        try (EventFile events = EventFile.create(file)) {
            events.add(300, Map.of("train/loss", 0.5));
        }

        byte[] bytes = Files.readAllBytes(file);
        int first = record(bytes, 0);
        int second = record(bytes, first);

        assertThat(HexFormat.of().formatHex(bytes, 0, 12)).isEqualTo("1800000000000000a37f4b22");
        assertThat(second).isEqualTo(bytes.length);
        assertThat(new String(bytes, StandardCharsets.ISO_8859_1)).contains("brain.Event:2");
        assertThat(HexFormat.of().formatHex(bytes, first + TIME + 8, bytes.length - 4))
                .isEqualTo("10ac022a130a110a0a747261696e2f6c6f7373150000003f");
    }

    /** Where the record behind the one at a place begins. */
    private static int record(byte[] bytes, int at) {
        ByteBuffer head = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        return Math.toIntExact(at + 12 + head.getLong(at) + 4);
    }
}
