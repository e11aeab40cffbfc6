package dev.paligemma;

import dev.paligemma.checkpoint.Checkpoint;
import dev.paligemma.checkpoint.adapter.AdapterException;
import dev.paligemma.checkpoint.adapter.AdapterMerger;
import dev.paligemma.checkpoint.adapter.LoraAdapter;
import dev.paligemma.checkpoint.config.CheckpointException;
import dev.paligemma.checkpoint.convert.ConversionException;
import dev.paligemma.checkpoint.convert.ConversionListener;
import dev.paligemma.checkpoint.internal.convert.CheckpointConverter;
import dev.paligemma.checkpoint.internal.convert.ConversionPlan;
import dev.paligemma.engine.Precision;
import dev.paligemma.internal.ModelFiles;
import dev.paligemma.network.Networks;
import dev.paligemma.tokenizer.TokenizerException;
import dev.paligemma.vision.format.ImageException;
import dev.paligemma.vision.mask.MaskException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;

/** Makes checkpoints of others, which {@link PaliGemmaPipeline} loads like any. Stateless and thread-safe. */
public final class Checkpoints {
    private Checkpoints() {}

    /**
     * Converts a checkpoint ahead of time into a folder that stands for itself: it can be moved, shared, and loaded like
     * any checkpoint, without the original and without a cache.
     *
     * @param checkpoint a folder in Hugging Face format, as for {@link PaliGemmaPipeline#load}
     * @param precision {@link Precision#INT8} or {@link Precision#INT4}
     * @param target the folder to make: nothing yet, or an empty folder; it appears whole or not at all
     * @param listener hears of progress; {@link ConversionListener#NONE} for nobody
     * @throws IllegalArgumentException if the precision is another one
     * @throws CheckpointException if a file is missing, damaged or not of a known architecture
     * @throws TokenizerException if the tokenizer file is damaged or of another kind
     * @throws ImageException if the preprocessor file is damaged or asks for something unknown
     * @throws MaskException if there is a file {@value PipelineBuilder#MASK_WEIGHTS} and it is damaged
     * @throws ConversionException if the checkpoint is converted already or has weights that are not finite, something is
     *     in the place of the target, it cannot be written, or the thread is interrupted
     */
    public static void convert(Path checkpoint, Precision precision, Path target, ConversionListener listener) {
        Objects.requireNonNull(checkpoint, "checkpoint");
        Objects.requireNonNull(precision, "precision");
        Objects.requireNonNull(target, "target");
        Objects.requireNonNull(listener, "listener");
        if (!precision.isQuantised()) {
            throw new IllegalArgumentException("a checkpoint is converted for int8 or int4, not for " + precision);
        }
        try (Checkpoint source = Networks.open(checkpoint)) {
            // Files that do not belong together are found now and not when the converted folder is loaded.
            ModelFiles.read(source, null, Map.of());
            CheckpointConverter.convert(source, ConversionPlan.of(precision, source.graphs()), target, listener);
        }
    }

    /**
     * Merges an adapter into the weights of its base model: what is made needs no adapter, and can be converted.
     * {@link AdapterMerger} says how weights are rounded and what becomes of a tied output head.
     *
     * @param checkpoint the base: a folder in Hugging Face format with weights as published, not converted
     * @param adapter the adapter, a folder with {@code adapter_config.json} and {@code adapter_model.safetensors}
     * @param target the folder to make: nothing yet, or an empty folder; it appears whole or not at all
     * @throws AdapterException if the adapter is damaged, does not fit the base or has no place in it; if something is in the
     *     place of the target, it cannot be written, or the thread is interrupted
     * @throws CheckpointException if the base cannot be read
     */
    public static void merge(Path checkpoint, Path adapter, Path target) {
        try (Checkpoint base = Networks.open(checkpoint)) {
            AdapterMerger.merge(LoraAdapter.open(adapter, base), target);
        }
    }
}
