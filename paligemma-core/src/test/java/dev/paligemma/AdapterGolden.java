package dev.paligemma;

import java.io.IOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * The stored adapters with what peft computes with them; {@code src/reference/adapters/README.md} describes the files.
 *
 * @param folder the adapter
 * @param base the checkpoint it was made for
 * @param requests what was asked and answered
 */
public record AdapterGolden(Path folder, Golden base, List<Golden.Request> requests) {

    /** All stored adapters. */
    public static Stream<AdapterGolden> all() throws IOException {
        try (Stream<Path> folders = Files.list(root())) {
            return folders.sorted().map(AdapterGolden::read).toList().stream();
        }
    }

    /** The adapter of a name. */
    public static AdapterGolden of(String name) {
        return read(root().resolve(name));
    }

    /** The name of the folder. */
    public String name() {
        return folder.getFileName().toString();
    }

    @Override
    public String toString() {
        return name();
    }

    private static Path root() {
        URL url = Objects.requireNonNull(AdapterGolden.class.getResource("/adapters"), "golden adapters are missing");
        try {
            return Path.of(url.toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    private static AdapterGolden read(Path folder) {
        Map<?, ?> json = Golden.readJson(folder.resolve("golden.json"));
        Golden base = Golden.of(Golden.text(json, "base"));
        return new AdapterGolden(folder, base, Golden.requests(json, base.folder()));
    }
}
