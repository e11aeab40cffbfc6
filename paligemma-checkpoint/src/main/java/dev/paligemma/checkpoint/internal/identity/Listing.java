package dev.paligemma.checkpoint.internal.identity;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * The names in a folder, sorted, links followed.
 *
 * @param files regular files
 * @param folders folders
 * @param dangling links that lead nowhere
 */
record Listing(Path folder, NavigableSet<String> files, NavigableSet<String> folders, NavigableSet<String> dangling) {
    private static final int MOST_NAMES = 10_000;

    static Listing of(Path folder) throws IOException {
        Listing listing = new Listing(folder, new TreeSet<>(), new TreeSet<>(), new TreeSet<>());
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
            int count = 0;
            for (Path entry : entries) {
                if (++count > MOST_NAMES) {
                    break;
                }
                String name = String.valueOf(entry.getFileName());
                if (Files.isRegularFile(entry)) {
                    listing.files.add(name);
                } else if (Files.isDirectory(entry)) {
                    listing.folders.add(name);
                } else if (Files.isSymbolicLink(entry)) {
                    listing.dangling.add(name);
                }
            }
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
        return listing;
    }

    boolean has(String... names) {
        return Stream.of(names).anyMatch(files::contains);
    }

    /** Files whose names end in one of these, in lower case, sorted. */
    List<String> ending(String... endings) {
        return files.stream()
                .filter(name -> Stream.of(endings).anyMatch(name.toLowerCase(Locale.ROOT)::endsWith))
                .toList();
    }

    boolean any(String... endings) {
        return !ending(endings).isEmpty();
    }

    Optional<String> folderStarting(String... starts) {
        return folders.stream()
                .filter(name -> Stream.of(starts).anyMatch(name::startsWith))
                .findFirst();
    }

    Path resolve(String name) {
        return folder.resolve(name);
    }
}
