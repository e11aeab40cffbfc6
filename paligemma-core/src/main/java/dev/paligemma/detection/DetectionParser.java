package dev.paligemma.detection;

import dev.paligemma.constraint.GeneratedToken;
import dev.paligemma.generation.GenerationResult;
import dev.paligemma.tokenizer.PaliGemmaTokenizer;
import dev.paligemma.tokenizer.StreamingDecoder;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads boxes and masks from an answer while it is written, token by token. Confined to one thread.
 *
 * <p>A box is four location codes in a row ({@code <loc0051>}; upper, left, lower, right edge), then sixteen segmentation
 * codes if there is a mask, then a label up to the next semicolon, the next code or the end. A missing label is empty.
 * Blanks around a label are not part of it. Everything else is a {@link Fragment}; no answer makes the parser fail.
 * <ul>
 *   <li>More than four location codes in a row are cut into fours from the first; what is left over is a fragment.
 *   <li>A box with swapped edges is a fragment; one with equal edges is a box without area.
 *   <li>Of more than sixteen segmentation codes the first sixteen count; fewer are no mask. The codes that do not count
 *       are a fragment, the box and its label stay.
 * </ul>
 *
 * <p>Codes are recognised by their token ids, so a label may spell {@code <loc0001>} in letters.
 *
 * <pre>{@code
 * DetectionParser parser = new DetectionParser(tokenizer, image.width(), image.height(), DetectionOptions.defaults());
 * for (GeneratedToken token : tokens) {
 *     parser.accept(token).ifPresent(this::show);
 * }
 * parser.finish().ifPresent(this::show);
 * ParsedAnswer result = parser.result();
 * }</pre>
 */
public final class DetectionParser {
    // Locations 0 to 1023 and segmentation codes 0 to 127; other numbers are text.
    private static final Pattern CODE =
            Pattern.compile("<loc(0\\d{3}|10[01]\\d|102[0-3])>|<seg(0\\d{2}|1[01]\\d|12[0-7])>");

    private final PaliGemmaTokenizer tokenizer;
    private final StreamingDecoder decoder;
    private final DetectionOptions options;
    private final int imageWidth;
    private final int imageHeight;
    private final AnswerText answer = new AnswerText();
    private final AnswerGrammar grammar;
    private boolean finished;

    /**
     * A parser of one answer.
     *
     * @param tokenizer the one of the model that writes
     * @param imageWidth of the original picture, in pixels, at least 1
     * @param imageHeight of the original picture, in pixels, at least 1
     * @param options how boxes are read and which are kept
     * @throws IllegalArgumentException if a side is less than 1
     */
    public DetectionParser(PaliGemmaTokenizer tokenizer, int imageWidth, int imageHeight, DetectionOptions options) {
        BoundingBox.requireSize(imageWidth, imageHeight);
        this.tokenizer = Objects.requireNonNull(tokenizer, "tokenizer");
        this.decoder = tokenizer.newStreamingDecoder(true);
        this.options = Objects.requireNonNull(options, "options");
        this.imageWidth = imageWidth;
        this.imageHeight = imageHeight;
        this.grammar = new AnswerGrammar(answer, options.locationScale(), imageWidth, imageHeight);
    }

    /** As {@link #parse(String, int, int, DetectionOptions)}, with default options. */
    public static ParsedAnswer parse(String answer, int imageWidth, int imageHeight) {
        return parse(answer, imageWidth, imageHeight, DetectionOptions.defaults());
    }

    /**
     * Reads the text of a whole answer about a picture of this size in pixels. Codes are recognised by their spelling;
     * confidences are unknown, so of overlapping boxes the first is kept.
     *
     * @throws IllegalArgumentException if a side is less than 1, or the options ask for a confidence
     */
    public static ParsedAnswer parse(String answer, int imageWidth, int imageHeight, DetectionOptions options) {
        BoundingBox.requireSize(imageWidth, imageHeight);
        if (options.minConfidence() > 0) {
            throw new IllegalArgumentException(
                    "text has no confidence, so minConfidence must be 0, not " + options.minConfidence());
        }
        AnswerText text = new AnswerText();
        AnswerGrammar grammar = new AnswerGrammar(text, options.locationScale(), imageWidth, imageHeight);
        Matcher codes = CODE.matcher(answer);
        int end = 0;
        while (codes.find()) {
            text.append(answer.substring(end, codes.start()));
            grammar.text(end);
            text.append(codes.group());
            String location = codes.group(1);
            if (location != null) {
                grammar.location(Integer.parseInt(location), codes.start());
            } else {
                grammar.segmentation(Integer.parseInt(codes.group(2)), codes.start());
            }
            end = codes.end();
        }
        text.append(answer.substring(end));
        grammar.text(end);
        grammar.finish();
        return new ParsedAnswer(grammar.parts(), answer, imageWidth, imageHeight, options);
    }

    /**
     * Takes the next token that the model wrote.
     *
     * @return the box that is complete now: a semicolon or the next code has ended its label. Boxes that are too unsure
     *     are left out; overlapping ones are not, because the better one may still come
     * @throws IllegalStateException if the answer is finished
     */
    public Optional<Detection> accept(GeneratedToken token) {
        if (finished) {
            throw new IllegalStateException("the answer is finished, no token can follow: " + token);
        }
        int location = tokenizer.locationIndex(token.id());
        int segmentation = tokenizer.segmentationIndex(token.id());
        if (location < 0 && segmentation < 0) {
            int from = answer.length();
            answer.append(token, decoder.push(token.id()));
            return confident(grammar.text(from));
        }
        flush();
        int from = answer.length();
        if (location >= 0) {
            answer.append(token, String.format(Locale.ROOT, "<loc%04d>", location));
            return confident(grammar.location(location, from));
        }
        answer.append(token, String.format(Locale.ROOT, "<seg%03d>", segmentation));
        return confident(grammar.segmentation(segmentation, from));
    }

    /** Ends the answer, and gives the last box if it was not complete before. Further calls do nothing. */
    public Optional<Detection> finish() {
        if (finished) {
            return Optional.empty();
        }
        finished = true;
        flush();
        return confident(grammar.finish());
    }

    /**
     * The boxes of the whole answer and all else that was written; an {@link IllegalStateException} if it is not
     * finished.
     */
    public ParsedAnswer result() {
        return new ParsedAnswer(finishedParts(), answer.toString(), imageWidth, imageHeight, options);
    }

    /** As {@link #result()}, with the figures of the model that wrote the tokens. */
    public DetectionResult result(GenerationResult generation) {
        return new DetectionResult(finishedParts(), answer.toString(), imageWidth, imageHeight, options, generation);
    }

    private List<AnswerPart> finishedParts() {
        if (!finished) {
            throw new IllegalStateException("the answer has no result before finish()");
        }
        return grammar.parts();
    }

    /** Writes out what the decoder holds back, replacements for a character that stayed incomplete: they end no box. */
    private void flush() {
        int from = answer.length();
        answer.appendToLast(decoder.finish());
        grammar.text(from);
    }

    private Optional<Detection> confident(@Nullable Detection ended) {
        return Optional.ofNullable(ended).filter(detection -> ParsedAnswer.isConfident(detection, options));
    }
}
