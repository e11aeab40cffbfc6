package dev.paligemma.constraint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.paligemma.tokenizer.PaliGemmaTokenizer;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class TokenConstraintsTest {
    private static final PaliGemmaTokenizer TOKENIZER = Walk.FULL;

    @Test
    void anythingAllowsEveryTokenThatExists() {
        TokenConstraint.State start =
                new TokenConstraints(Walk.SPARSE).anything().start();

        assertThat(start.allowed()).isEqualTo(TokenSet.range(0, Walk.SPARSE.vocabularySize()));
        assertThat(start.next(5).next(6).allowed()).isEqualTo(start.allowed());
    }

    @Test
    void forbiddenTokensAreNotAllowed() {
        TokenConstraints constraints = new TokenConstraints(TOKENIZER);
        TokenSet codes = constraints.locations().union(constraints.segmentationCodes());
        TokenConstraint.State start = constraints.forbidding(codes).start();

        assertThat(codes.size()).isEqualTo(1152);
        assertThat(start.allowed())
                .isEqualTo(constraints.anything().start().allowed().minus(codes));
        assertThatThrownBy(() -> start.next(TOKENIZER.locationId(7))).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void endOfSequenceCannotBeForbidden() {
        TokenConstraints constraints = new TokenConstraints(TOKENIZER);

        assertThatThrownBy(() -> constraints.forbidding(TokenSet.of(TOKENIZER.eosId())))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("end-of-sequence");
    }

    @Test
    void nothingFollowsTheEnd() {
        TokenConstraints constraints = new TokenConstraints(TOKENIZER);
        TokenSet end = TokenSet.of(TOKENIZER.eosId());
        for (TokenConstraint constraint : List.of(
                constraints.oneOf(List.of("")),
                constraints.matching(".*"),
                constraints.detections(List.of("cat")),
                constraints.anything())) {
            TokenConstraint.State ended = constraint.start().next(TOKENIZER.eosId());
            assertThat(ended.allowed()).isEqualTo(end);
            assertThat(ended.next(TOKENIZER.eosId()).allowed()).isEqualTo(end);
            assertThatThrownBy(() -> ended.next(TOKENIZER.idOf("a").orElseThrow()))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void threadsShareAConstraint() throws InterruptedException, ExecutionException {
        TokenConstraints constraints = new TokenConstraints(TOKENIZER);
        TokenConstraint constraint = constraints.distinctListOf(List.of("cat", "caption", "dog"), ", ", 3);
        TokenConstraint.State shared = constraint.start();
        List<int[]> answers = List.of(TOKENIZER.encode("cat, dog"), TOKENIZER.encode("dog, caption, cat"));
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            List<Future<Boolean>> results = IntStream.range(0, 200)
                    .mapToObj(i -> threads.submit(
                            () -> Walk.accepts(TOKENIZER, () -> shared, answers.get(i % answers.size()))))
                    .toList();
            for (Future<Boolean> result : results) {
                assertThat(result.get()).isTrue();
            }
        } finally {
            threads.shutdownNow();
        }
    }
}
