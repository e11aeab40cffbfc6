package dev.paligemma;

import dev.paligemma.checkpoint.config.PaliGemmaConfig;
import dev.paligemma.engine.EngineOptions;
import java.nio.file.Path;

/**
 * What a pipeline has loaded, and with what it runs. Immutable.
 *
 * @param folder the checkpoint's folder, or its file if that was given
 * @param config the checkpoint's sizes and token ids
 * @param engine the name of the engine that runs it, also where the choice was left to the library
 * @param engineVersion the version of the runtime underneath
 * @param options device, precision and threads
 * @param loadMs how long loading took, in milliseconds
 */
public record ModelInfo(
        Path folder,
        PaliGemmaConfig config,
        String engine,
        String engineVersion,
        EngineOptions options,
        double loadMs) {}
