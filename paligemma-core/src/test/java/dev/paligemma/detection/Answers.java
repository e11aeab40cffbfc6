package dev.paligemma.detection;

import dev.paligemma.constraint.GeneratedToken;
import dev.paligemma.constraint.LocationDistribution;
import dev.paligemma.tokenizer.ControlTokens;
import dev.paligemma.tokenizer.PaliGemmaTokenizer;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;

/** Answers as a model would write them. */
final class Answers {
    /** The small vocabulary of the stored checkpoints. */
    static final PaliGemmaTokenizer TOKENIZER = tokenizer();

    private Answers() {}

    private static PaliGemmaTokenizer tokenizer() {
        InputStream in = Answers.class.getResourceAsStream("/golden/pg2-gqa/tokenizer.json");
        return PaliGemmaTokenizer.load(Objects.requireNonNull(in), "pg2-gqa/tokenizer.json");
    }

    static String loc(int... codes) {
        StringBuilder text = new StringBuilder();
        Arrays.stream(codes).forEach(code -> text.append(String.format(Locale.ROOT, "<loc%04d>", code)));
        return text.toString();
    }

    /** So many segmentation codes: 0, 1, 2 and so on. */
    static String seg(int count) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < count; i++) {
            text.append(String.format(Locale.ROOT, "<seg%03d>", i));
        }
        return text.toString();
    }

    /** The tokens of a text, the n-th with probability 1 / (n + 2); a location is sure which one it is. */
    static List<GeneratedToken> tokens(String text) {
        return tokens(TOKENIZER.encode(text));
    }

    /** The tokens of a text in which nothing is a code. */
    static List<GeneratedToken> plainTokens(String text) {
        return tokens(TOKENIZER.encode(text, ControlTokens.AS_TEXT));
    }

    static List<GeneratedToken> tokens(int... ids) {
        List<GeneratedToken> tokens = new ArrayList<>();
        for (int id : ids) {
            double probability = 1.0 / (tokens.size() + 2);
            Optional<LocationDistribution> location = TOKENIZER.isLocation(id)
                    ? Optional.of(certain(TOKENIZER.locationIndex(id), probability))
                    : Optional.empty();
            tokens.add(new GeneratedToken(id, Math.log(probability), 0, location));
        }
        return tokens;
    }

    /** A distribution in which a location is the only one, and locations have so much of the probability. */
    static LocationDistribution certain(int location, double mass) {
        float[] probabilities = new float[PaliGemmaTokenizer.LOCATIONS];
        probabilities[location] = 1;
        return new LocationDistribution(probabilities, mass);
    }

    /** What the parser makes of tokens, for a picture of 1000 x 500 pixels. */
    static ParsedAnswer parse(List<GeneratedToken> tokens) {
        return parse(tokens, 1000, 500, DetectionOptions.defaults());
    }

    /** What the parser makes of tokens. */
    static ParsedAnswer parse(List<GeneratedToken> tokens, int width, int height, DetectionOptions options) {
        DetectionParser parser = new DetectionParser(TOKENIZER, width, height, options);
        tokens.forEach(parser::accept);
        parser.finish();
        return parser.result();
    }

    /** What the parser makes of a text, for a picture of 1000 x 500 pixels. */
    static ParsedAnswer parse(String text) {
        return DetectionParser.parse(text, 1000, 500);
    }
}
