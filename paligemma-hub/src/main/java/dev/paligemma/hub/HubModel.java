package dev.paligemma.hub;

import dev.paligemma.base.internal.Quote;
import java.util.Arrays;
import java.util.Objects;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A model of the hub at one revision. Immutable.
 *
 * @param id owner and name, such as {@code google/paligemma2-3b-mix-224}
 * @param revision a branch, a tag, or a commit as 40 hexadecimal digits
 */
public record HubModel(String id, String revision) {
    /** The revision that is meant if none is said: {@value}. */
    public static final String MAIN = "main";

    private static final String PART = "[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,94}[A-Za-z0-9_])?";
    private static final Pattern ID = Pattern.compile(PART + "/" + PART);
    private static final Pattern REVISION_PART = Pattern.compile("[A-Za-z0-9_+-][A-Za-z0-9._+-]{0,99}");
    private static final Pattern COMMIT = Pattern.compile("[0-9a-f]{40}");
    private static final int MAX_ID_CHARS = 96;
    private static final int MAX_REVISION_PARTS = 5;
    private static final int MAX_SHOWN = 200;

    /** Refuses parts that are not names that the hub gives. */
    public HubModel {
        Objects.requireNonNull(id, "id");
        Objects.requireNonNull(revision, "revision");
        if (!isId(id)) {
            throw new IllegalArgumentException(
                    "'" + Quote.shown(id, MAX_SHOWN)
                            + "' is not the name of a model on the hub; expected owner/name, such as google/paligemma2-3b-mix-224");
        }
        if (!isRevision(revision)) {
            throw new IllegalArgumentException("'" + Quote.shown(revision, MAX_SHOWN)
                    + "' is not a revision; expected a branch, a tag or a commit of 40 hexadecimal digits");
        }
    }

    /** Reads {@code owner/name}, at {@value #MAIN}, or {@code owner/name@revision}; another text is refused. */
    public static HubModel parse(String text) {
        int at = text.indexOf('@');
        return at < 0 ? new HubModel(text, MAIN) : new HubModel(text.substring(0, at), text.substring(at + 1));
    }

    /**
     * Reads a name whose revision may be given apart from it.
     *
     * @param text {@code owner/name} or {@code owner/name@revision}
     * @param revision a branch, a tag or a commit; null if none is given apart
     * @throws IllegalArgumentException if one of them is no such name, or they name two revisions
     */
    public static HubModel parse(String text, @Nullable String revision) {
        HubModel named = parse(text);
        if (revision == null) {
            return named;
        }
        HubModel chosen = named.withRevision(revision);
        if (text.indexOf('@') >= 0 && !chosen.equals(named)) {
            throw new IllegalArgumentException("'" + text + "' names the revision " + named.revision() + ", and "
                    + revision + " was chosen beside it; expected one of them");
        }
        return chosen;
    }

    /** Whether a text reads as {@code owner/name} or {@code owner/name@revision}, and {@link #parse(String)} takes it. */
    public static boolean isName(String text) {
        int at = text.indexOf('@');
        return at < 0 ? isId(text) : isId(text.substring(0, at)) && isRevision(text.substring(at + 1));
    }

    /** The same model at another branch, tag or commit; what is none of them is refused. */
    public HubModel withRevision(String newRevision) {
        return new HubModel(id, newRevision);
    }

    /** Whether the revision is a commit, which never changes. */
    boolean isPinned() {
        return isCommit(revision);
    }

    static boolean isCommit(String text) {
        return COMMIT.matcher(text).matches();
    }

    private static boolean isId(String text) {
        return text.length() <= MAX_ID_CHARS
                && ID.matcher(text).matches()
                && !text.contains("..")
                && !text.contains("--")
                && !text.endsWith(".git");
    }

    /** Whether a text reads as a branch, a tag or a commit, and is safe as a path in the cache. */
    public static boolean isRevision(String text) {
        String[] parts = text.split("/", -1);
        // Git has no such names either.
        if (parts.length > MAX_REVISION_PARTS || text.contains("..")) {
            return false;
        }
        return Arrays.stream(parts)
                .allMatch(part -> REVISION_PART.matcher(part).matches() && FileNames.isSafePart(part));
    }

    /**
     * The name as {@link #parse(String)} reads it: {@code owner/name}, with {@code @revision} unless that is {@value
     * #MAIN}.
     */
    @Override
    public String toString() {
        return revision.equals(MAIN) ? id : id + "@" + revision;
    }
}
