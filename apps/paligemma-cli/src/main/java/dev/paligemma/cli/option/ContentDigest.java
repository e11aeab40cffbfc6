package dev.paligemma.cli.option;

import dev.paligemma.base.internal.FailureReason;
import dev.paligemma.base.internal.Sha256;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * Tells models apart without reading all of them: a digest of the names, sizes, beginnings and ends of their files. Training
 * changes all weights, so it changes this. Where a model lies makes no difference. Stateless.
 */
final class ContentDigest {
    private static final int PIECE_BYTES = 1 << 16;
    private static final int DIGITS = 12;
    private static final List<String> ENDINGS = List.of(".safetensors", ".npz", ".bin", ".pt", ".json", ".model");

    private ContentDigest() {}

    /** The digest of a folder of weights and settings, or of a file of weights, as a few hexadecimal digits. */
    static String of(Path model) {
        StringBuilder all = new StringBuilder();
        try {
            for (Path file : Files.isRegularFile(model) ? List.of(model) : files(model)) {
                all.append(file.getFileName()).append(' ').append(ends(file)).append('\n');
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read the model " + model + ": " + FailureReason.of(e, model), e);
        }
        return Sha256.of(all.toString().getBytes(StandardCharsets.UTF_8)).substring(0, DIGITS);
    }

    private static List<Path> files(Path folder) throws IOException {
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.filter(file -> ENDINGS.stream().anyMatch(String.valueOf(file.getFileName())::endsWith))
                    .filter(Files::isRegularFile)
                    .sorted()
                    .toList();
        }
    }

    /** The size, and digests of the beginning and the end. */
    private static String ends(Path file) throws IOException {
        try (RandomAccessFile content = new RandomAccessFile(file.toFile(), "r")) {
            long size = content.length();
            byte[] piece = new byte[(int) Math.min(PIECE_BYTES, size)];
            content.readFully(piece);
            String beginning = Sha256.of(piece);
            content.seek(size - piece.length);
            content.readFully(piece);
            return size + " " + beginning + " " + Sha256.of(piece);
        }
    }
}
