package dev.paligemma.vision.mask;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.Enumeration;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/**
 * Named float32 arrays in a NumPy {@code .npz} file: a zip archive, stored or deflated, with one {@code .npy} file for
 * each array.
 *
 * <p>The file is not trusted. The number of entries and the length of names are bounded; memory is only taken for the
 * shape that the caller expects, never for what the file says; an entry that unpacks to anything else is refused after
 * at most that many bytes, so that a small file cannot unpack to a large one; checksums are verified. Entries not named
 * {@code *.npy} are ignored.
 *
 * <p>Not thread-safe, because it is read once and closed. The arrays handed out belong to the caller.
 */
final class NpzFile implements AutoCloseable {
    static final int MAX_ENTRIES = 4096;
    static final int MAX_NAME_CHARS = 512;

    private static final String SUFFIX = ".npy";
    private static final int CHUNK_BYTES = 1 << 16;

    private final Path file;
    private final ZipFile zip;
    private final SortedMap<String, ZipEntry> entries;

    private NpzFile(Path file, ZipFile zip, SortedMap<String, ZipEntry> entries) {
        this.file = file;
        this.zip = zip;
        this.entries = entries;
    }

    /**
     * Opens a file and reads its directory.
     *
     * @param maxBytes largest accepted size of the file; it also bounds the memory for the archive's directory
     * @throws MaskException if the file is missing, too large, not a zip archive, or its directory breaks a limit
     */
    static NpzFile open(Path file, long maxBytes) {
        ZipFile zip;
        try {
            // Opening a pipe would block for ever.
            if (Files.exists(file) && !Files.isRegularFile(file)) {
                throw new MaskException(file + " is not a regular file");
            }
            long size = Files.size(file);
            if (size > maxBytes) {
                throw new MaskException(file + " has " + size + " bytes, more than the allowed " + maxBytes);
            }
            zip = new ZipFile(file.toFile());
        } catch (IOException | IllegalArgumentException e) {
            throw new MaskException("cannot read " + file + " as an npz archive: " + e, e);
        }
        try {
            return new NpzFile(file, zip, directory(file, zip));
        } catch (MaskException e) {
            closeAfter(e, zip);
            throw e;
        }
    }

    private static void closeAfter(MaskException failure, ZipFile zip) {
        try {
            zip.close();
        } catch (IOException e) {
            failure.addSuppressed(e);
        }
    }

    private static SortedMap<String, ZipEntry> directory(Path file, ZipFile zip) {
        if (zip.size() > MAX_ENTRIES) {
            throw new MaskException(file + " has " + zip.size() + " entries, more than the allowed " + MAX_ENTRIES);
        }
        SortedMap<String, ZipEntry> entries = new TreeMap<>();
        Enumeration<? extends ZipEntry> all = zip.entries();
        while (all.hasMoreElements()) {
            ZipEntry entry = next(file, all);
            String name = entry.getName();
            if (name.length() > MAX_NAME_CHARS) {
                throw new MaskException(file + " has an entry with a name of " + name.length()
                        + " characters, more than the allowed " + MAX_NAME_CHARS);
            }
            if (!name.endsWith(SUFFIX)) {
                continue;
            }
            String array = name.substring(0, name.length() - SUFFIX.length());
            if (entries.put(array, entry) != null) {
                throw new MaskException(file + " has more than one array " + NpyHeader.quote(array));
            }
        }
        return entries;
    }

    private static ZipEntry next(Path file, Enumeration<? extends ZipEntry> all) {
        try {
            return all.nextElement();
        } catch (IllegalArgumentException e) {
            throw new MaskException(file + " has an entry whose name is not valid UTF-8", e);
        }
    }

    /** The names of all arrays, in alphabetical order. */
    Set<String> names() {
        return Collections.unmodifiableSet(entries.keySet());
    }

    /**
     * Reads one array.
     *
     * @param name the name given to {@code numpy.savez}
     * @param shape the expected shape, outermost first; empty for a single number
     * @return the elements in C order, as many as the shape has
     * @throws MaskException if the array is missing, has another shape or type, or its entry is damaged
     */
    float[] read(String name, int... shape) {
        ZipEntry entry = entries.get(name);
        if (entry == null) {
            throw new MaskException(file + " has no array " + NpyHeader.quote(name) + " (expected float32"
                    + Arrays.toString(shape) + "); it has " + entries.size() + " arrays"
                    + (entries.isEmpty() ? "" : ", the first is " + NpyHeader.quote(entries.firstKey())));
        }
        String where = file + ", array " + NpyHeader.quote(name);
        try (CheckedInputStream in = new CheckedInputStream(zip.getInputStream(entry), new CRC32())) {
            NpyHeader header = NpyHeader.read(in, where);
            header.require("<f4", shape, where);
            float[] values = values(in, elements(shape), where);
            if (in.read() >= 0) {
                throw new MaskException(where + " has more bytes than its " + values.length + " elements take");
            }
            if (in.getChecksum().getValue() != entry.getCrc()) {
                throw new MaskException(where + " is damaged: checksum " + entry.getCrc() + " expected, got "
                        + in.getChecksum().getValue());
            }
            return values;
        } catch (EOFException e) {
            throw new MaskException(
                    where + " ends before its " + elements(shape) + " elements of float32 are complete", e);
        } catch (IOException e) {
            throw new MaskException("cannot read " + where + ": " + e, e);
        }
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
            zip.close();
        } catch (IOException e) {
            throw new MaskException("cannot close " + file + ": " + e, e);
        }
    }
}
