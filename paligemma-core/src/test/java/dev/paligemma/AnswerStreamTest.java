package dev.paligemma;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.paligemma.constraint.GeneratedToken;
import dev.paligemma.generation.AnswerStream;
import dev.paligemma.generation.FinishReason;
import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.generation.GenerationResult;
import dev.paligemma.generation.RequestCancelledException;
import dev.paligemma.generation.RequestException;
import dev.paligemma.generation.TextPiece;
import dev.paligemma.tokenizer.PaliGemmaTokenizer;
import dev.paligemma.tokenizer.StreamingDecoder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(120)
class AnswerStreamTest {
    private static final Golden GOLDEN = Golden.of("pg2-gqa");
    private static final Probe PROBE = new Probe();
    private static PaliGemmaPipeline pipeline;

    @BeforeAll
    static void load() {
        // With one place, whatever keeps it makes the next request wait forever.
        pipeline = ProbedEngineProvider.load(GOLDEN, PROBE, 1);
    }

    @AfterAll
    static void close() {
        pipeline.close();
    }

    @AfterEach
    void nothingIsLeftOpen() {
        assertThat(PROBE.open()).isZero();
        pipeline.generate(request());
    }

    /** An answer of twelve tokens that ends by its length. */
    private static GenerationRequest request() {
        return GOLDEN.requests().get(0).toGenerationRequest();
    }

    /** To the bit, as both take the same steps on the same shapes; see {@link Golden#assertSame}. */
    @ParameterizedTest
    @ValueSource(strings = {"pg1-mqa-fp32", "pg2-gqa", "pg2-two-images", "pg2-window"})
    void piecesTogetherAreTheAnswer(String checkpoint) {
        Golden golden = Golden.of(checkpoint);
        try (PaliGemmaPipeline one = PaliGemmaPipeline.load(golden.folder())) {
            for (Golden.Request each : golden.requests()) {
                GenerationResult expected = one.generate(each.toGenerationRequest());
                try (AnswerStream answer = one.stream(each.toGenerationRequest())) {
                    List<TextPiece> pieces = rest(answer);

                    assertThat(answer.result().text()).isEqualTo(expected.text());
                    assertThat(answer.result().tokens()).isEqualTo(expected.tokens());
                    assertThat(answer.result().finishReason()).isEqualTo(expected.finishReason());
                    assertThat(answer.result().totalLogProbability()).isEqualTo(expected.totalLogProbability());
                    assertThat(tokens(pieces)).isEqualTo(expected.tokens());
                    assertThat(text(pieces)).isEqualTo(decoded(one.tokenizer(), expected));
                    // Whether all bytes make characters can be seen in the whole text.
                    if (expected.text().indexOf('\uFFFD') < 0) {
                        assertThat(text(pieces)).isEqualTo(expected.text());
                    }
                }
            }
        }
    }

    private static String decoded(PaliGemmaTokenizer tokenizer, GenerationResult result) {
        StreamingDecoder decoder = tokenizer.newStreamingDecoder(true);
        return Arrays.stream(result.tokenIds()).mapToObj(decoder::push).collect(Collectors.joining())
                + decoder.finish();
    }

    @Test
    void eachPieceCostsOneRunAndIsGivenBeforeTheNext() {
        int before = PROBE.runs();
        int encoded = PROBE.encodings();
        try (AnswerStream answer = pipeline.stream(request())) {
            assertThat(PROBE.runs()).as("before the first piece").isEqualTo(before);
            assertThat(PROBE.encodings()).isEqualTo(encoded);
            for (int token = 1; token <= 12; token++) {
                assertThat(answer.hasNext()).isTrue();
                assertThat(answer.hasNext()).isTrue();
                assertThat(answer.next().token()).isPresent();
                assertThat(PROBE.runs() - before).isEqualTo(token);
            }
            assertThat(answer.hasNext()).isFalse();
            assertThat(PROBE.runs() - before).isEqualTo(12);
            assertThat(PROBE.encodings() - encoded).isEqualTo(1);
        }
    }

    @Test
    void holdsBackAnIncompleteCharacter() {
        try (AnswerStream answer = pipeline.stream(writing("<0xE7>", "<0x8C>", "<0xAB>", "<0xC3>", "<0xA9>", "a"))) {
            assertThat(rest(answer)).extracting(TextPiece::text).containsExactly("", "", "猫", "", "é", "a");
            assertThat(answer.result().text()).isEqualTo("猫éa");
            assertThat(answer.result().finishReason()).isEqualTo(FinishReason.EOS);
        }
    }

    @Test
    void anAnswerThatEndsWithinACharacterHasALastPieceWithoutAToken() {
        try (AnswerStream answer = pipeline.stream(writing("a", "<0xE7>"))) {
            List<TextPiece> pieces = rest(answer);

            assertThat(pieces).extracting(TextPiece::text).containsExactly("a", "", "\uFFFD");
            assertThat(pieces.get(2).token()).isEmpty();
            assertThat(answer.result().text()).isEqualTo("a\uFFFD");
            assertThat(answer.result().tokens()).hasSize(2);
        }
    }

    @Test
    void whatMayBecomeAStopStringIsHeldBack() {
        GenerationRequest request = writing("a", "b", "<0xE7>", "<0x8C>", "<0xAB>", "b", "c", "d").toBuilder()
                .stop("b猫!", "bc")
                .build();
        try (AnswerStream answer = pipeline.stream(request)) {
            assertThat(rest(answer)).extracting(TextPiece::text).containsExactly("a", "b", "", "", "猫");
            assertThat(answer.result().text()).isEqualTo("ab猫");
            assertThat(answer.result().tokens()).hasSize(5);
            assertThat(answer.result().finishReason()).isEqualTo(FinishReason.STOP_STRING);
        }
    }

    @Test
    void whatDidNotBecomeAStopStringIsGivenAtTheEnd() {
        GenerationRequest request =
                writing("a", "b", "<0xE7>").toBuilder().stop("bc", "b猫").build();
        try (AnswerStream answer = pipeline.stream(request)) {
            List<TextPiece> pieces = rest(answer);
            assertThat(pieces).extracting(TextPiece::text).containsExactly("a", "b", "", "\uFFFD");
            assertThat(answer.result().text()).isEqualTo("ab\uFFFD");
            assertThat(tokens(pieces)).isEqualTo(answer.result().tokens());
            assertThat(answer.result().finishReason()).isEqualTo(FinishReason.EOS);
        }
    }

    @Test
    void aStopStringAtTheBeginningLeavesNoPiece() {
        try (AnswerStream answer =
                pipeline.stream(writing("a", "b", "c").toBuilder().stop("ab").build())) {
            assertThat(answer.hasNext()).isFalse();
            assertThat(answer.result().text()).isEmpty();
            assertThat(answer.result().tokens()).isEmpty();
        }
    }

    private static GenerationRequest writing(String... tokens) {
        List<Integer> ids = Arrays.stream(tokens)
                .map(token -> pipeline.tokenizer().idOf(token).orElseThrow())
                .toList();
        return request().toBuilder()
                .constraint(new Exactly(ids, pipeline.tokenizer().eosId()))
                .build();
    }

    @Test
    void piecesAreAStreamOfJava() {
        String expected = pipeline.generate(request()).text();
        AnswerStream answer = pipeline.stream(request());
        try (Stream<TextPiece> pieces = answer.pieces()) {
            assertThat(pieces.map(TextPiece::text).collect(Collectors.joining()))
                    .isEqualTo(expected);
        }
        assertThat(answer.result().text()).isEqualTo(expected);
    }

    @Test
    void closingTheStreamOfJavaGivesTheAnswerUp() {
        AnswerStream answer = pipeline.stream(request());
        int before = PROBE.runs();
        try (Stream<TextPiece> pieces = answer.pieces()) {
            assertThat(pieces.limit(3).toList()).hasSize(3);
        }
        assertThat(PROBE.runs() - before).isEqualTo(3);
        assertThatThrownBy(answer::hasNext).isInstanceOf(RequestCancelledException.class);
    }

    @Test
    void thereIsNoResultBeforeTheEnd() {
        try (AnswerStream answer = pipeline.stream(request())) {
            assertThatThrownBy(answer::result).isInstanceOf(IllegalStateException.class);
            answer.next();
            assertThatThrownBy(answer::result)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("not complete");
            answer.forEachRemaining(piece -> {});
            assertThat(answer.result().tokens()).hasSize(12);
        }
    }

    @Test
    void thereIsNoPieceAfterTheEnd() {
        try (AnswerStream answer = pipeline.stream(request())) {
            rest(answer);
            assertThatThrownBy(answer::next).isInstanceOf(NoSuchElementException.class);
            assertThat(answer.hasNext()).isFalse();
        }
    }

    @Test
    void anAnswerThatEndsByItselfEndsItsStream() {
        GenerationRequest detect = GOLDEN.requests().get(2).toGenerationRequest();
        try (AnswerStream answer = pipeline.stream(detect)) {
            assertThat(rest(answer)).hasSize(8);
            assertThat(answer.result().finishReason()).isEqualTo(FinishReason.EOS);
        }
    }

    @Test
    void aCompleteStreamFreesItsPlaceWithoutBeingClosed() {
        AnswerStream answer = pipeline.stream(request());
        List<TextPiece> pieces = rest(answer);

        assertThat(PROBE.open()).isZero();
        assertThat(pipeline.generate(request()).tokens()).isEqualTo(tokens(pieces));
        answer.close();
        assertThat(answer.result().tokens()).isEqualTo(tokens(pieces));
    }

    @Test
    void theLastTokenFreesThePlace() {
        try (AnswerStream answer = pipeline.stream(request())) {
            for (int token = 0; token < 12; token++) {
                answer.next();
            }
            // Nobody has found out yet that this was the last one.
            assertThat(PROBE.open()).isZero();
            pipeline.generate(request());
        }
    }

    @Test
    void aStreamThatHasNotBegunHoldsNoPlace() {
        AnswerStream answer = pipeline.stream(request());
        GenerationResult expected = pipeline.generate(request());
        assertThat(tokens(rest(answer))).isEqualTo(expected.tokens());
    }

    @Test
    void aStreamThatIsClosedBeforeItBeginsNeverRuns() {
        int before = PROBE.runs();
        AnswerStream answer = pipeline.stream(request());
        answer.close();
        answer.close();
        assertThatThrownBy(answer::next).isInstanceOf(RequestCancelledException.class);
        assertThatThrownBy(answer::result).isInstanceOf(IllegalStateException.class);
        assertThat(PROBE.runs()).isEqualTo(before);
    }

    @Test
    void aRequestThatCannotBeServedFailsAtTheFirstPieceAndFreesItsPlace() {
        GenerationRequest tooLong =
                request().toBuilder().prompt("a!".repeat(50_000)).build();
        AnswerStream answer = pipeline.stream(tooLong);
        assertThatThrownBy(answer::hasNext).isInstanceOf(RequestException.class).hasMessageContaining("too long");
        assertThatThrownBy(answer::hasNext).isInstanceOf(RequestCancelledException.class);
    }

    @Test
    void aConstraintThatFailsEndsTheStreamAndFreesItsPlace() {
        IllegalStateException failure = new IllegalStateException("out of order");
        GenerationRequest request = request().toBuilder()
                .constraint(() -> {
                    throw failure;
                })
                .build();
        assertThatThrownBy(() -> pipeline.stream(request).next()).isSameAs(failure);
        assertThatThrownBy(() -> pipeline.generate(request)).isSameAs(failure);
    }

    @Test
    void closedWithinAPieceTheStreamEnds() {
        List<TextPiece> pieces = new ArrayList<>();
        AnswerStream answer = pipeline.stream(request());
        assertThatThrownBy(() -> answer.forEachRemaining(piece -> {
                    pieces.add(piece);
                    if (pieces.size() == 2) {
                        answer.close();
                    }
                }))
                .isInstanceOf(RequestCancelledException.class);
        assertThat(pieces).hasSize(2);
    }

    private static List<TextPiece> rest(AnswerStream answer) {
        List<TextPiece> pieces = new ArrayList<>();
        answer.forEachRemaining(pieces::add);
        return pieces;
    }

    private static String text(List<TextPiece> pieces) {
        return pieces.stream().map(TextPiece::text).collect(Collectors.joining());
    }

    private static List<GeneratedToken> tokens(List<TextPiece> pieces) {
        return pieces.stream().flatMap(piece -> piece.token().stream()).toList();
    }
}
