package dev.paligemma.engine.numpy;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/** A range of a file as a stream; closing it leaves the file open. */
final class MemberStream extends InputStream {
    private final FileChannel channel;
    private long position;
    private long remaining;

    MemberStream(FileChannel channel, long from, long count) {
        this.channel = channel;
        this.position = from;
        this.remaining = count;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] target, int from, int length) throws IOException {
        if (length == 0) {
            return 0;
        }
        if (remaining == 0) {
            return -1;
        }
        int count = channel.read(ByteBuffer.wrap(target, from, (int) Math.min(length, remaining)), position);
        if (count > 0) {
            position += count;
            remaining -= count;
        }
        return count;
    }
}
