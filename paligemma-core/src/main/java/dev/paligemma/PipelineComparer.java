package dev.paligemma;

import dev.paligemma.tokenizer.PaliGemmaTokenizer;
import dev.paligemma.vision.RgbImage;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/**
 * Runs two models side by side along the tokens of the first. Immutable and thread-safe.
 *
 * <p>The reference's greedy answer is the text along which both run, so one pass of the reference gives its answer and its
 * probabilities, and nothing but the current logits of each is held.
 */
final class PipelineComparer {
    private final TextGenerator reference;
    private final Slots referenceSlots;
    private final TextGenerator other;
    private final Slots otherSlots;

    /**
     * A comparer of two models, each with the limit on its requests.
     *
     * @throws IllegalArgumentException if a token is not the same text in both
     */
    PipelineComparer(TextGenerator reference, Slots referenceSlots, TextGenerator other, Slots otherSlots) {
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
        this.referenceSlots = referenceSlots;
        this.other = other;
        this.otherSlots = otherSlots;
    }

    Comparison compare(List<RgbImage> images, List<String> prompts, int maxNewTokens) {
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
        Walk walk = Slots.runInBoth(referenceSlots, otherSlots, Cancellation.none(), () -> walk(request));
        // An answer is a chain of choices: if every choice along the reference's answer is the same, so is the answer.
        int[] otherTokens = walk.sameTokens == walk.positions
                ? walk.tokens()
                : otherSlots
                        .run(Cancellation.none(), () -> other.generate(request, Cancellation.none()))
                        .tokenIds();
        String referenceText = reference.tokenizer().decode(walk.tokens(), true);
        String otherText = other.tokenizer().decode(otherTokens, true);
        BoxMatching boxes = BoxMatching.of(LocatedBox.parse(referenceText), LocatedBox.parse(otherText));
        return new ComparedRequest(
                image,
                request.prompt(),
                referenceText,
                otherText,
                Arrays.equals(walk.tokens(), otherTokens),
                new Agreement(walk.positions, walk.sameTokens, walk.totalKl, boxes.boxes(), boxes.totalIou()));
    }

    /** Lets the reference answer, and both judge every token of its answer. */
    private Walk walk(GenerationRequest request) {
        Walk walk = new Walk();
        try (TextGenerator.Answering answering = reference.begin(request, Cancellation.none());
                TextGenerator.Answering otherAnswering = other.begin(request, Cancellation.none())) {
            requireSamePrompt(request, answering, otherAnswering);
            VisionLanguageModel.Sequences sequence = answering.sequences();
            VisionLanguageModel.Sequences otherSequence = otherAnswering.sequences();
            while (true) {
                int token = walk.judge(sequence.next(0), otherSequence.next(0));
                if (reference.config().eosTokenIds().contains(token)) {
                    return walk;
                }
                walk.tokens.add(token);
                if (walk.tokens.size() == request.maxNewTokens()) {
                    return walk;
                }
                sequence.write(token);
                otherSequence.write(token);
            }
        }
    }

    private static void requireSamePrompt(
            GenerationRequest request, TextGenerator.Answering reference, TextGenerator.Answering other) {
        if (!Arrays.equals(reference.result().promptTokenIds(), other.result().promptTokenIds())) {
            throw new IllegalArgumentException("the pipelines cut the prompt into different tokens: '"
                    + request.prompt() + "'; do their checkpoints have the same tokenizer?");
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

    /** What was found along one answer. Confined to one thread. */
    private static final class Walk {
        private final List<Integer> tokens = new ArrayList<>();
        private long positions;
        private long sameTokens;
        private double totalKl;

        /** Adds one position; gives the reference's choice. */
        int judge(NextTokens reference, NextTokens other) {
            int token = reference.best();
            positions++;
            if (other.best() == token) {
                sameTokens++;
            }
            totalKl += Logits.divergence(reference.logits(), other.logits());
            return token;
        }

        int[] tokens() {
            return tokens.stream().mapToInt(Integer::intValue).toArray();
        }
    }
}
