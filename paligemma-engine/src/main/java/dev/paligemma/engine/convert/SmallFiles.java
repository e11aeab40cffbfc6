package dev.paligemma.engine.convert;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The files of a checkpoint beside its weights that this library reads; a converted checkpoint has copies. */
final class SmallFiles {
    private static final List<String> NAMES = List.of(
            "config.json",
            "generation_config.json",
            "tokenizer.json",
            "tokenizer.model",
            "preprocessor_config.json",
            "processor_config.json",
            "vae-oid.npz");

    /** Four times the largest tokenizer of this family. */
    private static final long MAX_BYTES = 256L << 20;

    private SmallFiles() {}

    /**
     * Those that are there.
     *
     * @throws ConversionException if one is absurdly large
     */
    static List<Path> of(Path folder) throws IOException {
        List<Path> files = new ArrayList<>();
        for (String name : NAMES) {
            Path file = folder.resolve(name);
            if (Files.isRegularFile(file)) {
                long size = Files.size(file);
                if (size > MAX_BYTES) {
                    throw new ConversionException(file + " has " + size + " bytes, expected at most " + MAX_BYTES);
                }
                files.add(file);
            }
        }
        return files;
    }
}
