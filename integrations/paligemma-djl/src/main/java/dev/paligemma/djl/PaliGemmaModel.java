package dev.paligemma.djl;

import ai.djl.BaseModel;
import ai.djl.Device;
import ai.djl.MalformedModelException;
import ai.djl.inference.Predictor;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.nn.Block;
import ai.djl.translate.Translator;
import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.PipelineBuilder;
import dev.paligemma.base.PaliGemmaException;
import dev.paligemma.checkpoint.convert.ConversionException;
import dev.paligemma.engine.EngineException;
import dev.paligemma.network.DecoderOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A model of Deep Java Library (DJL) that is a {@link PaliGemmaPipeline}. Thread-safe once loaded; predictors share the
 * pipeline and need not be one per thread.
 *
 * <p>Made by {@code Criteria.loadModel()} or {@code Model.newInstance(name, "PaliGemma")}. It can be used, not trained or
 * saved.
 */
public final class PaliGemmaModel extends BaseModel {
    /** What was loaded, and what answers: the same, or a view of it with an adapter. */
    private @Nullable PaliGemmaPipeline loaded;

    private @Nullable PaliGemmaPipeline pipeline;

    PaliGemmaModel(String name, NDManager manager) {
        super(name);
        this.manager = manager;
        dataType = DataType.FLOAT32;
    }

    /**
     * Loads a checkpoint folder in Hugging Face format. Options, all of them text:
     *
     * <table>
     * <caption>Options</caption>
     * <tr><th>name</th><th>value</th><th>as</th></tr>
     * <tr><td>{@code engine}</td><td>the engine below DJL: {@code onnx} or another on the class path</td>
     *     <td>{@link PipelineBuilder#engine}</td></tr>
     * <tr><td>{@code precision}</td><td>{@code float32}, {@code int8}, {@code int4}, ...</td>
     *     <td>{@link PipelineBuilder#precision}</td></tr>
     * <tr><td>{@code threads}</td><td>a number</td><td>{@link PipelineBuilder#threads}</td></tr>
     * <tr><td>{@code maxConcurrentRequests}</td><td>a number</td>
     *     <td>{@link PipelineBuilder#maxConcurrentRequests}</td></tr>
     * <tr><td>{@code cacheDirectory}</td><td>a folder</td>
     *     <td>{@link PipelineBuilder#cacheDirectory}</td></tr>
     * <tr><td>{@code maskWeights}</td><td>a file</td><td>{@link PipelineBuilder#maskWeights}</td></tr>
     * <tr><td>{@code adapter}</td><td>a folder, or {@code owner/name} on the hub: the LoRA adapter that answers, with
     *     its own tokenizer if it has one</td>
     *     <td>{@link PipelineBuilder#adapter(String, Path)}, {@link PaliGemmaPipeline#withAdapter}</td></tr>
     * <tr><td>{@code finalSoftcap}</td><td>{@code config}, {@code off} or a number</td>
     *     <td>{@link DecoderOptions#finalSoftcap}</td></tr>
     * </table>
     *
     * <p>DJL's own {@code modelName} is ignored, since it is read before. The device is that of the criteria, {@code gpu}
     * meaning CUDA.
     *
     * @param prefix not used
     * @throws MalformedModelException if the checkpoint, its tokenizer or the weights of the mask decoder are missing,
     *     damaged or of another kind; the cause says what is wrong
     * @throws IOException if weights must be converted and cannot be, for example because the disk is full
     * @throws ai.djl.engine.EngineException if there is no such engine, or it cannot run here as asked
     * @throws IllegalArgumentException if an option is unknown or has no such value
     * @throws IllegalStateException if the model is loaded
     */
    @Override
    public synchronized void load(Path modelPath, @Nullable String prefix, @Nullable Map<String, ?> options)
            throws IOException, MalformedModelException {
        if (wasLoaded) {
            throw new IllegalStateException("model '" + getName() + "' is loaded, from " + getModelPath());
        }
        setModelDir(modelPath);
        PaliGemmaPipeline opened = open(options == null ? Map.of() : options);
        // At most one was asked for.
        PaliGemmaPipeline answering =
                opened.adapters().stream().findFirst().map(opened::withAdapter).orElse(opened);
        block = new PaliGemmaBlock(answering);
        loaded = opened;
        pipeline = answering;
        wasLoaded = true;
    }

    private PaliGemmaPipeline open(Map<String, ?> options) throws IOException, MalformedModelException {
        try {
            return LoadingOptions.builder(options, manager.getDevice())
                    .checkpoint(modelDir)
                    .build();
        } catch (EngineException e) {
            throw new ai.djl.engine.EngineException("cannot run " + modelDir + ": " + e.getMessage(), e);
        } catch (ConversionException e) {
            throw new IOException("cannot convert " + modelDir + ": " + e.getMessage(), e);
        } catch (PaliGemmaException e) {
            throw new MalformedModelException("cannot load " + modelDir + ": " + e.getMessage(), e);
        }
    }

    /**
     * The pipeline, for what DJL has no form for: streams, batches, scores, constraints. It is closed with the model,
     * which a {@code ZooModel} gives by {@code getWrappedModel()}. An {@link IllegalStateException} if the model is not
     * loaded.
     */
    public synchronized PaliGemmaPipeline pipeline() {
        if (pipeline == null) {
            throw new IllegalStateException("model '" + getName() + "' is not loaded");
        }
        return pipeline;
    }

    /**
     * Makes a predictor with one of {@link PaliGemmaTranslators}, which costs nothing; an {@link
     * IllegalArgumentException} if the device is not that of this model.
     */
    @Override
    public <I, O> Predictor<I, O> newPredictor(Translator<I, O> translator, Device device) {
        if (!device.equals(manager.getDevice())) {
            throw new IllegalArgumentException(
                    "model '" + getName() + "' is on " + manager.getDevice() + " and cannot predict on " + device);
        }
        return super.newPredictor(translator, device);
    }

    /** Not supported, always an {@link UnsupportedOperationException}: the network is that of the checkpoint. */
    @Override
    public void setBlock(Block block) {
        throw new UnsupportedOperationException("the network of a PaliGemma model is that of its checkpoint");
    }

    /**
     * Not supported, always an {@link UnsupportedOperationException}; see {@link dev.paligemma.Checkpoints#convert} for
     * checkpoints in another precision.
     */
    @Override
    public void save(Path modelPath, String newModelName) {
        throw new UnsupportedOperationException("a PaliGemma model is not saved: its files are in " + getModelPath());
    }

    /** Closes the pipeline as soon as no step of it is running. Does nothing the second time. */
    @Override
    public synchronized void close() {
        super.close();
        if (loaded != null) {
            loaded.close();
        }
    }

    /**
     * Does nothing.
     *
     * @deprecated as in {@link Object}; the one inherited from DJL warns of every model whose manager is open, and a
     *     manager without tensors always is
     */
    @Deprecated
    @Override
    @SuppressWarnings({"removal", "Finalize"})
    protected void finalize() {}
}
