package dev.paligemma.training.data;

import java.io.BufferedOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/** What tells data from other data, without reading pictures. Stateless. */
final class Fingerprint {
    private Fingerprint() {}

    static String of(List<Example> examples, List<Variation> variations) {
        MessageDigest digest = digest();
        OutputStream hashing = new DigestOutputStream(OutputStream.nullOutputStream(), digest);
        try (DataOutputStream out = new DataOutputStream(new BufferedOutputStream(hashing, 1 << 16))) {
            out.writeInt(examples.size());
            for (Example example : examples) {
                out.writeInt(example.pictures().size());
                for (Picture picture : example.pictures()) {
                    write(out, picture.name());
                    out.writeLong(picture.bytes());
                    if (picture.file().isEmpty()) {
                        out.write(picture.read().toBytes());
                    }
                }
                write(out, example.prefix());
                write(out, example.suffix());
            }
            for (Variation variation : variations) {
                write(out, variation.describe());
            }
        } catch (IOException e) {
            throw new UncheckedIOException("writing to a digest does not fail", e);
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private static void write(DataOutputStream out, String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        out.writeInt(bytes.length);
        out.write(bytes);
    }

    private static MessageDigest digest() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
