package dev.paligemma.cli.pictures;

import dev.paligemma.base.PaliGemmaException;
import dev.paligemma.base.internal.FailureReason;
import dev.paligemma.base.internal.Json;
import dev.paligemma.base.internal.JsonObject;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * A file with a row of JSON for each picture, which was perhaps begun by an earlier run and is gone on with: what the rows
 * tell about is skipped, a last row that was not written to its end is cut off, and new rows follow.
 *
 * <p>Each row has the name of its picture as {@code image}, and {@code prompt} and {@code run}, by which rows of other runs are
 * known. Rows in the order of the pictures are compared one by one; names are kept in memory only if the order differs. One
 * process writes at a time. Confined to one thread.
 */
public final class RowFile implements Closeable {
    /** What every row has of the run beside {@code run} itself: what was asked. */
    public static final String PROMPT = "prompt";

    /** The polygons of masks are long. */
    private static final int LONGEST_ROW = 64 << 20;

    private static final String BEGINNING = "{\"image\":";

    private final Path path;
    private final Map<String, String> run;
    private final RandomAccessFile file;
    private final int rows;
    private final int failed;
    private int skipped;
    private final InputStream done;
    private @Nullable String doneNext;
    private @Nullable Map<String, Integer> doneInAnyOrder;

    private RowFile(Path path, Map<String, String> run, RandomAccessFile file) throws IOException {
        this.path = path;
        this.run = run;
        this.file = file;
        requireAlone();
        int count = 0;
        int errors = 0;
        long end = 0;
        try (InputStream in = open()) {
            for (Row row = next(in, 1); row != null; row = next(in, count + 1)) {
                count++;
                errors += row.failed ? 1 : 0;
                end += row.bytes;
            }
        }
        file.setLength(end);
        file.seek(end);
        this.rows = count;
        this.failed = errors;
        this.done = open();
        this.doneNext = nextDone(1);
    }

    /**
     * Opens a file, or makes it.
     *
     * @param run what all rows have to agree in: the prompt, and what else the answers depend on
     * @throws IllegalArgumentException if its rows are of another run, it is no such file, or another process writes to it
     * @throws UncheckedIOException if it cannot be read or written
     */
    public static RowFile open(Path path, Map<String, String> run) {
        if (Files.isDirectory(path)) {
            throw new IllegalArgumentException(path + " is a folder, expected a file of rows");
        }
        Path folder = path.toAbsolutePath().getParent();
        if (folder != null && !Files.isDirectory(folder)) {
            throw new IllegalArgumentException("there is no folder " + folder + " for " + path.getFileName());
        }
        RandomAccessFile file = null;
        try {
            file = new RandomAccessFile(path.toFile(), "rw");
            return new RowFile(path, Map.copyOf(run), file);
        } catch (IOException e) {
            close(file);
            throw failure("open", path, e);
        } catch (RuntimeException e) {
            close(file);
            throw e;
        }
    }

    private static void close(@Nullable RandomAccessFile file) {
        try {
            if (file != null) {
                file.close();
            }
        } catch (IOException e) {
            // what went wrong before is told
        }
    }

    private static UncheckedIOException failure(String what, Path path, IOException e) {
        return new UncheckedIOException("cannot " + what + " " + path + ": " + FailureReason.of(e, path), e);
    }

    private void requireAlone() throws IOException {
        boolean alone;
        try {
            // Far behind the rows: on Windows nobody else reads what is locked.
            alone = file.getChannel().tryLock(Long.MAX_VALUE - 1, 1, false) != null;
        } catch (OverlappingFileLockException e) {
            alone = false;
        }
        if (!alone) {
            throw new IllegalArgumentException("another process is writing " + path);
        }
    }

    private InputStream open() throws IOException {
        return new BufferedInputStream(Files.newInputStream(path), 1 << 16);
    }

    /** A row, and how many bytes it takes. */
    private record Row(String image, boolean failed, long bytes) {}

    /** The next whole row; null at the end, and for a last row that was not written to its end. */
    private @Nullable Row next(InputStream in, int number) throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        int c = in.read();
        for (; c >= 0 && c != '\n'; c = in.read()) {
            if (line.size() == LONGEST_ROW) {
                throw noRow("line " + number + " of " + path + " has more than " + LONGEST_ROW + " bytes", null);
            }
            line.write(c);
        }
        String where = "line " + number + " of " + path;
        if (c < 0) {
            requireTorn(line.toByteArray(), where, null);
            return null;
        }
        JsonObject row;
        try {
            row = Json.readObject(where, line.toByteArray(), PaliGemmaException::new);
        } catch (PaliGemmaException e) {
            if (in.read() < 0) {
                // A computer that lost its power may have written the end of a line and not its middle.
                requireTorn(line.toByteArray(), where, e);
                return null;
            }
            throw noRow(e.getMessage(), e);
        }
        String image = row.stringOrNull("image");
        if (image == null) {
            throw noRow(where + " has no image", null);
        }
        requireSameRun(row);
        return new Row(image, row.has("error"), line.size() + 1L);
    }

    /** What is cut off has to be the beginning of a row: a file of another kind, named by mistake, stays as it is. */
    private static void requireTorn(byte[] line, String where, @Nullable PaliGemmaException cause) {
        int length = Math.min(line.length, BEGINNING.length());
        String begins = new String(line, 0, length, StandardCharsets.ISO_8859_1);
        // Zeros are what some file systems leave of a file that was being written when the power failed.
        if (!BEGINNING.startsWith(begins) && !begins.equals("\0".repeat(length))) {
            throw noRow(where + " is not a row about a picture", cause);
        }
    }

    private static IllegalArgumentException noRow(@Nullable String problem, @Nullable Throwable cause) {
        return new IllegalArgumentException(problem + "; expected a file that --jsonl or --resume wrote", cause);
    }

    private void requireSameRun(JsonObject row) {
        JsonObject of = row.objectOrNull("run");
        Map<String, @Nullable Object> there = new HashMap<>(of == null ? Map.of() : of.members());
        there.put(PROMPT, row.stringOrNull(PROMPT));
        Set<String> names = new TreeSet<>(there.keySet());
        names.addAll(run.keySet());
        for (String name : names) {
            Object its = there.get(name);
            String ours = run.get(name);
            if (!Objects.equals(its, ours)) {
                throw new IllegalArgumentException(row.where() + " is of another run: " + name + " is " + shown(its)
                        + " there and " + shown(ours) + " here; name another file, or ask as that run did");
            }
        }
    }

    private static String shown(@Nullable Object value) {
        return value == null || value.equals("") ? "not given" : "'" + value + "'";
    }

    /** How many rows an earlier run has written. */
    public int rows() {
        return rows;
    }

    /** How many of them tell of an error. */
    public int failed() {
        return failed;
    }

    /** How many pictures {@link #remaining} has skipped so far. */
    public int skipped() {
        return skipped;
    }

    /** The pictures among these about which there is no row. A picture that is named twice has two rows. */
    public Iterator<String> remaining(Iterator<String> names) {
        return new Iterator<>() {
            private @Nullable String next;

            @Override
            public boolean hasNext() {
                while (next == null && names.hasNext()) {
                    String name = names.next();
                    if (isDone(name)) {
                        skipped++;
                    } else {
                        next = name;
                    }
                }
                return next != null;
            }

            @Override
            public String next() {
                if (!hasNext() || next == null) {
                    throw new NoSuchElementException("there are no more pictures");
                }
                String name = next;
                next = null;
                return name;
            }
        };
    }

    /** Whether there is a row about this picture, which counts once. */
    private boolean isDone(String image) {
        try {
            if (image.equals(doneNext)) {
                doneNext = nextDone(1);
                return true;
            }
            if (doneInAnyOrder == null) {
                doneInAnyOrder = new HashMap<>();
                for (String each = doneNext; each != null; each = nextDone(1)) {
                    doneInAnyOrder.merge(each, 1, Integer::sum);
                }
                doneNext = null;
            }
        } catch (IOException e) {
            throw failure("read", path, e);
        }
        Integer count = doneInAnyOrder.get(image);
        if (count == null) {
            return false;
        }
        doneInAnyOrder.put(image, count - 1);
        if (count == 1) {
            doneInAnyOrder.remove(image);
        }
        return true;
    }

    private @Nullable String nextDone(int number) throws IOException {
        Row row = next(done, number);
        return row == null ? null : row.image;
    }

    /** Adds text, whole rows, at the end. */
    public void append(String text) {
        try {
            file.write(text.getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw failure("write", path, e);
        }
    }

    @Override
    public void close() {
        try (file;
                done) {
            // both
        } catch (IOException e) {
            throw failure("close", path, e);
        }
    }
}
