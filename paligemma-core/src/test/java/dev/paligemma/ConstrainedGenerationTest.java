package dev.paligemma;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.paligemma.constraint.DetectionGrammar;
import dev.paligemma.constraint.GeneratedToken;
import dev.paligemma.constraint.LocationDistribution;
import dev.paligemma.constraint.TokenConstraint;
import dev.paligemma.constraint.TokenSet;
import dev.paligemma.detection.AnswerPart;
import dev.paligemma.detection.Detection;
import dev.paligemma.detection.DetectionOptions;
import dev.paligemma.detection.DetectionParser;
import dev.paligemma.detection.DetectionResult;
import dev.paligemma.detection.DetectionStream;
import dev.paligemma.detection.Fragment;
import dev.paligemma.detection.ParsedAnswer;
import dev.paligemma.generation.BeamAnswer;
import dev.paligemma.generation.BeamSearch;
import dev.paligemma.generation.FinishReason;
import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.generation.GenerationResult;
import dev.paligemma.generation.RequestCancelledException;
import dev.paligemma.generation.Sampling;
import dev.paligemma.task.BoxTask;
import dev.paligemma.task.Tasks;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What models of random weights write when constraints say what may be written. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ConstrainedGenerationTest {
    private static final List<String> LABELS = List.of("cat", "dog", "what is this", "chat noir");
    private static final BoxTask<DetectionResult> BOXES = Tasks.detect(LABELS);

    private final Map<String, PaliGemmaPipeline> pipelines = new HashMap<>();
    private final Golden golden = Golden.of("pg2-gqa");

    private PaliGemmaPipeline pipeline(Golden of) {
        return pipelines.computeIfAbsent(of.folder().toString(), name -> PaliGemmaPipeline.load(of.folder()));
    }

    private PaliGemmaPipeline pipeline() {
        return pipeline(golden);
    }

    @AfterAll
    void close() {
        pipelines.values().forEach(PaliGemmaPipeline::close);
    }

    private GenerationRequest request() {
        return golden.requests().get(0).toGenerationRequest();
    }

    private GenerationRequest constrained(TokenConstraint constraint) {
        return request().toBuilder().constraint(constraint).build();
    }

    private static GenerationRequest random(GenerationRequest request, long seed) {
        return request.toBuilder()
                .sampling(Sampling.temperature(1.0 + Math.floorMod(seed, 3))
                        .topK(100)
                        .seed(seed))
                .build();
    }

    static Stream<Golden> all() throws java.io.IOException {
        return Golden.all();
    }

    @ParameterizedTest
    @MethodSource("all")
    void anAnswerIsOneOfThoseAllowed(Golden of) {
        List<String> answers = List.of("cat", "dog", "a dog", "what is this?", "");
        GenerationRequest request = of.requests().get(0).toGenerationRequest().toBuilder()
                .constraint(pipeline(of).constraints().oneOf(answers))
                .build();
        GenerationResult greedy = pipeline(of).generate(request);
        assertThat(greedy.text()).isIn(answers);
        assertThat(greedy.finishReason()).isEqualTo(FinishReason.EOS);
        List<String> texts = pipeline(of).generateSeveral(random(request, 2), 20).stream()
                .map(GenerationResult::text)
                .toList();
        assertThat(texts).isSubsetOf(answers);
        assertThat(texts.stream().distinct().count()).isGreaterThan(1);
    }

    @Test
    void locationsHaveTheDistributionsTheyWereChosenFrom() {
        TokenConstraint oneBox = pipeline()
                .constraints()
                .detections(DetectionGrammar.boxes(LABELS).withCount(1, 1));

        List<GeneratedToken> tokens = pipeline().generate(constrained(oneBox)).tokens();

        for (GeneratedToken token : tokens.subList(0, 4)) {
            LocationDistribution location = token.location().orElseThrow();
            int index = pipeline().tokenizer().locationIndex(token.id());
            assertThat(location.mass() * location.probability(index)).isCloseTo(token.probability(), within(1e-7));
            assertThat(location.mass()).isGreaterThan(token.probability());
        }
        assertThat(tokens.subList(4, tokens.size()))
                .allMatch(token -> token.location().isEmpty());
    }

    @Test
    void aCompleteAnswerEndsWhateverTheStopTokensAre() {
        GenerationRequest request = constrained(pipeline().constraints().oneOf(List.of("what is this?"))).toBuilder()
                .stopTokenIds(Set.of(Integer.MAX_VALUE))
                .build();
        GenerationResult greedy = pipeline().generate(request);
        assertThat(greedy.text()).isEqualTo("what is this?");
        assertThat(greedy.finishReason()).isEqualTo(FinishReason.EOS);
        assertThat(greedy.tokenIds()).doesNotContain(pipeline().tokenizer().eosId());
        assertThat(pipeline().search(request, BeamSearch.of(2)).get(0).answer().tokenIds())
                .isEqualTo(greedy.tokenIds());
    }

    @Test
    void anAnswerMatchesTheExpression() {
        String regex = "[a-c]{2,4} \\d{1,3}(€|猫)";
        GenerationRequest request = constrained(pipeline().constraints().matching(regex)).toBuilder()
                .maxNewTokens(40)
                .build();
        assertThat(pipeline().generate(request).text()).matches(regex);
        for (GenerationResult result : pipeline().generateSeveral(random(request, 1), 30)) {
            assertThat(result.text()).matches(regex);
            assertThat(result.finishReason()).isEqualTo(FinishReason.EOS);
        }
    }

    @Test
    void probabilitiesAreThoseOfTheModelWithoutTheConstraint() {
        GenerationResult free = pipeline().generate(request());
        List<Integer> ids = free.tokens().stream().map(GeneratedToken::id).toList();
        GenerationResult forced = pipeline()
                .generate(constrained(new Exactly(ids, pipeline().tokenizer().eosId())));

        assertThat(forced.tokenIds()).isEqualTo(free.tokenIds());
        assertThat(forced.logProbabilities()).isEqualTo(free.logProbabilities());
        assertThat(free.keptMass()).isEqualTo(1);
        assertThat(free.tokens()).allMatch(token -> token.removedMass() == 0);
    }

    @Test
    void theRemovedMassOfAForcedTokenIsTheRest() {
        GenerationResult forced =
                pipeline().generate(constrained(pipeline().constraints().oneOf(List.of("what is this?"))));

        assertThat(forced.text()).isEqualTo("what is this?");
        for (GeneratedToken token : forced.tokens()) {
            assertThat(token.removedMass()).isCloseTo(1 - token.probability(), within(1e-6));
        }
        assertThat(forced.keptMass() / Math.exp(forced.totalLogProbability())).isCloseTo(1, within(1e-3));
    }

    @Test
    void theRemovedMassIsWhatTheAllowedTokensDoNotHave() {
        // The probabilities of the first tokens, one by one.
        double cat = firstProbability("cat");
        double dog = firstProbability("dog");
        double what = firstProbability("what is this?");
        GenerationResult one = pipeline()
                .generate(constrained(pipeline().constraints().oneOf(List.of("cat", "dog", "what is this?"))));

        assertThat(Set.of(cat, dog, what)).as("of different tokens").hasSize(3);
        assertThat(one.tokens().get(0).removedMass()).isCloseTo(1 - cat - dog - what, within(1e-6));
        assertThat(one.tokens().get(0).probability()).isEqualTo(Math.max(cat, Math.max(dog, what)));
    }

    private double firstProbability(String answer) {
        return pipeline()
                .generate(constrained(pipeline().constraints().oneOf(List.of(answer))))
                .tokens()
                .get(0)
                .probability();
    }

    @Test
    void theKeptMassIsAProduct() {
        GenerationRequest request = constrained(pipeline().constraints().matching("[a-z ]{8}"));
        for (GenerationResult result : pipeline().generateSeveral(random(request, 4), 10)) {
            double product = 1;
            for (GeneratedToken token : result.tokens()) {
                assertThat(token.removedMass()).isBetween(0.0, 1.0);
                product *= 1 - token.removedMass();
            }
            assertThat(result.keptMass()).isBetween(0.0, 1.0);
            // The end takes its part too.
            assertThat(result.keptMass()).isLessThanOrEqualTo(product);
        }
    }

    @ParameterizedTest
    @MethodSource("all")
    void allowingEverythingChangesNothing(Golden of) {
        for (Golden.Request each : of.requests()) {
            GenerationResult free = pipeline(of).generate(each.toGenerationRequest());
            GenerationResult any = pipeline(of)
                    .generate(each.toGenerationRequest().toBuilder()
                            .constraint(pipeline(of).constraints().anything())
                            .build());
            assertThat(any.tokenIds()).isEqualTo(free.tokenIds());
            assertThat(any.logProbabilities()).isEqualTo(free.logProbabilities());
            // Rows of the vocabulary that have no token, if there are any, are removed.
            assertThat(any.keptMass()).isBetween(0.2, 1.0);
        }
    }

    @Test
    void forbiddenTokensDoNotComeAndTheNextBestDoes() {
        int first = pipeline().generate(request()).tokenIds()[0];
        GenerationResult other =
                pipeline().generate(constrained(pipeline().constraints().forbidding(TokenSet.of(first))));

        assertThat(other.tokenIds()).doesNotContain(first);
        List<BeamAnswer> beams = pipeline()
                .search(
                        request().toBuilder().maxNewTokens(1).build(),
                        BeamSearch.of(2).lengthPenalty(0));
        assertThat(other.tokenIds()[0]).isEqualTo(beams.get(1).answer().tokenIds()[0]);
    }

    @Test
    void aConstraintOutlivesThePenaltyForRepetition() {
        GenerationRequest request = constrained(pipeline().constraints().oneOf(List.of("cat cat cat", "dog dog dog")));
        GenerationResult result =
                pipeline().generate(request.toBuilder().repetitionPenalty(100).build());
        assertThat(result.text()).isIn("cat cat cat", "dog dog dog");
    }

    @Test
    void aConstraintThatForgetsItsPromiseIsRefused() {
        TokenConstraint stuck = new TokenConstraint() {
            @Override
            public State start() {
                return new State() {
                    @Override
                    public TokenSet allowed() {
                        return TokenSet.of();
                    }

                    @Override
                    public State next(int token) {
                        return this;
                    }
                };
            }
        };
        for (GenerationRequest request : List.of(constrained(stuck), random(constrained(stuck), 1))) {
            assertThatThrownBy(() -> pipeline().generate(request))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("constraint");
        }
    }

    /** A thousand answers of random weights: the grammar never lets one out that the parser does not understand. */
    @Test
    void everyAnswerOfTheGrammarOfBoxesIsUnderstood() throws java.io.IOException {
        int ended = 0;
        int boxes = 0;
        List<Golden> checkpoints = all().toList();
        int each = (1000 + checkpoints.size() - 1) / checkpoints.size();
        for (Golden of : checkpoints) {
            TokenConstraint constraint = pipeline(of).constraints().detections(LABELS);
            for (Answered answered : answers(of, constraint, each, 44)) {
                ParsedAnswer parsed = parse(of, answered.result());
                boolean complete = answered.result().finishReason() == FinishReason.EOS;
                assertUnderstood(parsed, complete);
                ended += complete ? 1 : 0;
                boxes += parsed.detections().size();
            }
        }
        assertThat(ended).as("answers that ended by themselves").isGreaterThan(100);
        assertThat(boxes).isGreaterThan(1000);
    }

    @Test
    void everyAnswerOfTheGrammarOfMasksIsUnderstood() throws java.io.IOException {
        int ended = 0;
        for (Golden of : all().toList()) {
            TokenConstraint constraint = pipeline(of).constraints().segments(LABELS);
            for (Answered answered : answers(of, constraint, 8, 70)) {
                ParsedAnswer parsed = parse(of, answered.result());
                boolean complete = answered.result().finishReason() == FinishReason.EOS;
                assertUnderstood(parsed, complete);
                List<Detection> whole = parsed.detections()
                        .subList(
                                0,
                                complete
                                        ? parsed.detections().size()
                                        : Math.max(0, parsed.detections().size() - 1));
                assertThat(whole).allMatch(Detection::hasMask);
                ended += complete ? 1 : 0;
            }
        }
        assertThat(ended).as("answers that ended by themselves").isGreaterThan(5);
    }

    private record Answered(GenerationRequest request, GenerationResult result) {}

    /** Random answers to all requests of a checkpoint. */
    private List<Answered> answers(Golden of, TokenConstraint constraint, int count, int maxNewTokens) {
        List<GenerationRequest> requests = new ArrayList<>();
        for (int seed = 0; seed < count; seed++) {
            Golden.Request one = of.requests().get(seed % of.requests().size());
            requests.add(random(one.toGenerationRequest(), seed).toBuilder()
                    .constraint(constraint)
                    .maxNewTokens(maxNewTokens)
                    .build());
        }
        List<GenerationResult> results = pipeline(of).generateAll(requests, 16);
        List<Answered> answers = new ArrayList<>();
        for (int i = 0; i < requests.size(); i++) {
            answers.add(new Answered(requests.get(i), results.get(i)));
        }
        return answers;
    }

    private ParsedAnswer parse(Golden of, GenerationResult result) {
        DetectionParser parser = new DetectionParser(pipeline(of).tokenizer(), 640, 480, DetectionOptions.defaults());
        result.tokens().forEach(parser::accept);
        parser.finish();
        return parser.result();
    }

    private static void assertUnderstood(ParsedAnswer parsed, boolean complete) {
        List<AnswerPart> parts = parsed.parts();
        // An answer that was cut off may have been cut within its last entry; a mask adds a fragment of its own.
        int whole = complete ? parts.size() : Math.max(0, parts.size() - 2);
        for (AnswerPart part : parts.subList(0, whole)) {
            assertThat(part).as(parsed.rawText()).isInstanceOf(Detection.class);
            assertThat(((Detection) part).label()).as(parsed.rawText()).isIn(LABELS);
        }
        for (AnswerPart part : parts.subList(whole, parts.size())) {
            if (part instanceof Detection cut) {
                assertThat(LABELS).as(parsed.rawText()).anyMatch(label -> label.startsWith(cut.label()));
            } else {
                assertThat(((Fragment) part).reason())
                        .as(parsed.rawText())
                        .isIn(Fragment.Reason.INCOMPLETE_BOX, Fragment.Reason.STRAY_MASK_CODES);
                assertThat(((Fragment) part).piece().end())
                        .isEqualTo(parsed.rawText().length());
            }
        }
    }

    @Test
    void boxesAreReadWhileTheyAreWritten() {
        GenerationRequest request = random(
                constrained(pipeline().constraints().detections(LABELS)).toBuilder()
                        .maxNewTokens(60)
                        .build(),
                8);
        DetectionResult whole = pipeline().run(BOXES, request);
        assertThat(whole.detections().size()).isGreaterThan(2);

        try (DetectionStream stream = pipeline().streamDetections(BOXES, request)) {
            List<Detection> read = new ArrayList<>();
            read.add(stream.next());
            assertThatThrownBy(stream::result)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("ask for boxes until there is none");
            stream.forEachRemaining(read::add);
            assertThat(read).isEqualTo(whole.detections());
            assertThat(stream.hasNext()).isFalse();
            assertThat(stream.result().parts()).isEqualTo(whole.parts());
            assertThat(stream.result().rawText()).isEqualTo(whole.rawText());
            assertThat(stream.result().generation().tokens())
                    .isEqualTo(whole.generation().tokens());
        }
    }

    @Test
    void aBoxIsGivenAsSoonAsItsLabelEnds() {
        Probe probe = new Probe();
        try (PaliGemmaPipeline probed = ProbedEngineProvider.load(golden, probe, 1)) {
            GenerationRequest request = random(
                    constrained(probed.constraints().detections(List.of("cat"))).toBuilder()
                            .maxNewTokens(60)
                            .build(),
                    8);
            int all = probed.generate(request).tokens().size();
            int before = probe.runs();
            DetectionStream stream = probed.streamDetections(BOXES, request);
            assertThat(probe.runs()).isEqualTo(before);
            Detection first = stream.next();
            // Four codes, the label, and what ended it.
            int tokens = first.tokens().size();
            assertThat(probe.runs() - before).isBetween(tokens + 1, tokens + 2).isLessThan(all);
            stream.close();
            assertThatThrownBy(stream::hasNext).isInstanceOf(RequestCancelledException.class);
            assertThat(probe.open()).isZero();
        }
    }
}
