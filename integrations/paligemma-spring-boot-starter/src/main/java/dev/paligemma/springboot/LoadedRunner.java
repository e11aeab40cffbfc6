package dev.paligemma.springboot;

import dev.paligemma.generation.AnswerScore;
import dev.paligemma.generation.AnswerStream;
import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.generation.GenerationResult;
import dev.paligemma.task.TaskRunner;
import dev.paligemma.tokenizer.PaliGemmaTokenizer;
import dev.paligemma.vision.mask.MaskCodec;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/** Passes everything on to a pipeline that may have to be waited for. */
record LoadedRunner(Supplier<? extends TaskRunner> pipeline) implements TaskRunner {
    @Override
    public GenerationResult generate(GenerationRequest request) {
        return pipeline.get().generate(request);
    }

    @Override
    public List<GenerationResult> generateAll(List<GenerationRequest> requests, int together) {
        return pipeline.get().generateAll(requests, together);
    }

    @Override
    public AnswerStream stream(GenerationRequest request) {
        return pipeline.get().stream(request);
    }

    @Override
    public List<AnswerScore> score(GenerationRequest request, List<String> answers) {
        return pipeline.get().score(request, answers);
    }

    @Override
    public PaliGemmaTokenizer tokenizer() {
        return pipeline.get().tokenizer();
    }

    @Override
    public PaliGemmaTokenizer tokenizer(GenerationRequest request) {
        return pipeline.get().tokenizer(request);
    }

    @Override
    public Set<String> adapters() {
        return pipeline.get().adapters();
    }

    @Override
    public Optional<MaskCodec> maskCodec() {
        return pipeline.get().maskCodec();
    }
}
