package dev.paligemma.base.internal;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/** A range of a file as a stream. Closing it leaves the channel open. Not thread-safe. */
public final class ChannelInputStream extends InputStream {
    private final FileChannel channel;
    private final long end;
    private long position;

    /** The bytes of an open file from a place to another, exclusive, or to the end of the file. */
    public ChannelInputStream(FileChannel channel, long from, long to) {
        this.channel = channel;
        this.position = from;
        this.end = to;
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
        if (position >= end) {
            return -1;
        }
        ByteBuffer buffer = ByteBuffer.wrap(target, from, (int) Math.min(length, end - position));
        int count = channel.read(buffer, position);
        if (count > 0) {
            position += count;
        }
        return count;
    }
}
