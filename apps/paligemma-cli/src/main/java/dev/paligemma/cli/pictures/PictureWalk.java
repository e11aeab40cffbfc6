package dev.paligemma.cli.pictures;

import dev.paligemma.base.internal.FailureReason;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Walks over pictures in the order in which they were named. A folder stands for the pictures in it, by name, and, if that is
 * wanted, for those in its folders after them. A pattern such as {@code *.jpg} that no shell has replaced stands for the files
 * that match it. Anything else is taken for a picture as it is, whether it exists or not.
 *
 * <p>One folder at a time is listed; one that cannot be is taken for a picture. Links are followed, but not in circles. Confined to one thread.
 */
public final class PictureWalk implements Iterator<String> {
    /** A picture, or a folder that is not listed yet; the real folders above it. */
    private record Entry(String name, boolean isFolder, Set<Path> above) {}

    private final Iterator<String> names;
    private final boolean recursive;
    private final Deque<Entry> waiting = new ArrayDeque<>();
    private @Nullable String next;

    /** Walks over what the names stand for; {@code recursive} looks into folders of folders. */
    public PictureWalk(List<String> names, boolean recursive) {
        this.names = List.copyOf(names).iterator();
        this.recursive = recursive;
    }

    @Override
    public boolean hasNext() {
        while (next == null && !(waiting.isEmpty() && !names.hasNext())) {
            if (waiting.isEmpty()) {
                begin(names.next());
            } else {
                Entry entry = waiting.pop();
                if (entry.isFolder) {
                    enter(entry);
                } else {
                    next = entry.name;
                }
            }
        }
        return next != null;
    }

    @Override
    public String next() {
        if (!hasNext() || next == null) {
            throw new NoSuchElementException("there are no more pictures");
        }
        String picture = next;
        next = null;
        return picture;
    }

    private void begin(String name) {
        Path path = pathOrNull(name);
        if (path != null && Files.isDirectory(path)) {
            waiting.push(new Entry(name, true, Set.of()));
        } else if (path != null && !Files.exists(path) && isPattern(name)) {
            matching(path).forEach(each -> waiting.add(new Entry(each, false, Set.of())));
        } else {
            waiting.push(new Entry(name, false, Set.of()));
        }
    }

    /** What is no path cannot be read either, which is said when it is tried. */
    private static @Nullable Path pathOrNull(String name) {
        try {
            return PictureNames.path(name);
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    private static boolean isPattern(String name) {
        return name.contains("*") || name.contains("?");
    }

    private static List<String> matching(Path pattern) {
        Path folder = pattern.getParent();
        Path in = folder == null ? Path.of("") : folder;
        Path last = pattern.getFileName();
        List<String> found = new ArrayList<>();
        if (last != null && Files.isDirectory(in)) {
            try (DirectoryStream<Path> files = Files.newDirectoryStream(in, last.toString())) {
                files.forEach(file -> found.add(file.toString()));
            } catch (IOException e) {
                throw unreadable(in, e);
            }
        }
        if (found.isEmpty()) {
            throw new IllegalArgumentException("no file matches " + pattern);
        }
        found.sort(Comparator.naturalOrder());
        return found;
    }

    private void enter(Entry folder) {
        Path path = Path.of(folder.name);
        try {
            Path real = path.toRealPath();
            if (folder.above.contains(real)) {
                return; // a link to a folder above it
            }
            Set<Path> above = new HashSet<>(folder.above);
            above.add(real);
            List<Entry> inside = new ArrayList<>();
            List<Entry> folders = new ArrayList<>();
            try (DirectoryStream<Path> entries = Files.newDirectoryStream(path)) {
                for (Path entry : entries) {
                    String name = String.valueOf(entry.getFileName());
                    if (Files.isDirectory(entry)) {
                        if (recursive && !name.startsWith(".")) {
                            folders.add(new Entry(entry.toString(), true, above));
                        }
                    } else if (PictureNames.isOfAFolder(name)) {
                        inside.add(new Entry(entry.toString(), false, above));
                    }
                }
            }
            inside.sort(Comparator.comparing(Entry::name));
            folders.sort(Comparator.comparing(Entry::name));
            inside.addAll(folders);
            for (int i = inside.size() - 1; i >= 0; i--) {
                waiting.push(inside.get(i));
            }
        } catch (IOException e) {
            // Who reads it as a picture is told why not.
            waiting.push(new Entry(folder.name, false, folder.above));
        }
    }

    private static UncheckedIOException unreadable(Path folder, IOException e) {
        return new UncheckedIOException("cannot list the folder " + folder + ": " + FailureReason.of(e, folder), e);
    }

    /** What to say of names that stand for no picture at all. */
    public static String emptiness(List<String> names, boolean recursive) {
        return "no picture in " + String.join(", ", names) + " (names that end in " + PictureNames.KNOWN + ")"
                + (recursive ? "" : "; --recursive looks into the folders of a folder, too");
    }
}
