package dev.paligemma.constraint;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paligemma.tokenizer.PaliGemmaTokenizer;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Constraints on the answers of the bundled model: its vocabulary has pieces of labels and separators. */
class TinyVocabularyConstraintsTest {
    private static final String RESOURCE = "/dev/paligemma/tiny/tokenizer.json";
    private static final int WALKS = 300;

    private final PaliGemmaTokenizer tokenizer = PaliGemmaTokenizer.load(resource(), RESOURCE);
    private final TokenConstraints constraints = new TokenConstraints(tokenizer);

    private static InputStream resource() {
        return Objects.requireNonNull(TinyVocabularyConstraintsTest.class.getResourceAsStream(RESOURCE), RESOURCE);
    }

    @Test
    void randomAnswersAreDetections() {
        Pattern entry = Pattern.compile("(<loc\\d{4}>){4} (red circle|blue square|word)");
        for (String answer : randomAnswers(constraints.detections(List.of("red circle", "blue square", "word")))) {
            for (String part : answer.isEmpty() ? new String[0] : answer.split(" ; ", -1)) {
                assertThat(part).matches(entry);
            }
            assertThat(tokenizer.decode(tokenizer.encode(answer), true)).isEqualTo(answer);
        }
    }

    @Test
    void randomAnswersMatchTheExpression() {
        String regex = "(there (is|are) )?(one|two|\\d{1,2}) [a-z]{3,8}s?\\.";

        assertThat(randomAnswers(constraints.matching(regex))).allMatch(answer -> Pattern.matches(regex, answer));
    }

    private List<String> randomAnswers(TokenConstraint constraint) {
        Random random = new Random(1);
        List<String> answers = new ArrayList<>();
        for (int i = 0; i < WALKS; i++) {
            List<Integer> ids = new ArrayList<>();
            TokenConstraint.State state = constraint.start();
            while (!state.allowed().contains(tokenizer.eosId()) || random.nextBoolean()) {
                int[] allowed = state.allowed().toArray();
                int token = allowed[random.nextInt(allowed.length)];
                if (token == tokenizer.eosId()) {
                    break;
                }
                ids.add(token);
                state = state.next(token);
            }
            answers.add(
                    tokenizer.decode(ids.stream().mapToInt(Integer::intValue).toArray(), true));
        }
        return answers;
    }
}
