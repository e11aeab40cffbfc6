package dev.paligemma.cli.option;

import dev.paligemma.base.internal.FailureReason;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
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
        MessageDigest digest;
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
        try {
            if (Files.isRegularFile(model)) {
                add(digest, model);
            } else {
                for (Path file : files(model)) {
                    add(digest, file);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read the model " + model + ": " + FailureReason.of(e, model), e);
        }
        return HexFormat.of().formatHex(digest.digest()).substring(0, DIGITS);
    }

    private static List<Path> files(Path folder) throws IOException {
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.filter(file -> ENDINGS.stream()
                            .anyMatch(String.valueOf(file.getFileName())::endsWith))
                    .filter(Files::isRegularFile)
                    .sorted()
                    .toList();
        }
    }

    private static void add(MessageDigest digest, Path file) throws IOException {
        try (RandomAccessFile content = new RandomAccessFile(file.toFile(), "r")) {
            long size = content.length();
            digest.update((file.getFileName() + " " + size + "\n").getBytes(StandardCharsets.UTF_8));
            byte[] piece = new byte[(int) Math.min(PIECE_BYTES, size)];
            content.readFully(piece);
            digest.update(piece);
            content.seek(size - piece.length);
            content.readFully(piece);
            digest.update(piece);
        }
    }
}
