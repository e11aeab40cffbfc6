package dev.paligemma.server.internal.http;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Collection;
import java.util.List;
import java.util.Locale;

/** The keys that requests may come with. Immutable; compares in the same time whatever was sent. */
public final class ApiKeys {
    private static final String SCHEME = "bearer ";

    private final List<byte[]> digests;

    /** Keys of at least one character; none lets everybody in. */
    public ApiKeys(Collection<String> keys) {
        this.digests = keys.stream().map(ApiKeys::digest).toList();
    }

    /** Whether there are any. */
    public boolean isEmpty() {
        return digests.isEmpty();
    }

    /** Refuses a request without one of the keys. */
    void check(Exchange exchange) {
        if (isEmpty()) {
            return;
        }
        String header = exchange.header("Authorization").orElse("");
        boolean bearer = header.toLowerCase(Locale.ROOT).startsWith(SCHEME);
        byte[] sent = digest(bearer ? header.substring(SCHEME.length()).strip() : "");
        boolean known = false;
        for (byte[] key : digests) {
            known |= MessageDigest.isEqual(key, sent);
        }
        if (!known) {
            throw HttpFailure.invalid(
                            401,
                            null,
                            "invalid_api_key",
                            bearer
                                    ? "Incorrect API key provided."
                                    : "You did not provide an API key: send it in the header 'Authorization: Bearer KEY'.")
                    .with("WWW-Authenticate", "Bearer");
        }
    }

    /** Of one length, so that comparing tells nothing about lengths either. */
    private static byte[] digest(String key) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(key.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
