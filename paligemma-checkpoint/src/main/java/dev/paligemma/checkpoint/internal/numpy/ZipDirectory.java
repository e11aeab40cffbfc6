package dev.paligemma.checkpoint.internal.numpy;

import dev.paligemma.base.internal.Quote;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads the directory at the end of a zip archive, with the 64-bit extension that archives over 4 GiB need.
 *
 * <p>The classes of {@code java.util.zip} do not tell where in the archive a stored file lies, which is what mapping it
 * takes. Archives in several parts, encrypted files, other compressions than "deflate", and anything in front of the
 * archive are refused.
 *
 * @see <a href="https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT">the format</a>
 */
final class ZipDirectory {
    private static final int MAX_DIRECTORY_BYTES = 16 << 20;

    private static final int END_SIGNATURE = 0x06054b50;
    private static final int END_BYTES = 22;
    private static final int MAX_COMMENT_BYTES = 0xffff;
    private static final int LOCATOR_SIGNATURE = 0x07064b50;
    private static final int LOCATOR_BYTES = 20;
    private static final int END64_SIGNATURE = 0x06064b50;
    private static final int END64_BYTES = 56;
    private static final int ENTRY_SIGNATURE = 0x02014b50;
    private static final int ENTRY_BYTES = 46;
    private static final int LOCAL_SIGNATURE = 0x04034b50;
    private static final int LOCAL_BYTES = 30;
    private static final int EXTRA64 = 1;
    private static final int ENCRYPTED = 1;
    private static final int STORED = 0;
    private static final int DEFLATED = 8;
    private static final int IN_EXTRA_16 = 0xffff;
    private static final long IN_EXTRA_32 = 0xffffffffL;

    /**
     * One file of a zip archive, as its directory describes it: compressed or stored as it is, with the CRC-32 of its
     * contents, its sizes in the archive and unpacked, and where its local header starts.
     */
    record ZipMember(String name, boolean deflated, long crc, long packedBytes, long bytes, long headerOffset) {}

    private final FileChannel channel;
    private final Path file;
    private final int maxEntries;
    private final int maxNameChars;
    private long start;

    private ZipDirectory(FileChannel channel, Path file, int maxEntries, int maxNameChars) {
        this.channel = channel;
        this.file = file;
        this.maxEntries = maxEntries;
        this.maxNameChars = maxNameChars;
    }

    /** Reads the directory: the members in its order; their names need not differ. */
    static List<ZipMember> read(FileChannel channel, Path file, int maxEntries, int maxNameChars) throws IOException {
        return new ZipDirectory(channel, file, maxEntries, maxNameChars).read();
    }

    private List<ZipMember> read() throws IOException {
        long size = channel.size();
        long endAt = findEnd(size);
        ByteBuffer end = bytes(channel, endAt, END_BYTES);
        long count = end.getShort(10) & IN_EXTRA_16;
        long length = end.getInt(12) & IN_EXTRA_32;
        start = end.getInt(16) & IN_EXTRA_32;
        boolean oneDisk = end.getShort(4) == end.getShort(6) && end.getShort(8) == end.getShort(10);
        long directoryEnd = endAt;
        if (count == IN_EXTRA_16 || length == IN_EXTRA_32 || start == IN_EXTRA_32) {
            directoryEnd = endAt - LOCATOR_BYTES;
            ByteBuffer locator = directoryEnd < 0 ? null : bytes(channel, directoryEnd, LOCATOR_BYTES);
            if (locator == null || locator.getInt(0) != LOCATOR_SIGNATURE) {
                throw new NpzException(file + " is not an npz archive: its 64-bit directory is missing");
            }
            long end64At = locator.getLong(8);
            if (end64At < 0 || end64At > directoryEnd - END64_BYTES) {
                throw outside("64-bit end of the directory", end64At, directoryEnd);
            }
            ByteBuffer end64 = bytes(channel, end64At, END64_BYTES);
            if (end64.getInt(0) != END64_SIGNATURE) {
                throw new NpzException(file + " is not an npz archive: its 64-bit directory is damaged");
            }
            oneDisk = end64.getInt(16) == 0 && end64.getInt(20) == 0 && end64.getLong(24) == end64.getLong(32);
            count = end64.getLong(32);
            length = end64.getLong(40);
            start = end64.getLong(48);
            directoryEnd = end64At;
        }
        if (!oneDisk) {
            throw new NpzException(file + " is a part of an archive, expected a whole one");
        }
        if (count < 0 || count > maxEntries) {
            throw new NpzException(
                    file + " has " + Long.toUnsignedString(count) + " entries, more than the allowed " + maxEntries);
        }
        if (length < 0 || start < 0 || start > directoryEnd || length != directoryEnd - start) {
            throw outside("directory", start, directoryEnd);
        }
        if (length > MAX_DIRECTORY_BYTES) {
            throw new NpzException(
                    file + " has a directory of " + length + " bytes, more than the allowed " + MAX_DIRECTORY_BYTES);
        }
        return entries(bytes(channel, start, (int) length), (int) count);
    }

    private long findEnd(long size) throws IOException {
        int tailBytes = (int) Math.min(size, END_BYTES + MAX_COMMENT_BYTES);
        ByteBuffer tail = bytes(channel, size - tailBytes, tailBytes);
        for (int at = tailBytes - END_BYTES; at >= 0; at--) {
            int comment = tailBytes - at - END_BYTES;
            if (tail.getInt(at) == END_SIGNATURE && (tail.getShort(at + 20) & IN_EXTRA_16) == comment) {
                return size - tailBytes + at;
            }
        }
        throw new NpzException("cannot read " + file + " as an npz archive: it does not end with a zip directory"
                + " (truncated file?)");
    }

    private List<ZipMember> entries(ByteBuffer directory, int count) {
        List<ZipMember> members = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            members.add(entry(directory));
        }
        if (directory.hasRemaining()) {
            throw damaged("it is longer than its " + count + " entries");
        }
        return members;
    }

    /** Reads one entry and moves behind it. */
    private ZipMember entry(ByteBuffer directory) {
        int at = directory.position();
        if (directory.remaining() < ENTRY_BYTES || directory.getInt(at) != ENTRY_SIGNATURE) {
            throw damaged("no entry at byte " + at);
        }
        int flags = directory.getShort(at + 8);
        int method = directory.getShort(at + 10) & IN_EXTRA_16;
        int nameBytes = directory.getShort(at + 28) & IN_EXTRA_16;
        int extraBytes = directory.getShort(at + 30) & IN_EXTRA_16;
        int commentBytes = directory.getShort(at + 32) & IN_EXTRA_16;
        if (directory.remaining() - ENTRY_BYTES < nameBytes + extraBytes + commentBytes) {
            throw damaged("the entry at byte " + at + " does not fit in");
        }
        String name = name(directory.slice(at + ENTRY_BYTES, nameBytes));
        if ((flags & ENCRYPTED) != 0) {
            throw new NpzException(file + ": " + Quote.quote(name) + " is encrypted");
        }
        if (method != STORED && method != DEFLATED) {
            throw new NpzException(file + ": " + Quote.quote(name) + " is compressed with method " + method
                    + ", expected 0 (stored) or 8 (deflated)");
        }
        ByteBuffer extra = extra64(
                directory.slice(at + ENTRY_BYTES + nameBytes, extraBytes).order(ByteOrder.LITTLE_ENDIAN));
        long bytes = number(directory.getInt(at + 24), extra, name);
        long packed = number(directory.getInt(at + 20), extra, name);
        long header = number(directory.getInt(at + 42), extra, name);
        directory.position(at + ENTRY_BYTES + nameBytes + extraBytes + commentBytes);
        if (header > start || packed > start - header) {
            throw outside("entry " + Quote.quote(name), header, start);
        }
        if (method == STORED && packed != bytes) {
            throw new NpzException(
                    file + ": " + Quote.quote(name) + " is stored in " + packed + " bytes, expected " + bytes);
        }
        return new ZipMember(name, method == DEFLATED, directory.getInt(at + 16) & IN_EXTRA_32, packed, bytes, header);
    }

    private String name(ByteBuffer bytes) {
        try {
            String name = StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
            if (name.length() > maxNameChars) {
                throw new NpzException(file + " has an entry with a name of " + name.length()
                        + " characters, more than the allowed " + maxNameChars);
            }
            return name;
        } catch (CharacterCodingException e) {
            throw new NpzException(file + " has an entry whose name is not valid UTF-8", e);
        }
    }

    /** The 64-bit numbers of an entry, those that do not fit into its 32 bits, one after the other. */
    private ByteBuffer extra64(ByteBuffer extra) {
        while (extra.remaining() >= 4) {
            int id = extra.getShort() & IN_EXTRA_16;
            int length = extra.getShort() & IN_EXTRA_16;
            if (length > extra.remaining()) {
                break;
            }
            if (id == EXTRA64) {
                return extra.slice(extra.position(), length).order(ByteOrder.LITTLE_ENDIAN);
            }
            extra.position(extra.position() + length);
        }
        return ByteBuffer.allocate(0);
    }

    private long number(int small, ByteBuffer extra, String name) {
        long value = small & IN_EXTRA_32;
        if (value != IN_EXTRA_32) {
            return value;
        }
        value = extra.remaining() < Long.BYTES ? -1 : extra.getLong();
        if (value < 0) {
            throw damaged("no 64-bit numbers for " + Quote.quote(name));
        }
        return value;
    }

    /**
     * Finds the first byte of a member; {@code end} is where the directory starts, or anything else that no member
     * reaches into.
     */
    static long dataOffset(FileChannel channel, Path file, ZipMember member, long end) throws IOException {
        long at = member.headerOffset();
        String where = file + ": " + Quote.quote(member.name());
        if (at > end - LOCAL_BYTES) {
            throw new NpzException(where + " has its header at " + at + ", outside of the archive's " + end + " bytes");
        }
        ByteBuffer header = bytes(channel, at, LOCAL_BYTES);
        int method = header.getShort(8) & IN_EXTRA_16;
        if (header.getInt(0) != LOCAL_SIGNATURE || method != (member.deflated() ? DEFLATED : STORED)) {
            throw new NpzException(where + " has a damaged header at " + at);
        }
        int nameBytes = header.getShort(26) & IN_EXTRA_16;
        int extraBytes = header.getShort(28) & IN_EXTRA_16;
        long data = at + LOCAL_BYTES + nameBytes + extraBytes;
        if (data > end || member.packedBytes() > end - data) {
            throw new NpzException(where + " lies at " + data + " to " + Math.addExact(data, member.packedBytes())
                    + ", outside of the archive's " + end + " bytes");
        }
        ByteBuffer name = bytes(channel, at + LOCAL_BYTES, nameBytes);
        if (!name.equals(ByteBuffer.wrap(member.name().getBytes(StandardCharsets.UTF_8)))) {
            throw new NpzException(where + " has another name in its header at " + at);
        }
        return data;
    }

    /** Reads that many bytes, little-endian. */
    static ByteBuffer bytes(FileChannel channel, long from, int count) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(count).order(ByteOrder.LITTLE_ENDIAN);
        while (buffer.hasRemaining()) {
            if (channel.read(buffer, from + buffer.position()) < 0) {
                throw new IOException("the file ended at " + (from + buffer.position()));
            }
        }
        return buffer.flip().order(ByteOrder.LITTLE_ENDIAN);
    }

    private NpzException damaged(String problem) {
        return new NpzException(file + " has a damaged zip directory: " + problem);
    }

    private NpzException outside(String what, long at, long end) {
        return new NpzException(
                file + " is not an npz archive: its " + what + " at " + at + " does not fit in front of byte " + end);
    }
}
