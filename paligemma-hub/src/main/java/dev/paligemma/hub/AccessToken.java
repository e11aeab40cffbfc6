package dev.paligemma.hub;

import java.util.regex.Pattern;

/**
 * A secret that is shown to the hub and to nobody else. Immutable.
 *
 * <p>A class of its own, so that no message, log or debugger prints it by accident.
 */
final class AccessToken {
    private static final Pattern VALID = Pattern.compile("[\\x21-\\x7e]{1,4096}");

    private final String secret;

    /** @throws IllegalArgumentException if it could not be sent; the message does not hold it */
    AccessToken(String secret) {
        if (!isValid(secret)) {
            throw new IllegalArgumentException(
                    "a token is 1 to 4096 visible ASCII characters without spaces; this one is not");
        }
        this.secret = secret;
    }

    static boolean isValid(String text) {
        return VALID.matcher(text).matches();
    }

    String header() {
        return "Bearer " + secret;
    }

    /** The text with the secret blacked out, should somebody have echoed it. */
    String removeFrom(String text) {
        return text.replace(secret, "***");
    }

    /** The failure without the secret in its messages; causes that hold it are left out. */
    HubException removeFrom(HubException failure) {
        boolean clean = true;
        for (Throwable each = failure; each != null; each = each.getCause()) {
            clean &= !String.valueOf(each.getMessage()).contains(secret);
        }
        if (clean) {
            return failure;
        }
        HubException without = new HubException(failure.kind(), removeFrom(String.valueOf(failure.getMessage())));
        without.setStackTrace(failure.getStackTrace());
        return without;
    }

    @Override
    public String toString() {
        return "***";
    }
}
