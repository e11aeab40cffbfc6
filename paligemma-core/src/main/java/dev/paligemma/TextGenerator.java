package dev.paligemma;

import dev.paligemma.engine.checkpoint.PaliGemmaConfig;
import dev.paligemma.engine.spi.HostTensor;
import dev.paligemma.tokenizer.PaliGemmaTokenizer;
import dev.paligemma.tokenizer.Prompt;
import dev.paligemma.tokenizer.PromptEncoder;
import dev.paligemma.vision.ImageProcessor;
import dev.paligemma.vision.PixelValues;
import java.util.Arrays;
import java.util.List;

/**
 * Continues a prompt greedily: preprocesses, encodes the images, runs the prompt, then writes token after token. Immutable
 * and thread-safe; what changes during a request belongs to the call.
 */
final class TextGenerator {
    /**
     * The longest sequence of images and prompt, in tokens, unless the checkpoint names a longer one: what Gemma was
     * trained for.
     */
    private static final int MAX_PROMPT_TOKENS = 8192;

    /** Room for that many written tokens is made at once; more is added when needed. */
    private static final int EXPECTED_NEW_TOKENS = 256;

    private final PaliGemmaConfig config;
    private final PaliGemmaTokenizer tokenizer;
    private final PromptEncoder promptEncoder;
    private final ImageProcessor imageProcessor;
    private final VisionLanguageModel model;

    TextGenerator(
            PaliGemmaConfig config,
            PaliGemmaTokenizer tokenizer,
            ImageProcessor imageProcessor,
            VisionLanguageModel model) {
        this.config = config;
        this.tokenizer = tokenizer;
        this.promptEncoder = new PromptEncoder(tokenizer, config.vision().patches());
        this.imageProcessor = imageProcessor;
        this.model = model;
    }

    GenerationResult generate(GenerationRequest request) {
        Stopwatch stopwatch = new Stopwatch();
        Input input = prepare(request);
        Prompt prompt = input.prompt();
        double preprocessMs = stopwatch.lapMs();
        HostTensor images = model.encode(input.pixels());
        double visionMs = stopwatch.lapMs();
        Written written = new Written();
        FinishReason finish = FinishReason.LENGTH;
        double prefillMs;
        try (VisionLanguageModel.Sequence sequence = start(request)) {
            sequence.prefill(prompt, images);
            prefillMs = stopwatch.lapMs();
            while (true) {
                int token = sequence.bestToken();
                if (config.eosTokenIds().contains(token)) {
                    finish = FinishReason.EOS;
                    break;
                }
                written.append(token, sequence.bestLogProbability());
                if (written.count == request.maxNewTokens()) {
                    break;
                }
                sequence.next(token);
            }
        }
        double decodeMs = stopwatch.lapMs();
        int[] tokens = written.tokens();
        return new GenerationResult(
                tokenizer.decode(tokens, true),
                tokens,
                written.logProbabilities(),
                prompt.textTokenIds(),
                prompt.imageTokens(),
                finish,
                new Timings(preprocessMs, visionMs, prefillMs, decodeMs));
    }

    /** What a request is to the networks. */
    record Input(Prompt prompt, List<PixelValues> pixels) {}

    /** Encodes the prompt and preprocesses the images. */
    Input prepare(GenerationRequest request) {
        Prompt prompt = promptEncoder.encode(request.prompt(), request.images().size(), request.controlTokens());
        requireFits(prompt);
        return new Input(
                prompt, request.images().stream().map(imageProcessor::process).toList());
    }

    /** Starts a sequence with room for a usual answer; the caller closes it. */
    VisionLanguageModel.Sequence start(GenerationRequest request) {
        return model.start(Math.min(request.maxNewTokens(), EXPECTED_NEW_TOKENS));
    }

    PaliGemmaConfig config() {
        return config;
    }

    PaliGemmaTokenizer tokenizer() {
        return tokenizer;
    }

    VisionLanguageModel model() {
        return model;
    }

    private void requireFits(Prompt prompt) {
        int limit = Math.max(MAX_PROMPT_TOKENS, config.text().maxPositionEmbeddings());
        if (prompt.length() > limit) {
            throw new RequestException("the prompt is too long: " + prompt.imageTokens() + " image tokens and "
                    + (prompt.length() - prompt.imageTokens()) + " text tokens, the model takes at most " + limit
                    + " together");
        }
    }

    /** The tokens written so far. Confined to one thread. */
    private static final class Written {
        private int[] tokens = new int[64];
        private double[] logProbabilities = new double[64];
        private int count;

        void append(int token, double logProbability) {
            if (count == tokens.length) {
                tokens = Arrays.copyOf(tokens, count * 2);
                logProbabilities = Arrays.copyOf(logProbabilities, count * 2);
            }
            tokens[count] = token;
            logProbabilities[count++] = logProbability;
        }

        int[] tokens() {
            return Arrays.copyOf(tokens, count);
        }

        double[] logProbabilities() {
            return Arrays.copyOf(logProbabilities, count);
        }
    }
}
