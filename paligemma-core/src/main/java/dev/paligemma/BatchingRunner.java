package dev.paligemma;

import dev.paligemma.generation.AnswerScore;
import dev.paligemma.generation.AnswerStream;
import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.generation.GenerationResult;
import dev.paligemma.generation.internal.Batcher;
import dev.paligemma.task.TaskRunner;
import dev.paligemma.tokenizer.PaliGemmaTokenizer;
import dev.paligemma.vision.mask.MaskCodec;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * Answers the requests of many threads side by side, known as continuous batching; made by {@link
 * PaliGemmaPipeline#batching}.
 *
 * <pre>{@code
 * try (BatchingRunner runner = pipeline.batching(8, executor)) {
 *     server.handle(picture -> runner.caption(picture));
 * }
 * }</pre>
 *
 * <p>Thread-safe. A request that comes while others are answered joins them at their next token; one that ends makes room. The
 * answers have the same tokens as those of the pipeline, with log-probabilities that may differ in their last bits: use the
 * pipeline itself where the bits matter. A request that fails, or is given up, leaves those beside it alone.
 *
 * <p>Requests that {@link #generate} or {@link #stream} begins run together. They occupy one of {@link
 * PipelineBuilder#maxConcurrentRequests}, and as many key/value caches as are open; further ones wait, up to {@link
 * PipelineBuilder#maxWaiting}. Requests with different adapters do not run together, but take turns. {@link #generateAll} and
 * {@link #score} are those of the pipeline and take a turn of their own.
 *
 * <p>The network runs in the executor. An {@link AnswerStream} of this runner is therefore written ahead of the caller, and
 * closing one does not wait for the step that is running. An executor that takes no more tasks makes requests fail with what
 * it throws.
 */
public final class BatchingRunner implements TaskRunner, AutoCloseable {
    private final PaliGemmaPipeline pipeline;
    private final Batcher batcher;
    private final boolean ownsBatcher;

    BatchingRunner(PaliGemmaPipeline pipeline, Batcher batcher, boolean ownsBatcher) {
        this.pipeline = pipeline;
        this.batcher = batcher;
        this.ownsBatcher = ownsBatcher;
    }

    @Override
    public GenerationResult generate(GenerationRequest request) {
        return pipeline.generate(batcher, request);
    }

    @Override
    public AnswerStream stream(GenerationRequest request) {
        return pipeline.stream(batcher, request);
    }

    @Override
    public List<GenerationResult> generateAll(List<GenerationRequest> requests, int together) {
        return pipeline.generateAll(requests, together);
    }

    @Override
    public List<AnswerScore> score(GenerationRequest request, List<String> answers) {
        return pipeline.score(request, answers);
    }

    @Override
    public PaliGemmaTokenizer tokenizer() {
        return pipeline.tokenizer();
    }

    @Override
    public PaliGemmaTokenizer tokenizer(GenerationRequest request) {
        return pipeline.tokenizer(request);
    }

    @Override
    public Set<String> adapters() {
        return pipeline.adapters();
    }

    @Override
    public Optional<MaskCodec> maskCodec() {
        return pipeline.maskCodec();
    }

    /**
     * This runner for requests that are to be answered with an adapter, as {@link PaliGemmaPipeline#withAdapter} says. It waits in
     * the same queue, and needs no closing.
     *
     * @throws IllegalArgumentException if there is no adapter of that name
     */
    public BatchingRunner withAdapter(String name) {
        return new BatchingRunner(pipeline.withAdapter(Objects.requireNonNull(name, "name")), batcher, false);
    }

    /** How many requests wait for their turn. */
    int waiting() {
        return batcher.waiting();
    }

    /**
     * Makes requests that have not ended, and later ones, fail with an {@link IllegalStateException}, and waits for the step of the
     * network that is running. The pipeline stays open. Does nothing for a {@linkplain #withAdapter view}.
     */
    @Override
    public void close() {
        if (ownsBatcher) {
            batcher.close();
        }
    }
}
