package dev.paligemma.checkpoint.internal.numpy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Archives over 4 GiB, whose directory has 64-bit numbers. The files here have a hole in front and take no room. */
class LargeArchiveTest {
    private static final long BEHIND_4_GIB = 5L << 30;
    private static final int END64_BYTES = 56;

    @TempDir
    private Path folder;

    @Test
    void readsAnArrayBehind4Gib() throws IOException {
        byte[] npy = NpzTool.npy(new float[] {1, 2, 3}, 3);
        Path file = archive(npy, BEHIND_4_GIB);

        try (NpzFile npz = NpzFile.open(file, Long.MAX_VALUE)) {
            assertThat(npz.names()).isEqualTo(Set.of("a"));
            assertThat(npz.size()).isEqualTo(Files.size(file)).isGreaterThan(BEHIND_4_GIB);
            NpyArray array = npz.array("a");
            assertThat(array.shape()).containsExactly(3);
            assertThat(array.byteLength()).isEqualTo(12);
            assertThat(array.offset()).isEqualTo(BEHIND_4_GIB + 30 + 5 + npy.length - 12);
            assertThat(npz.read("a", 3)).containsExactly(1, 2, 3);
        }
    }

    @Test
    void rejectsDamaged64BitNumbers() throws IOException {
        byte[] npy = NpzTool.npy(new float[] {1, 2, 3}, 3);
        Path file = archive(npy, 100);
        byte[] good = Files.readAllBytes(file);
        int end64 = good.length - 22 - 20 - END64_BYTES;
        assertRejected(good, end64 + 48, -1, "directory");
        assertRejected(good, end64 + 40, Long.MAX_VALUE, "directory");
        assertRejected(good, end64 + 32, 1L << 40, "entries");
        assertRejected(good, end64 + 56 + 8, Long.MIN_VALUE, "64-bit end of the directory");
        assertRejected(good, end64 - 24, 1L << 62, "is stored in");
        assertRejected(good, end64 - 8, -5, "no 64-bit numbers");
        assertRejected(good, end64 - 8, good.length, "entry \"a.npy\" at");
    }

    private void assertRejected(byte[] good, int at, long number, String message) throws IOException {
        byte[] bad = good.clone();
        ByteBuffer.wrap(bad).order(ByteOrder.LITTLE_ENDIAN).putLong(at, number);
        // The counts of entries on this disk and in all must agree to get as far as their limit.
        if (message.equals("entries")) {
            ByteBuffer.wrap(bad).order(ByteOrder.LITTLE_ENDIAN).putLong(at - 8, number);
        }
        Path file = Files.write(folder.resolve("bad.npz"), bad);
        assertThatExceptionOfType(NpzException.class)
                .isThrownBy(() -> NpzFile.open(file, Long.MAX_VALUE))
                .withMessageContaining("bad.npz")
                .withMessageContaining(message);
    }

    /** One stored member {@code a.npy}, at an offset; every number that may be in the extension is there. */
    private Path archive(byte[] npy, long offset) throws IOException {
        byte[] name = "a.npy".getBytes(StandardCharsets.UTF_8);
        CRC32 crc = new CRC32();
        crc.update(npy);
        ByteBuffer bytes = ByteBuffer.allocate(1000).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putInt(0x04034b50).putShort((short) 45).putShort((short) 0).putShort((short) 0);
        bytes.putInt(0).putInt((int) crc.getValue()).putInt(npy.length).putInt(npy.length);
        bytes.putShort((short) name.length).putShort((short) 0).put(name).put(npy);
        long directory = offset + bytes.position();
        bytes.putInt(0x02014b50)
                .putShort((short) 45)
                .putShort((short) 45)
                .putShort((short) 0)
                .putShort((short) 0);
        bytes.putInt(0).putInt((int) crc.getValue()).putInt(-1).putInt(-1);
        bytes.putShort((short) name.length)
                .putShort((short) 28)
                .putShort((short) 0)
                .putShort((short) 0);
        bytes.putShort((short) 0).putInt(0).putInt(-1).put(name);
        bytes.putShort((short) 1).putShort((short) 24);
        bytes.putLong(npy.length).putLong(npy.length).putLong(offset);
        long end = offset + bytes.position();
        bytes.putInt(0x06064b50).putLong(END64_BYTES - 12).putShort((short) 45).putShort((short) 45);
        bytes.putInt(0).putInt(0).putLong(1).putLong(1).putLong(end - directory).putLong(directory);
        bytes.putInt(0x07064b50).putInt(0).putLong(end).putInt(1);
        bytes.putInt(0x06054b50)
                .putShort((short) 0)
                .putShort((short) 0)
                .putShort((short) -1)
                .putShort((short) -1);
        bytes.putInt(-1).putInt(-1).putShort((short) 0);
        Path file = folder.resolve("large.npz");
        try (FileChannel channel = FileChannel.open(
                file, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.SPARSE)) {
            bytes.flip();
            while (bytes.hasRemaining()) {
                channel.write(bytes, offset + bytes.position());
            }
        }
        return file;
    }
}
