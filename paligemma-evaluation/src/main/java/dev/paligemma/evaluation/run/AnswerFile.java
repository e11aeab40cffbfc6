package dev.paligemma.evaluation.run;

import dev.paligemma.base.internal.FailureReason;
import dev.paligemma.base.internal.InputFiles;
import dev.paligemma.base.internal.Json;
import dev.paligemma.base.internal.JsonObject;
import dev.paligemma.evaluation.internal.JsonRows;
import dev.paligemma.evaluation.metric.EvaluationException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The file {@code answers.jsonl} of a run: what the run depends on in its first line, then a line for each answer, written at
 * once. Whoever ends the program leaves whole lines and perhaps a part of one, which is cut off before the run goes on.
 * Confined to one thread.
 */
final class AnswerFile implements AutoCloseable {
    static final String NAME = "answers.jsonl";

    private static final String RUN = "run";

    private final Path file;
    private final FileChannel channel;

    private AnswerFile(Path file, FileChannel channel) {
        this.file = file;
        this.channel = channel;
    }

    /** Begins a file, or goes on with one that was {@link #read} before. */
    static AnswerFile open(Path file, Map<String, String> run) {
        FileChannel channel = channel(file);
        try {
            lock(channel, file);
            long end = wholeLines(channel);
            channel.truncate(end).position(end);
            AnswerFile opened = new AnswerFile(file, channel);
            if (end == 0) {
                opened.write(Json.text(Map.of(RUN, run), false));
            }
            return opened;
        } catch (IOException e) {
            close(channel);
            throw failed(file, e);
        } catch (RuntimeException e) {
            close(channel);
            throw e;
        }
    }

    private static FileChannel channel(Path file) {
        try {
            return FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
        } catch (IOException e) {
            throw failed(file, e);
        }
    }

    private static void close(FileChannel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            // what went wrong before is what matters
        }
    }

    /** Two processes that write one file would give answers twice. The system lets go when a process ends. */
    private static void lock(FileChannel channel, Path file) throws IOException {
        FileLock lock;
        try {
            lock = channel.tryLock();
        } catch (OverlappingFileLockException e) {
            lock = null;
        }
        if (lock == null) {
            throw new EvaluationException(
                    file + " is being written by another run; wait for it, or choose another folder");
        }
    }

    /** Where the last line that has an end ends. */
    private static long wholeLines(FileChannel channel) throws IOException {
        ByteBuffer piece = ByteBuffer.allocate(1 << 13);
        long end = channel.size();
        while (end > 0) {
            int length = (int) Math.min(piece.capacity(), end);
            piece.clear().limit(length);
            while (piece.hasRemaining() && channel.read(piece, end - length + piece.position()) >= 0) {
                // until the piece is full
            }
            for (int i = length - 1; i >= 0; i--) {
                if (piece.get(i) == '\n') {
                    return end - length + i + 1;
                }
            }
            end -= length;
        }
        return 0;
    }

    /** Whether a file holds the beginning of a run. */
    static boolean exists(Path file) {
        try {
            return Files.exists(file) && Files.size(file) > 0;
        } catch (IOException e) {
            throw failed(file, e);
        }
    }

    /** What a file has: the settings of its run and the whole lines of answers. */
    record Content(Map<String, String> run, List<Answered> answers) {}

    /** Reads a file; a part of a line at its end is left out. */
    static Content read(Path file) {
        byte[] bytes = InputFiles.readAll(file, Integer.MAX_VALUE - 16, EvaluationException::new);
        Map<String, String> run = new LinkedHashMap<>();
        List<Answered> answers = new ArrayList<>();
        int number = 1;
        for (int start = 0, end; (end = lineEnd(bytes, start)) >= 0; start = end + 1, number++) {
            JsonObject row = JsonRows.parse(Arrays.copyOfRange(bytes, start, end), file + ", line " + number);
            if (number == 1) {
                row.object(RUN).members().forEach((name, value) -> run.put(name, String.valueOf(value)));
            } else {
                answers.add(AnswerRows.read(row));
            }
        }
        return new Content(run, answers);
    }

    private static int lineEnd(byte[] bytes, int start) {
        for (int i = start; i < bytes.length; i++) {
            if (bytes[i] == '\n') {
                return i;
            }
        }
        return -1;
    }

    /** Adds answers. */
    void add(List<Answered> answers) {
        StringBuilder lines = new StringBuilder();
        for (Answered each : answers) {
            lines.append(Json.text(AnswerRows.row(each), false)).append('\n');
        }
        write(lines.substring(0, lines.length() - 1));
    }

    private void write(String line) {
        try {
            ByteBuffer bytes = ByteBuffer.wrap((line + "\n").getBytes(StandardCharsets.UTF_8));
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
        } catch (IOException e) {
            throw failed(file, e);
        }
    }

    private static EvaluationException failed(Path file, IOException e) {
        return new EvaluationException("cannot write " + file + ": " + FailureReason.of(e, file), e);
    }

    @Override
    public void close() {
        try (channel) {
            channel.force(true);
        } catch (IOException e) {
            throw failed(file, e);
        }
    }
}
