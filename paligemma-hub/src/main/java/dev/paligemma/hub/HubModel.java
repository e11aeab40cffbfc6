package dev.paligemma.hub;

import dev.paligemma.base.internal.Quote;
import java.util.Arrays;
import java.util.Objects;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A model of the hub at one revision. Immutable.
 *
 * @param id owner and name of the repository, such as {@code google/paligemma2-3b-mix-224}
 * @param revision a branch, a tag, or a commit as 40 hexadecimal digits
 * @param path the folder of the repository that has the model, such as {@code checkpoint-500}, or its archive {@code *.npz};
 *     empty for the repository itself
 */
public record HubModel(String id, String revision, String path) {
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
        Objects.requireNonNull(path, "path");
        if (!isId(id)) {
            throw new IllegalArgumentException(
                    "'" + Quote.shown(id, MAX_SHOWN)
                            + "' is not the name of a model on the hub; expected owner/name, such as google/paligemma2-3b-mix-224");
        }
        if (!isPath(path)) {
            throw new IllegalArgumentException(
                    "'" + Quote.shown(path, MAX_SHOWN)
                            + "' is not a folder in a model's repository; expected names with slashes between, such as checkpoint-500");
        }
        if (!isRevision(revision)) {
            throw new IllegalArgumentException("'" + Quote.shown(revision, MAX_SHOWN)
                    + "' is not a revision; expected a branch, a tag or a commit of 40 hexadecimal digits");
        }
    }

    /** Makes a model that is a repository of its own. */
    public HubModel(String id, String revision) {
        this(id, revision, "");
    }

    /**
     * Reads {@code owner/name}, at {@value #MAIN}, or {@code owner/name@revision}; {@code owner/name/folder} and
     * {@code owner/name/folder@revision} for a model in a folder of the repository; and the address of a page of any of them,
     * such as {@code https://huggingface.co/owner/name/tree/revision/folder}. Another text is refused.
     */
    public static HubModel parse(String text) {
        HubModel page = PageAddress.read(text);
        if (page != null) {
            return page;
        }
        int at = text.indexOf('@');
        String name = at < 0 ? text : text.substring(0, at);
        String[] parts = name.split("/", 3);
        boolean isWhole = parts.length < 3;
        if (!isWhole && parts[2].isEmpty()) {
            throw new IllegalArgumentException("'" + Quote.shown(text, MAX_SHOWN)
                    + "' is not the name of a model on the hub: it ends with a slash");
        }
        return new HubModel(
                isWhole ? name : parts[0] + "/" + parts[1],
                at < 0 ? MAIN : text.substring(at + 1),
                isWhole ? "" : parts[2]);
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
        boolean isNamed = text.indexOf('@') >= 0 || !named.revision().equals(MAIN);
        if (isNamed && !chosen.equals(named)) {
            throw new IllegalArgumentException("'" + text + "' names the revision " + named.revision() + ", and "
                    + revision + " was chosen beside it; expected one of them");
        }
        return chosen;
    }

    /** Whether {@link #parse(String)} takes a text. */
    public static boolean isName(String text) {
        try {
            parse(text);
            return true;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    /** The same model at another branch, tag or commit; what is none of them is refused. */
    public HubModel withRevision(String newRevision) {
        return new HubModel(id, newRevision, path);
    }

    /** The repository, which may hold other models too. */
    HubModel repository() {
        return new HubModel(id, revision);
    }

    /** Whether the revision is a commit, which never changes. */
    boolean isPinned() {
        return isCommit(revision);
    }

    static boolean isCommit(String text) {
        return COMMIT.matcher(text).matches();
    }

    private static boolean isPath(String text) {
        return text.isEmpty() || (FileNames.isSafePath(text) && text.indexOf('@') < 0);
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
     * The name as {@link #parse(String)} reads it: {@code owner/name}, perhaps with {@code /folder}, and with
     * {@code @revision} unless that is {@value #MAIN}.
     */
    @Override
    public String toString() {
        String name = path.isEmpty() ? id : id + "/" + path;
        return revision.equals(MAIN) ? name : name + "@" + revision;
    }
}
