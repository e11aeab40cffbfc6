package dev.paligemma.bench;

import dev.paligemma.constraint.TokenConstraint;
import dev.paligemma.constraint.TokenConstraints;
import dev.paligemma.constraint.TokenSet;
import dev.paligemma.tokenizer.PaliGemmaTokenizer;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Blackhole;

/** What a constraint adds to the tokens of one answer. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(1)
@SuppressWarnings("NullAway.Init") // fields are set by load(), which JMH calls first
public class ConstraintBenchmark {
    private static final String WORDS = "[a-z ]{1,60}";
    private static final List<String> LABELS = List.of("car", "house", "river", "person", "traffic light");

    private static final String BOXES =
            "<loc0051><loc0309><loc0708><loc0646> car ; <loc0001><loc0002><loc0003><loc0004> river";

    /** The {@code tokenizer.json}; has no useful default, so give {@code -p tokenizer=FILE}. */
    @Param("tokenizer.json")
    public String tokenizer = "";

    private PaliGemmaTokenizer loaded;
    private TokenConstraints constraints;
    private TokenConstraint words;
    private TokenConstraint boxes;

    private int[] sentence = new int[0];
    private int[] detections = new int[0];

    /** Loads the tokenizer, and makes the constraints and the answers. */
    @Setup
    public void load() {
        loaded = PaliGemmaTokenizer.load(Path.of(tokenizer));
        constraints = new TokenConstraints(loaded);
        words = constraints.matching(WORDS);
        boxes = constraints.detections(LABELS);
        sentence = loaded.encode("the small red car stands beside a wooden house");
        detections = loaded.encode(BOXES);
    }

    /** Indexes the texts of all tokens and compiles an expression; what the first of an application waits for. */
    @Benchmark
    @OutputTimeUnit(TimeUnit.MILLISECONDS)
    public TokenConstraint indexVocabulary() {
        return new TokenConstraints(loaded).matching(WORDS);
    }

    /** Finds the tokens that an expression of letters and spaces allows at its start, for the first time. */
    @Benchmark
    public TokenSet firstState() {
        return constraints.matching(WORDS).start().allowed();
    }

    /** Follows an answer of nine words through an expression whose states have been met before. */
    @Benchmark
    public void followExpression(Blackhole sink) {
        follow(words, sentence, sink);
    }

    /** Follows an answer with two boxes. */
    @Benchmark
    public void followBoxes(Blackhole sink) {
        follow(boxes, detections, sink);
    }

    private static void follow(TokenConstraint constraint, int[] answer, Blackhole sink) {
        TokenConstraint.State state = constraint.start();
        for (int token : answer) {
            sink.consume(state.allowed());
            state = state.next(token);
        }
        sink.consume(state.allowed());
    }
}
