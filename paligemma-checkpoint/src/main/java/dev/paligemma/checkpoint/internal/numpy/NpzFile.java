package dev.paligemma.checkpoint.internal.numpy;

import dev.paligemma.base.internal.ChannelInputStream;
import dev.paligemma.base.internal.FailureReason;
import dev.paligemma.base.internal.Quote;
import dev.paligemma.checkpoint.internal.numpy.ZipDirectory.ZipMember;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;
import java.util.zip.Inflater;
import java.util.zip.InflaterInputStream;
import org.jspecify.annotations.Nullable;

/**
 * Named arrays in a NumPy {@code .npz} file: a zip archive, stored or deflated, with one {@code .npy} file for each array.
 *
 * <p>The file is not trusted. The number of entries and the length of names are bounded, entries must not overlap, memory
 * is only taken for the shape that the caller expects, never for what the file says; an entry that unpacks to anything
 * else is refused after at most that many bytes, so that a small file cannot unpack to a large one. Entries not named
 * {@code *.npy} are ignored.
 *
 * <p>Not thread-safe, because it is read once and closed. The arrays handed out belong to the caller.
 */
public final class NpzFile implements AutoCloseable {
    static final int MAX_ENTRIES = 4096;
    static final int MAX_NAME_CHARS = 512;

    private static final String SUFFIX = ".npy";
    private static final int CHUNK_BYTES = 1 << 16;
    private static final int INFLATER_BYTES = 1 << 14;

    private final Path file;
    private final FileChannel channel;
    private final SortedMap<String, ZipMember> members;
    private final long membersEnd;

    private NpzFile(Path file, FileChannel channel, SortedMap<String, ZipMember> members, long membersEnd) {
        this.file = file;
        this.channel = channel;
        this.members = members;
        this.membersEnd = membersEnd;
    }

    /** Opens a file, or a link to it, of at most so many bytes, and reads its directory. */
    public static NpzFile open(Path file, long maxBytes) {
        FileChannel channel = null;
        try {
            // Opening a pipe would block for ever.
            if (Files.exists(file) && !Files.isRegularFile(file)) {
                throw new NpzException(file + " is not a regular file");
            }
            long size = Files.size(file);
            if (size > maxBytes) {
                throw new NpzException(file + " has " + size + " bytes, more than the allowed " + maxBytes);
            }
            channel = FileChannel.open(file, StandardOpenOption.READ);
            List<ZipMember> all = ZipDirectory.read(channel, file, MAX_ENTRIES, MAX_NAME_CHARS);
            requireDisjoint(file, all);
            return new NpzFile(file, channel, byName(file, all), size);
        } catch (IOException e) {
            throw closed(
                    channel,
                    new NpzException("cannot read " + file + " as an npz archive: " + FailureReason.of(e, file), e));
        } catch (NpzException e) {
            throw closed(channel, e);
        }
    }

    private static NpzException closed(@Nullable FileChannel channel, NpzException failure) {
        try {
            if (channel != null) {
                channel.close();
            }
        } catch (IOException e) {
            failure.addSuppressed(e);
        }
        return failure;
    }

    /** Archives in which members share bytes are how a small file pretends to hold a lot. */
    private static void requireDisjoint(Path file, List<ZipMember> all) {
        List<ZipMember> inOrder = new ArrayList<>(all);
        inOrder.sort(Comparator.comparingLong(ZipMember::headerOffset));
        for (int i = 1; i < inOrder.size(); i++) {
            ZipMember before = inOrder.get(i - 1);
            ZipMember next = inOrder.get(i);
            if (next.headerOffset() - before.headerOffset() <= before.packedBytes()) {
                throw new NpzException(file + ": " + Quote.quote(before.name()) + " reaches into "
                        + Quote.quote(next.name()) + " at " + next.headerOffset());
            }
        }
    }

    private static SortedMap<String, ZipMember> byName(Path file, List<ZipMember> all) {
        SortedMap<String, ZipMember> members = new TreeMap<>();
        for (ZipMember member : all) {
            String name = member.name();
            if (!name.endsWith(SUFFIX)) {
                continue;
            }
            String array = name.substring(0, name.length() - SUFFIX.length());
            if (members.put(array, member) != null) {
                throw new NpzException(file + " has more than one array " + Quote.quote(array));
            }
        }
        return members;
    }

    /** Returns the names of all arrays: an unmodifiable set in alphabetical order. */
    public Set<String> names() {
        return Collections.unmodifiableSet(members.keySet());
    }

    /** Returns the size of the file, in bytes. */
    public long size() {
        return membersEnd;
    }

    /**
     * Reads what an array is, by the name given to {@code numpy.savez}, without its elements. The checksum is not
     * looked at.
     */
    public NpyArray array(String name) {
        ZipMember member = member(name, "");
        String where = where(name);
        try (InputStream in = unpacked(member)) {
            NpyHeader header = NpyHeader.read(in, where);
            long offset = ZipDirectory.dataOffset(channel, file, member, membersEnd) + header.byteLength();
            long bytes = member.bytes() - header.byteLength();
            if (bytes < 0) {
                throw new EOFException(where);
            }
            return new NpyArray(
                    name,
                    header.type(),
                    header.fortranOrder(),
                    header.shape(),
                    member.deflated(),
                    member.deflated() ? 0 : offset,
                    bytes);
        } catch (EOFException e) {
            throw new NpzException(where + " ends inside of its header", e);
        } catch (IOException e) {
            throw unreadable(where, e);
        }
    }

    /** Reads one float32 array of the expected shape, outermost size first, in C order, and compares its checksum. */
    public float[] read(String name, int... shape) {
        ZipMember member = member(name, " (expected float32" + Arrays.toString(shape) + ")");
        String where = where(name);
        try (CheckedInputStream in = new CheckedInputStream(unpacked(member), new CRC32())) {
            NpyHeader header = NpyHeader.read(in, where);
            header.require("<f4", shape, where);
            float[] values = values(in, elements(shape), where);
            if (in.read() >= 0) {
                throw new NpzException(where + " has more bytes than its " + values.length + " elements take");
            }
            if (in.getChecksum().getValue() != member.crc()) {
                throw new NpzException(where + " is damaged: checksum " + member.crc() + " expected, got "
                        + in.getChecksum().getValue());
            }
            return values;
        } catch (EOFException e) {
            throw new NpzException(
                    where + " ends before its " + elements(shape) + " elements of float32 are complete", e);
        } catch (IOException e) {
            throw unreadable(where, e);
        }
    }

    private ZipMember member(String name, String expected) {
        ZipMember member = members.get(name);
        if (member == null) {
            throw new NpzException(file + " has no array " + Quote.quote(name) + expected + "; it has " + members.size()
                    + " arrays" + (members.isEmpty() ? "" : ", the first is " + Quote.quote(members.firstKey())));
        }
        return member;
    }

    private NpzException unreadable(String where, IOException e) {
        return new NpzException("cannot read " + where + ": " + FailureReason.of(e, file), e);
    }

    private String where(String name) {
        return file + ", array " + Quote.quote(name);
    }

    private InputStream unpacked(ZipMember member) throws IOException {
        long from = ZipDirectory.dataOffset(channel, file, member, membersEnd);
        InputStream packed = new ChannelInputStream(channel, from, Math.addExact(from, member.packedBytes()));
        return member.deflated() ? new UnpackedStream(packed) : packed;
    }

    private static int elements(int[] shape) {
        int product = 1;
        for (int side : shape) {
            product = Math.multiplyExact(product, side);
        }
        return product;
    }

    private static float[] values(InputStream in, int count, String where) throws IOException {
        float[] values = new float[count];
        byte[] chunk = new byte[(int) Math.min(CHUNK_BYTES, 4L * count)];
        for (int done = 0; done < count; ) {
            int now = Math.min(chunk.length / 4, count - done);
            if (in.readNBytes(chunk, 0, 4 * now) < 4 * now) {
                throw new EOFException(where);
            }
            ByteBuffer.wrap(chunk)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .asFloatBuffer()
                    .get(values, done, now);
            done += now;
        }
        return values;
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw new NpzException("cannot close " + file + ": " + FailureReason.of(e, file), e);
        }
    }

    /** The contents of a deflated member of an archive, made from exactly the packed bytes. */
    private static final class UnpackedStream extends InflaterInputStream {
        UnpackedStream(InputStream packed) {
            super(packed, new Inflater(true), INFLATER_BYTES);
        }

        @Override
        public void close() throws IOException {
            // The stream ends only an inflater of its own making.
            inf.end();
            super.close();
        }
    }
}
