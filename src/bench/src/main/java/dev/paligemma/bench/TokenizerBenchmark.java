package dev.paligemma.bench;

import dev.paligemma.tokenizer.PaliGemmaTokenizer;
import java.nio.file.Path;
import java.util.Arrays;
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

/** Text to tokens and back. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(1)
public class TokenizerBenchmark {
    private static final String SHORT_PROMPT = "answer en what color is the car?";
    private static final String SENTENCE = "the small red car stands beside a wooden house near the river, ";
    private static final int LONG_PROMPT_CHARACTERS = 1000;
    private static final int DECODED_TOKENS = 100;

    /** The {@code tokenizer.json}; has no useful default, so give {@code -p tokenizer=FILE}. */
    @Param("tokenizer.json")
    public String tokenizer = "";

    @SuppressWarnings("NullAway.Init") // set by load(), which JMH calls first
    private PaliGemmaTokenizer loaded;

    private String longPrompt = "";
    private int[] tokens = new int[0];

    /** Loads the tokenizer and makes the texts. */
    @Setup
    public void load() {
        loaded = PaliGemmaTokenizer.load(Path.of(tokenizer));
        longPrompt =
                SENTENCE.repeat(LONG_PROMPT_CHARACTERS / SENTENCE.length() + 1).substring(0, LONG_PROMPT_CHARACTERS);
        tokens = Arrays.copyOf(loaded.encode(longPrompt), DECODED_TOKENS);
    }

    /** Reads the file; what loading a model waits for. */
    @Benchmark
    @OutputTimeUnit(TimeUnit.MILLISECONDS)
    public PaliGemmaTokenizer loadFile() {
        return PaliGemmaTokenizer.load(Path.of(tokenizer));
    }

    /** Encodes a prompt of 32 characters. */
    @Benchmark
    public int[] encodeShortPrompt() {
        return loaded.encode(SHORT_PROMPT);
    }

    /** Encodes a prompt of 1,000 characters. */
    @Benchmark
    public int[] encodeThousandCharacters() {
        return loaded.encode(longPrompt);
    }

    /** Decodes 100 tokens. */
    @Benchmark
    public String decodeHundredTokens() {
        return loaded.decode(tokens, true);
    }
}
