package dev.paligemma.base.internal;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What tools leave in the place of a file whose content was not fetched: pointers of Git LFS and git-annex, and the pages that
 * servers answer with. No file that this library reads begins like one.
 */
public enum StandIn {
    LFS(
            "a Git LFS pointer and not the file itself",
            "run 'git lfs pull' in its folder (needs git-lfs), or download the file again"),
    ANNEX("a git-annex pointer and not the file itself", "run 'git annex get' on it, or download the file again"),
    PAGE(
            "a web page and not the file itself, perhaps one that asks to log in",
            "download the file again, through the hub and not as a page"),
    ANSWER("an error message of a server and not the file itself", "download the file again");

    private static final int LONGEST_BEGINNING = 200;
    private static final List<String> PAGES = List.of("<!doctype html", "<html", "<head");
    private static final List<String> ANSWERS = List.of(
            "<error>",
            "entry not found",
            "repository not found",
            "invalid username or password",
            "invalid credentials",
            "access to model ",
            "not found\n",
            "404: not found",
            "{\"error\":\"");

    private final String what;
    private final String remedy;

    StandIn(String what, String remedy) {
        this.what = what;
        this.remedy = remedy;
    }

    /** What it is, to follow "is". */
    public String what() {
        return what;
    }

    /** What to do about it, as a command. */
    public String remedy() {
        return remedy;
    }

    /** What lies in the place of a regular file; null if it is the file itself, as far as its first bytes tell, or unreadable. */
    public static @Nullable StandIn of(Path real) {
        byte[] bytes;
        try (InputStream in = Files.newInputStream(real)) {
            bytes = in.readNBytes(LONGEST_BEGINNING);
        } catch (IOException e) {
            return null; // whoever reads the file says why
        }
        String start = new String(bytes, StandardCharsets.ISO_8859_1).stripLeading();
        if (start.startsWith("version https://git-lfs.github.com/spec/")
                || start.startsWith("version https://hawser.github.com/spec/")) {
            return LFS;
        }
        if (start.startsWith("/annex/objects/")) {
            return ANNEX;
        }
        String lower = start.toLowerCase(Locale.ROOT);
        if (PAGES.stream().anyMatch(lower::startsWith)) {
            return PAGE;
        }
        boolean failed = lower.startsWith("<?xml") && lower.contains("<error>");
        return failed || ANSWERS.stream().anyMatch(lower::startsWith) ? ANSWER : null;
    }

    /** Refuses a file in whose place something else lies. */
    public static void refuse(Path file, Path real, Failure failure) {
        StandIn found = of(real);
        if (found != null) {
            throw failure.of(file + " is " + found.what + "; " + found.remedy);
        }
    }
}
