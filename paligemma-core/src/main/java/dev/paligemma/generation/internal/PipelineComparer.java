package dev.paligemma.generation.internal;

import dev.paligemma.generation.Agreement;
import dev.paligemma.generation.ComparedRequest;
import dev.paligemma.generation.Comparison;
import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.generation.GenerationResult;
import dev.paligemma.generation.RequestInfo;
import dev.paligemma.network.internal.Logits;
import dev.paligemma.network.internal.NextTokens;
import dev.paligemma.network.internal.VisionLanguageModel;
import dev.paligemma.tokenizer.PaliGemmaTokenizer;
import dev.paligemma.vision.RgbImage;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Runs two models side by side along the tokens of the first. Immutable and thread-safe.
 *
 * <p>The reference's greedy answer is the text along which both run, so one pass of the reference gives its answer and its
 * probabilities, and nothing but the current logits of each is held.
 */
public final class PipelineComparer {
    private final TextGenerator reference;
    private final TextGenerator other;
    private final Limits referenceLimits;
    private final Limits otherLimits;

    /** The limit on a model's requests, and who is told of them. */
    public record Limits(Slots slots, RequestListeners listeners) {
        RequestTrace trace(GenerationRequest request) {
            return listeners.trace(RequestInfo.Kind.COMPARISON, request);
        }
    }

    /** A comparer of two models; a token must be the same text in both. */
    public PipelineComparer(TextGenerator reference, Limits referenceLimits, TextGenerator other, Limits otherLimits) {
        requireSame(
                "rows of the vocabulary",
                reference.config().text().sizes().vocabSize(),
                other.config().text().sizes().vocabSize());
        requireSame(
                "end-of-sequence tokens",
                Set.copyOf(reference.config().eosTokenIds()),
                Set.copyOf(other.config().eosTokenIds()));
        requireSameTokens(reference.tokenizer(), other.tokenizer());
        this.reference = reference;
        this.referenceLimits = referenceLimits;
        this.other = other;
        this.otherLimits = otherLimits;
    }

    public Comparison compare(List<RgbImage> images, List<String> prompts, int maxNewTokens) {
        if (images.isEmpty() || prompts.isEmpty()) {
            throw new IllegalArgumentException("a comparison needs at least one image and one prompt, got "
                    + images.size() + " images and " + prompts.size() + " prompts");
        }
        List<ComparedRequest> requests = new ArrayList<>();
        for (int image = 0; image < images.size(); image++) {
            for (String prompt : prompts) {
                GenerationRequest request = GenerationRequest.builder()
                        .image(images.get(image))
                        .prompt(prompt)
                        .maxNewTokens(maxNewTokens)
                        .build();
                requests.add(compare(image, request));
            }
        }
        return new Comparison(requests);
    }

    private ComparedRequest compare(int image, GenerationRequest request) {
        Cancellation cancellation = new Cancellation(Optional.empty(), referenceLimits.trace(request));
        Walk walk = cancellation
                .trace()
                .around(
                        () -> Slots.runInBoth(
                                referenceLimits.slots,
                                otherLimits.slots,
                                cancellation,
                                () -> walk(request, cancellation)),
                        walked -> List.of(walked.writer.result()));
        // An answer is a chain of choices: if every choice along the reference's answer is the same, so is the answer.
        int[] tokens = walk.writer.result().tokenIds();
        int[] otherTokens = walk.sameTokens == walk.positions
                ? tokens
                : answerOfOther(request).tokenIds();
        String referenceText = walk.writer.result().text();
        String otherText = other.tokenizer().decode(otherTokens, true);
        BoxMatching boxes = BoxMatching.ofAnswers(referenceText, otherText);
        return new ComparedRequest(
                image,
                request.prompt(),
                referenceText,
                otherText,
                Arrays.equals(tokens, otherTokens),
                new Agreement(walk.positions, walk.sameTokens, walk.totalKl, boxes.boxes(), boxes.totalIou()));
    }

    private GenerationResult answerOfOther(GenerationRequest request) {
        Cancellation cancellation = new Cancellation(Optional.empty(), otherLimits.trace(request));
        return cancellation
                .trace()
                .around(
                        () -> otherLimits.slots.run(cancellation, () -> other.generate(request, cancellation)),
                        List::of);
    }

    /** Lets the reference answer, and both judge every token of its answer. */
    private Walk walk(GenerationRequest request, Cancellation cancellation) {
        PreparedRequest prepared = reference.prepare(request, cancellation);
        PreparedRequest otherPrepared = other.prepare(request, Cancellation.none());
        if (!Arrays.equals(
                prepared.prompt().textTokenIds(), otherPrepared.prompt().textTokenIds())) {
            throw new IllegalArgumentException("the pipelines cut the prompt into different tokens: '"
                    + request.prompt() + "'; do their checkpoints have the same tokenizer?");
        }
        try (VisionLanguageModel.Sequences follower = other.prefill(otherPrepared)) {
            Walk walk = new Walk(new AnswerWriter(prepared, request.sampling()), follower);
            reference.decode(prepared, walk);
            return walk;
        }
    }

    private static void requireSame(String what, Object reference, Object other) {
        if (!reference.equals(other)) {
            throw new IllegalArgumentException("only pipelines with the same vocabulary can be compared, but their "
                    + what + " differ: " + reference + " and " + other);
        }
    }

    private static void requireSameTokens(PaliGemmaTokenizer reference, PaliGemmaTokenizer other) {
        requireSame("numbers of tokens", reference.vocabularySize(), other.vocabularySize());
        for (int id = 0; id < reference.vocabularySize(); id++) {
            requireSame(
                    "tokens " + id,
                    reference.tokenOf(id).orElse(""),
                    other.tokenOf(id).orElse(""));
        }
    }

    /** An answer of the reference, and what was found along it. Confined to one thread. */
    private static final class Walk implements Decoding.Answer {
        private final AnswerWriter writer;
        private final VisionLanguageModel.Sequences follower;
        private long positions;
        private long sameTokens;
        private double totalKl;

        /** A walk at its beginning; the follower has run the prompt, too, and is led along the answer. */
        Walk(AnswerWriter writer, VisionLanguageModel.Sequences follower) {
            this.writer = writer;
            this.follower = follower;
        }

        @Override
        public boolean accept(NextTokens said) {
            if (positions > 0) {
                follower.write(lastToken());
            }
            NextTokens other = follower.next().get(0);
            positions++;
            if (said.best() == other.best()) {
                sameTokens++;
            }
            totalKl += Logits.divergence(said.logits(), other.logits());
            return writer.accept(said);
        }

        @Override
        public int lastToken() {
            return writer.lastToken();
        }
    }
}
