package dev.paligemma.vision;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/** The golden files written by src/reference/images/make_goldens.py. */
final class Goldens {
    private Goldens() {}

    /** A file and what Pillow makes of it. */
    record DecodeCase(String name, int width, int height, String kind) {
        byte[] file() {
            return bytes("decode/" + name);
        }

        byte[] expected() {
            return bytes("decode/" + name + ".rgb");
        }

        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<DecodeCase> decodeCases() {
        return lines("decode/cases.tsv").stream()
                .map(l -> l.split("\t", -1))
                .map(c -> new DecodeCase(c[0], Integer.parseInt(c[1]), Integer.parseInt(c[2]), c[3]));
    }

    static byte[] decodeFile(String name) {
        return bytes("decode/" + name);
    }

    static List<String> lines(String name) {
        return new String(bytes(name), StandardCharsets.UTF_8).lines().toList();
    }

    static byte[] bytes(String name) {
        try (InputStream in = Goldens.class.getResourceAsStream("/images/" + name)) {
            return Objects.requireNonNull(in, name).readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static String sha256(byte[] data) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(data));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }
}
