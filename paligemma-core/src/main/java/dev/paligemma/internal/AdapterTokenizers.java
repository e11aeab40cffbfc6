package dev.paligemma.internal;

import dev.paligemma.checkpoint.adapter.AdapterException;
import dev.paligemma.checkpoint.config.CheckpointException;
import dev.paligemma.checkpoint.config.PaliGemmaConfig;
import dev.paligemma.network.internal.Adapters;
import dev.paligemma.tokenizer.PaliGemmaTokenizer;
import dev.paligemma.tokenizer.TokenizerException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads the tokenizers that adapters have in their folders. Those whose files are equal are one, so that a vocabulary is in
 * memory once.
 */
public final class AdapterTokenizers {
    private static final Logger LOG = LoggerFactory.getLogger(AdapterTokenizers.class);

    private AdapterTokenizers() {}

    /** The tokenizers of the adapters by name; an adapter without one of its own is not among them. */
    static Map<String, PaliGemmaTokenizer> read(
            Path base, PaliGemmaTokenizer baseTokenizer, PaliGemmaConfig config, Map<String, Path> adapters) {
        Map<List<Path>, PaliGemmaTokenizer> known = new LinkedHashMap<>();
        known.put(PaliGemmaTokenizer.filesIn(base), baseTokenizer);
        Map<String, PaliGemmaTokenizer> tokenizers = new LinkedHashMap<>();
        adapters.forEach((name, folder) -> {
            List<Path> files = PaliGemmaTokenizer.filesIn(folder);
            if (files.isEmpty()) {
                return;
            }
            PaliGemmaTokenizer tokenizer = known.entrySet().stream()
                    .filter(entry -> areEqual(entry.getKey(), files))
                    .map(Map.Entry::getValue)
                    .findFirst()
                    .orElseGet(() -> load(name, folder, baseTokenizer, config));
            known.putIfAbsent(files, tokenizer);
            if (tokenizer != baseTokenizer) {
                tokenizers.put(name, tokenizer);
            }
        });
        return tokenizers;
    }

    private static PaliGemmaTokenizer load(String name, Path folder, PaliGemmaTokenizer base, PaliGemmaConfig config) {
        PaliGemmaTokenizer tokenizer;
        try {
            tokenizer = PaliGemmaTokenizer.load(folder);
        } catch (TokenizerException e) {
            throw new TokenizerException(
                    e.getMessage() + "; it is the tokenizer of the adapter '" + name
                            + "', which is used for its prompts" + " and answers: without tokenizer files in " + folder
                            + " the base model's is",
                    e);
        }
        Integer configured = config.imageTokenId();
        int image = configured == null ? base.imageId() : configured;
        if (image != tokenizer.imageId()) {
            throw new CheckpointException(folder + ": the base model says that <image> is token " + image
                    + ", the tokenizer of the adapter '" + name + "' says " + tokenizer.imageId()
                    + "; it is the tokenizer of another model");
        }
        LOG.debug("adapter '{}' has a tokenizer of its own, {}", name, tokenizer);
        return tokenizer;
    }

    /**
     * Checks that there is a row for each token of an adapter, if it has a tokenizer or an embedding of its own; an {@link
     * AdapterException} if not.
     */
    public static void requireRows(Adapters adapters, PaliGemmaConfig config, ModelFiles files) {
        int baseRows = config.text().sizes().vocabSize();
        for (String name : adapters.names()) {
            int rows = adapters.get(name).tokens(baseRows);
            PaliGemmaTokenizer own = files.adapterTokenizers().get(name);
            PaliGemmaTokenizer tokenizer = own == null ? files.tokenizer() : own;
            if ((own != null || rows != baseRows) && tokenizer.vocabularySize() > rows) {
                throw new AdapterException(
                        "the adapter '" + name + "' has " + rows
                                + " rows of the embedding (the base model has " + baseRows + "), but "
                                + (own == null ? "the base model's tokenizer" : "its tokenizer") + " has tokens up to "
                                + (tokenizer.vocabularySize() - 1)
                                + "; the rows of added tokens are missing in the adapter: save it again with"
                                + " save_pretrained(..., save_embedding_layers=True), or give the tokenizer it was trained with");
            }
        }
    }

    private static boolean areEqual(List<Path> some, List<Path> others) {
        if (some.size() != others.size()) {
            return false;
        }
        for (int i = 0; i < some.size(); i++) {
            if (!some.get(i).getFileName().equals(others.get(i).getFileName())) {
                return false;
            }
            try {
                if (Files.mismatch(some.get(i), others.get(i)) != -1) {
                    return false;
                }
            } catch (IOException e) {
                throw new TokenizerException("cannot read " + some.get(i) + " and " + others.get(i) + ": " + e, e);
            }
        }
        return true;
    }
}
