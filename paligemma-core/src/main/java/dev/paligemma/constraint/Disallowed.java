package dev.paligemma.constraint;

/** The one message about a token that a constraint does not allow. */
final class Disallowed {
    private Disallowed() {}

    static void check(TokenSet allowed, int token) {
        if (!allowed.contains(token)) {
            throw new IllegalArgumentException("token " + token + " is not allowed here; allowed are " + allowed);
        }
    }
}
