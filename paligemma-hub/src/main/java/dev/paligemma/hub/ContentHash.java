package dev.paligemma.hub;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Compares content with the name that the hub gives it: the SHA-256 of a large file, the git blob id (SHA-1 of
 * {@code "blob <length>\0"} and the content) of a small one.
 */
final class ContentHash {
    private static final Pattern SHA256 = Pattern.compile("[0-9a-fA-F]{64}");
    private static final Pattern GIT = Pattern.compile("[0-9a-fA-F]{40}");
    private static final int BUFFER_BYTES = 1 << 18;

    private ContentHash() {}

    /** Whether a name tells what the content must be. */
    static boolean isHash(String etag) {
        return SHA256.matcher(etag).matches() || GIT.matcher(etag).matches();
    }

    /** What is wrong with a file, as {@code its SHA-256 is ..., expected ...}; null if nothing is, or the ETag says nothing. */
    static @Nullable String problem(Path file, String etag) throws IOException, InterruptedException {
        if (SHA256.matcher(etag).matches()) {
            String actual = digest("SHA-256", file, new byte[0]);
            return actual.equalsIgnoreCase(etag) ? null : "its SHA-256 is " + actual + ", expected " + etag;
        }
        if (GIT.matcher(etag).matches()) {
            byte[] head = ("blob " + Files.size(file) + "\0").getBytes(StandardCharsets.US_ASCII);
            String actual = digest("SHA-1", file, head);
            return actual.equalsIgnoreCase(etag) ? null : "its git blob id is " + actual + ", expected " + etag;
        }
        return null;
    }

    private static String digest(String algorithm, Path file, byte[] head) throws IOException, InterruptedException {
        MessageDigest digest;
        try {
            digest = MessageDigest.getInstance(algorithm);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has " + algorithm, e);
        }
        digest.update(head);
        byte[] buffer = new byte[BUFFER_BYTES];
        try (InputStream in = Files.newInputStream(file)) {
            for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                digest.update(buffer, 0, count);
                if (Thread.interrupted()) {
                    throw new InterruptedException("interrupted while checking " + file);
                }
            }
        }
        return HexFormat.of().formatHex(digest.digest());
    }
}
