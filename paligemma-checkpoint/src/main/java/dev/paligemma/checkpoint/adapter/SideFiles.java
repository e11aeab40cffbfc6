package dev.paligemma.checkpoint.adapter;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** The files beside the weights of a merged checkpoint: those of the base, and the adapter's own tokenizer. */
final class SideFiles {
    private static final List<String> COPIED_ENDINGS = List.of(".json", ".txt", ".model", ".jinja", "vae-oid.npz");

    /** Either of them is a tokenizer, which all of the next belong to. */
    private static final List<String> VOCABULARIES = List.of("tokenizer.json", "tokenizer.model");

    private static final Set<String> TOKENIZER = Set.of(
            "tokenizer.json",
            "tokenizer.model",
            "tokenizer_config.json",
            "special_tokens_map.json",
            "added_tokens.json");

    /** What is saved with a tokenizer, each for itself. */
    private static final Set<String> BESIDE_TOKENIZER =
            Set.of("processor_config.json", "chat_template.jinja", "chat_template.json");

    private SideFiles() {}

    /**
     * The files by their names in the merged folder. An adapter with a tokenizer brings all files of it, and none of the
     * base's stays, as one that is read first would hide it.
     */
    static Map<String, Path> of(Path base, Path adapter) throws IOException {
        boolean ownTokenizer = VOCABULARIES.stream().map(adapter::resolve).anyMatch(Files::isRegularFile);
        Map<String, Path> files = new TreeMap<>();
        try (DirectoryStream<Path> all = Files.newDirectoryStream(base, Files::isRegularFile)) {
            for (Path file : all) {
                String name = file.getFileName().toString();
                boolean copied = COPIED_ENDINGS.stream().anyMatch(name::endsWith) && !name.startsWith("adapter_");
                if (copied && !(ownTokenizer && TOKENIZER.contains(name))) {
                    files.put(name, file);
                }
            }
        }
        if (ownTokenizer) {
            try (DirectoryStream<Path> all = Files.newDirectoryStream(adapter, Files::isRegularFile)) {
                for (Path file : all) {
                    String name = file.getFileName().toString();
                    if (TOKENIZER.contains(name) || BESIDE_TOKENIZER.contains(name)) {
                        files.put(name, file);
                    }
                }
            }
        }
        return files;
    }
}
