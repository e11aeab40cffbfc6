package dev.paligemma.checkpoint;

import java.io.IOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.stream.Stream;

/** The golden files of this package, made by src/reference/checkpoint/make_goldens.py. */
public final class Resources {
    private Resources() {}

    public static Path golden(String name) {
        URL url = Objects.requireNonNull(Resources.class.getResource("/checkpoint/" + name), name);
        try {
            return Path.of(url.toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Copies the files of a golden folder into a folder where they may be damaged. */
    public static Path copy(String name, Path target) throws IOException {
        Files.createDirectories(target);
        try (Stream<Path> files = Files.list(golden(name))) {
            for (Path file : files.toList()) {
                Files.copy(file, target.resolve(file.getFileName()));
            }
        }
        return target;
    }
}
