package dev.paligemma.djl;

import ai.djl.ndarray.NDList;
import ai.djl.translate.NoBatchifyTranslator;
import ai.djl.translate.TranslatorContext;
import dev.paligemma.PaliGemmaPipeline;
import java.util.Objects;
import java.util.function.BiFunction;

/** Lets the block of a {@link PaliGemmaModel} do a task. Immutable, thus thread-safe if the task is. */
final class PipelineTranslator<I, O> implements NoBatchifyTranslator<I, O> {
    private final BiFunction<? super PaliGemmaPipeline, ? super I, ? extends O> task;

    PipelineTranslator(BiFunction<? super PaliGemmaPipeline, ? super I, ? extends O> task) {
        this.task = Objects.requireNonNull(task, "task");
    }

    @Override
    public void prepare(TranslatorContext ctx) {
        if (!(ctx.getBlock() instanceof PaliGemmaBlock)) {
            throw new IllegalStateException("model '" + ctx.getModel().getName() + "' is not one of the engine "
                    + PaliGemmaEngineProvider.NAME + ": ask for it by optEngine");
        }
    }

    @Override
    public NDList processInput(TranslatorContext ctx, I input) {
        Objects.requireNonNull(input, "input");
        return PaliGemmaBlock.wrap(pipeline -> Objects.requireNonNull(task.apply(pipeline, input), "result"));
    }

    @Override
    @SuppressWarnings("unchecked") // the result of the task above
    public O processOutput(TranslatorContext ctx, NDList list) {
        return (O) PaliGemmaBlock.unwrap(list);
    }
}
