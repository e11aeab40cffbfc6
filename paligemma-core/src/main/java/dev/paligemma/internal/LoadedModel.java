package dev.paligemma.internal;

import dev.paligemma.checkpoint.config.PaliGemmaConfig;
import dev.paligemma.engine.spi.Engine;
import dev.paligemma.network.internal.VisionLanguageModel;
import java.nio.file.Path;

/**
 * A model that was opened. Immutable and thread-safe.
 *
 * @param checkpoint the path that was opened, and {@code folder} the folder with its files
 * @param engine what runs it
 * @param model its programs, to be closed by the owner
 * @param files what lies beside the weights
 * @param loadMs how long opening took, in milliseconds
 */
public record LoadedModel(
        Path checkpoint,
        Path folder,
        PaliGemmaConfig config,
        Engine engine,
        VisionLanguageModel model,
        ModelFiles files,
        double loadMs) {}
