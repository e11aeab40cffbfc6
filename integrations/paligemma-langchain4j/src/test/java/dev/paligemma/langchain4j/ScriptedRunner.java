package dev.paligemma.langchain4j;

import dev.paligemma.constraint.GeneratedToken;
import dev.paligemma.generation.AnswerScore;
import dev.paligemma.generation.AnswerStream;
import dev.paligemma.generation.FinishReason;
import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.generation.GenerationResult;
import dev.paligemma.generation.TextPiece;
import dev.paligemma.generation.Timings;
import dev.paligemma.task.TaskRunner;
import dev.paligemma.tiny.TinyModel;
import dev.paligemma.tokenizer.PaliGemmaTokenizer;
import dev.paligemma.tokenizer.PromptEncoder;
import dev.paligemma.vision.RgbImage;
import dev.paligemma.vision.mask.MaskCodec;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.function.Function;

/** A model that knows what LangChain4j's tests ask, one token for each word. */
final class ScriptedRunner implements TaskRunner {
    /** Words of a prompt, and what is answered to it. */
    private static final Map<String, String> ANSWERS = Map.of(
            "Germany", "The capital of Germany is Berlin, which lies on the river Spree",
            "Translate", "Ich liebe dich, wie sonst niemand auf der Welt",
            "green", "Your favourite colour is green, as you said",
            "Klaus", "Your name is Klaus, as you said",
            "Hello", "Hello World and all who live there");

    private static final String STORY = "Once upon a time there was a picture that had no words at all";

    /** Waits for a stream to be closed. */
    final CountDownLatch closed = new CountDownLatch(1);

    private final PaliGemmaTokenizer tokenizer = PaliGemmaTokenizer.load(TinyModel.folder());
    private final Function<GenerationRequest, String> script;

    private ScriptedRunner(Function<GenerationRequest, String> script) {
        this.script = script;
    }

    static ScriptedRunner ofContracts() {
        return new ScriptedRunner(ScriptedRunner::answer);
    }

    /** Fails whatever it is asked. */
    static ScriptedRunner failing(RuntimeException failure) {
        return new ScriptedRunner(request -> {
            throw failure;
        });
    }

    private static String answer(GenerationRequest request) {
        RgbImage first = request.images().get(0);
        if (first.width() > 1) {
            List<String> seen = request.images().stream()
                    .map(image -> image.width() > image.height() ? "dice" : "cat")
                    .toList();
            return "It shows " + String.join(" and ", seen);
        }
        return ANSWERS.entrySet().stream()
                .filter(each -> request.prompt().contains(each.getKey()))
                .findFirst()
                .map(Map.Entry::getValue)
                .orElse(STORY);
    }

    @Override
    public GenerationResult generate(GenerationRequest request) {
        try (AnswerStream stream = stream(request)) {
            stream.forEachRemaining(piece -> {});
            return stream.result();
        }
    }

    @Override
    public AnswerStream stream(GenerationRequest request) {
        return new Words(request);
    }

    private final class Words implements AnswerStream {
        private final GenerationRequest request;
        private final List<String> words;
        private final FinishReason reason;
        private int given;

        Words(GenerationRequest request) {
            this.request = request;
            List<String> said = new ArrayList<>();
            FinishReason ended = FinishReason.EOS;
            String rest = script.apply(request);
            for (String stop : request.stop()) {
                if (rest.contains(stop)) {
                    rest = rest.substring(0, rest.indexOf(stop));
                    ended = FinishReason.STOP_STRING;
                }
            }
            for (String word : rest.split("(?<= )", -1)) {
                if (said.size() == request.maxNewTokens()) {
                    ended = FinishReason.LENGTH;
                    break;
                }
                said.add(word);
            }
            this.words = said;
            this.reason = ended;
        }

        @Override
        public boolean hasNext() {
            return given < words.size();
        }

        @Override
        public TextPiece next() {
            return new TextPiece(words.get(given++), Optional.empty());
        }

        @Override
        public GenerationResult result() {
            return new GenerationResult(
                    String.join("", words),
                    new PromptEncoder(tokenizer, 64).encode(request.prompt(), request.imageCount()),
                    words.stream().map(word -> GeneratedToken.of(5, -1)).toList(),
                    0,
                    1,
                    reason,
                    new Timings(0, 0, 0, 0));
        }

        @Override
        public void close() {
            closed.countDown();
        }
    }

    @Override
    public List<GenerationResult> generateAll(List<GenerationRequest> requests, int together) {
        return requests.stream().map(this::generate).toList();
    }

    @Override
    public List<AnswerScore> score(GenerationRequest request, List<String> answers) {
        throw new UnsupportedOperationException("nobody asks for scores here");
    }

    @Override
    public PaliGemmaTokenizer tokenizer() {
        return tokenizer;
    }

    @Override
    public Optional<MaskCodec> maskCodec() {
        return Optional.empty();
    }
}
