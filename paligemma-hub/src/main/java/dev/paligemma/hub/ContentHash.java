package dev.paligemma.hub;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Compares content with the name that the hub gives it: the SHA-256 of a large file, the git blob id (SHA-1 of
 * {@code "blob <length>\0"} and the content) of a small one. Mirrors give the SHA-1 of the content itself instead: Artifactory
 * bare, Nexus as <code>{SHA1{...}}</code>. Other names tell nothing of the content.
 */
final class ContentHash {
    private static final Pattern SHA256 = Pattern.compile("[0-9a-fA-F]{64}");
    private static final Pattern SHA1 = Pattern.compile("([0-9a-fA-F]{40})|\\{SHA1\\{([0-9a-fA-F]{40})}}");
    private static final int BUFFER_BYTES = 1 << 18;

    private ContentHash() {}

    /** Whether a name tells what the content must be. */
    static boolean isHash(String etag) {
        return SHA256.matcher(etag).matches() || SHA1.matcher(etag).matches();
    }

    /** What is wrong with a file, as {@code its SHA-256 is ..., expected ...}; null if nothing is, or the ETag says nothing. */
    static @Nullable String problem(Path file, String etag) throws IOException, InterruptedException {
        if (SHA256.matcher(etag).matches()) {
            MessageDigest content = digest("SHA-256");
            read(file, content);
            String actual = hex(content);
            return actual.equalsIgnoreCase(etag) ? null : "its SHA-256 is " + actual + ", expected " + etag;
        }
        Matcher named = SHA1.matcher(etag);
        if (named.matches()) {
            MessageDigest git = digest("SHA-1");
            git.update(("blob " + Files.size(file) + "\0").getBytes(StandardCharsets.US_ASCII));
            MessageDigest content = digest("SHA-1");
            read(file, git, content);
            String expected = named.group(1) == null ? named.group(2) : named.group(1);
            String gitId = hex(git);
            String sha1 = hex(content);
            return gitId.equalsIgnoreCase(expected) || sha1.equalsIgnoreCase(expected)
                    ? null
                    : "its git blob id is " + gitId + " and its SHA-1 " + sha1 + ", expected " + expected;
        }
        return null;
    }

    static String sha256(String text) {
        MessageDigest digest = digest("SHA-256");
        digest.update(text.getBytes(StandardCharsets.UTF_8));
        return hex(digest);
    }

    private static MessageDigest digest(String algorithm) {
        try {
            return MessageDigest.getInstance(algorithm);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has " + algorithm, e);
        }
    }

    private static String hex(MessageDigest digest) {
        return HexFormat.of().formatHex(digest.digest());
    }

    private static void read(Path file, MessageDigest... digests) throws IOException, InterruptedException {
        byte[] buffer = new byte[BUFFER_BYTES];
        try (InputStream in = Files.newInputStream(file)) {
            for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                for (MessageDigest digest : digests) {
                    digest.update(buffer, 0, count);
                }
                if (Thread.interrupted()) {
                    throw new InterruptedException("interrupted while checking " + file);
                }
            }
        }
    }
}
