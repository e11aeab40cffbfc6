package dev.paligemma.training.internal.report;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.zip.CRC32C;

/**
 * A file that TensorBoard reads: records, each with its length, a checksum of that, a message {@code Event} of
 * TensorFlow's {@code event.proto} and a checksum of that. Confined to one thread.
 */
final class EventFile implements AutoCloseable {
    private static final int MASK_DELTA = 0xa282ead8;
    private static final int LENGTH_BYTES = 12;

    /** Kinds of fields of protocol buffers. */
    private static final int VARINT = 0;

    private static final int FIXED64 = 1;
    private static final int BYTES = 2;
    private static final int FIXED32 = 5;

    private static final double MILLIS = 1000;

    private final OutputStream out;

    private EventFile(OutputStream out) {
        this.out = out;
    }

    /** Begins a file; one that is there is replaced. */
    static EventFile create(Path file) throws IOException {
        EventFile events = new EventFile(Files.newOutputStream(file));
        Message version = event(0);
        version.bytes(3, "brain.Event:2".getBytes(StandardCharsets.UTF_8));
        events.write(version.toByteArray());
        return events;
    }

    /** Adds numbers of a step. */
    void add(long step, Map<String, Double> numbers) throws IOException {
        Message summary = new Message();
        numbers.forEach((tag, value) -> {
            Message one = new Message();
            one.bytes(1, tag.getBytes(StandardCharsets.UTF_8));
            one.fixed32(2, Float.floatToIntBits(value.floatValue()));
            summary.bytes(1, one.toByteArray());
        });
        Message event = event(step);
        event.bytes(5, summary.toByteArray());
        write(event.toByteArray());
        out.flush();
    }

    private static Message event(long step) {
        Message event = new Message();
        event.fixed64(1, Double.doubleToLongBits(System.currentTimeMillis() / MILLIS));
        if (step != 0) {
            event.tag(2, VARINT);
            event.varint(step);
        }
        return event;
    }

    private void write(byte[] message) throws IOException {
        ByteBuffer head = ByteBuffer.allocate(LENGTH_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        head.putLong(message.length);
        head.putInt(masked(head.array(), Long.BYTES));
        ByteBuffer foot = ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        foot.putInt(masked(message, message.length));
        out.write(head.array());
        out.write(message);
        out.write(foot.array());
    }

    /** A checksum of data that may itself hold checksums. */
    private static int masked(byte[] bytes, int length) {
        CRC32C checksum = new CRC32C();
        checksum.update(bytes, 0, length);
        return Integer.rotateRight((int) checksum.getValue(), 15) + MASK_DELTA;
    }

    @Override
    public void close() throws IOException {
        out.close();
    }

    /** A message of protocol buffers. */
    private static final class Message {
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

        void tag(int field, int kind) {
            varint(((long) field << 3) | kind);
        }

        void varint(long value) {
            long rest = value;
            while ((rest & ~0x7fL) != 0) {
                bytes.write((int) ((rest & 0x7f) | 0x80));
                rest >>>= 7;
            }
            bytes.write((int) rest);
        }

        void fixed64(int field, long value) {
            tag(field, FIXED64);
            bytes.writeBytes(ByteBuffer.allocate(Long.BYTES)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putLong(value)
                    .array());
        }

        void fixed32(int field, int value) {
            tag(field, FIXED32);
            bytes.writeBytes(ByteBuffer.allocate(Integer.BYTES)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putInt(value)
                    .array());
        }

        void bytes(int field, byte[] content) {
            tag(field, BYTES);
            varint(content.length);
            bytes.writeBytes(content);
        }

        byte[] toByteArray() {
            return bytes.toByteArray();
        }
    }
}
