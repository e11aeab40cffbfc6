package dev.paligemma;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
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
        try (Stream<Path> folders = Files.list(Golden.root("/adapters"))) {
            return folders.sorted().map(AdapterGolden::read).toList().stream();
        }
    }

    /** The adapter of a name. */
    public static AdapterGolden of(String name) {
        return read(Golden.root("/adapters").resolve(name));
    }

    /** The name of the folder. */
    public String name() {
        return folder.getFileName().toString();
    }

    @Override
    public String toString() {
        return name();
    }

    private static AdapterGolden read(Path folder) {
        Map<?, ?> json = Golden.readJson(folder.resolve("golden.json"));
        Golden base = Golden.of(Golden.text(json, "base"));
        return new AdapterGolden(folder, base, Golden.requests(json, base.folder()));
    }
}
