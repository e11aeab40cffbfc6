package dev.paligemma.detection;

import static dev.paligemma.detection.Answers.TOKENIZER;
import static dev.paligemma.detection.Answers.loc;
import static dev.paligemma.detection.Answers.parse;
import static dev.paligemma.detection.Answers.plainTokens;
import static dev.paligemma.detection.Answers.seg;
import static dev.paligemma.detection.Answers.tokens;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.api.Assertions.within;

import dev.paligemma.constraint.GeneratedToken;
import dev.paligemma.constraint.LocationDistribution;
import dev.paligemma.detection.Fragment.Reason;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class DetectionParserTest {
    private static final String CAT = loc(100, 200, 300, 400) + " cat";

    @Test
    void boxIsGivenInBothGeometries() {
        Detection cat = parse(loc(256, 512, 768, 1023) + " cat").detections().get(0);

        assertThat(cat.label()).isEqualTo("cat");
        assertThat(cat.box()).isEqualTo(new BoundingBox(0.5, 0.25, 1023 / 1024d, 0.75));
        assertThat(cat.pixels()).isEqualTo(new BoundingBox(0.5, 0.25, 0.999, 0.75).toPixels(1000, 500));
        assertThat(cat.pixels().right()).isEqualTo(999);
        assertThat(cat.pixels().top()).isEqualTo(125);
    }

    @Test
    void detectionsComeAsSoonAsTheyAreComplete() {
        DetectionParser parser = new DetectionParser(TOKENIZER, 1000, 500, DetectionOptions.defaults());
        List<String> events = new ArrayList<>();
        for (GeneratedToken token : tokens(CAT + " ; " + loc(1, 2, 3, 4) + loc(5, 6, 7, 8) + " dog")) {
            String written = TOKENIZER.tokenOf(token.id()).orElseThrow();
            parser.accept(token).ifPresent(box -> events.add(box.label() + " at " + written));
        }
        parser.finish().ifPresent(box -> events.add(box.label() + " at the end"));

        assertThat(events).containsExactly("cat at ;", " at <loc0005>", "dog at the end");
        assertThat(parser.finish()).isEmpty();
        assertThat(parser.result().detections()).hasSize(3);
    }

    @Test
    void confidenceIsThatOfLocationsAndLabel() {
        // Four codes, then ▁cat, then blank and semicolon, which do not count, like the mask of the second box.
        List<GeneratedToken> cat = tokens(CAT + " ;");
        assertThat(cat).hasSizeGreaterThan(6);
        int labelTokens = TOKENIZER.encode(" cat").length;
        assertThat(parse(cat).detections().get(0).confidence())
                .isCloseTo(product(cat.subList(0, 4 + labelTokens)), within(1e-12));

        List<GeneratedToken> masked = tokens(loc(1, 2, 3, 4) + seg(16));
        assertThat(parse(masked).detections().get(0).confidence())
                .isCloseTo(1 / 2d * 1 / 3d * 1 / 4d * 1 / 5d, within(1e-12));
    }

    @Test
    void separatorIsTheDecisionToBeginAnotherBox() {
        String first = loc(1, 2, 3, 4) + " cat";
        List<GeneratedToken> written = tokens(first + " ; " + loc(5, 6, 7, 8));

        List<GeneratedToken> second = written.subList(TOKENIZER.encode(first).length, written.size());

        assertThat(second).hasSizeGreaterThan(5);
        assertThat(parse(written).detections().get(1).confidence()).isCloseTo(product(second), within(1e-15));
    }

    private static double product(List<GeneratedToken> tokens) {
        return tokens.stream().mapToDouble(GeneratedToken::probability).reduce(1, (all, one) -> all * one);
    }

    @Test
    void allTokensOfACharacterCount() {
        // The cat takes four byte tokens, of which only the last one gives text.
        List<GeneratedToken> cat = tokens(loc(1, 2, 3, 4) + "\uD83D\uDC08");
        assertThat(cat).hasSize(8);

        Detection detection = parse(cat).detections().get(0);

        assertThat(detection.label()).isEqualTo("\uD83D\uDC08");
        assertThat(detection.tokens()).isEqualTo(cat);
        assertThat(detection.confidence()).isCloseTo(product(cat), within(1e-12));
    }

    @Test
    void impossibleTokenMakesTheConfidenceZero() {
        List<GeneratedToken> cat = new ArrayList<>(tokens(CAT));
        cat.set(4, GeneratedToken.of(cat.get(4).id(), Double.NEGATIVE_INFINITY));

        assertThat(parse(cat).detections().get(0).confidence()).isZero();
    }

    @Test
    void confidenceIsUnknownWithoutTheDistributions() {
        List<GeneratedToken> cat = new ArrayList<>(tokens(CAT));
        cat.set(0, GeneratedToken.of(cat.get(0).id(), -1));

        assertThat(parse(cat).detections().get(0).confidence()).isNaN();
    }

    @Test
    void spreadAndMeanAreThoseOfTheEdges() {
        List<GeneratedToken> tokens = IntStream.of(10, 20, 30, 40)
                .mapToObj(code -> new GeneratedToken(
                        TOKENIZER.locationId(code), -1, 0, Optional.of(twoOf(code, code + code / 5))))
                .toList();

        Detection box = parse(tokens).detections().get(0);

        assertThat(box.expected()).isEqualTo(new Detection.Edges(22d / 1024, 11d / 1024, 44d / 1024, 33d / 1024));
        assertThat(box.spread()).isEqualTo(new Detection.Edges(2d / 1024, 1d / 1024, 4d / 1024, 3d / 1024));
        assertThat(box.spread().mean()).isCloseTo(2.5 / 1024, within(1e-15));
        assertThat(parse(CAT).detections().get(0).spread().mean()).isNaN();
    }

    private static LocationDistribution twoOf(int first, int second) {
        float[] probabilities = new float[1024];
        probabilities[first] = 0.5F;
        probabilities[second] = 0.5F;
        return new LocationDistribution(probabilities, 1);
    }

    @Test
    void tokensAndTextPointIntoTheAnswer() {
        List<GeneratedToken> tokens = tokens("oh " + CAT + " ; " + loc(1, 2, 3, 4) + " dog");
        ParsedAnswer result = parse(tokens);

        for (AnswerPart part : result.parts()) {
            AnswerSpan piece = part.piece();
            assertThat(result.rawText().substring(piece.start(), piece.end())).isEqualTo(piece.text());
            assertThat(tokens.subList(
                            piece.firstToken(),
                            piece.firstToken() + piece.tokens().size()))
                    .isEqualTo(piece.tokens());
            assertThat(TOKENIZER
                            .decode(
                                    piece.tokens().stream()
                                            .mapToInt(GeneratedToken::id)
                                            .toArray(),
                                    true)
                            .strip())
                    .isEqualTo(piece.text());
        }
        assertThat(result.parts()).hasSize(3);
    }

    @Test
    void textHasNoConfidenceAndNoTokens() {
        Detection cat = parse(CAT).detections().get(0);

        assertThat(cat.confidence()).isNaN();
        assertThat(cat.spread().mean()).isNaN();
        assertThat(cat.tokens()).isEmpty();
        assertThatThrownBy(() -> DetectionParser.parse(
                        CAT, 1000, 500, DetectionOptions.defaults().withMinConfidence(0.1)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("minConfidence");
    }

    @Test
    void codesSpelledInLettersAreText() {
        List<GeneratedToken> tokens = new ArrayList<>(tokens(CAT));
        tokens.addAll(plainTokens(" " + loc(1, 2, 3, 4) + " <3"));

        ParsedAnswer result = parse(tokens);

        assertThat(result.detections()).extracting(Detection::label).containsExactly("cat " + loc(1, 2, 3, 4) + " <3");
        assertThat(result.fragments()).isEmpty();
        assertThat(result.rawText()).isEqualTo(CAT + " " + loc(1, 2, 3, 4) + " <3");
    }

    @Test
    void angleBracketsBelongToTheLabel() {
        assertThat(parse(loc(1, 2, 3, 4) + " a <b> c").detections())
                .extracting(Detection::label)
                .containsExactly("a <b> c");
        assertThat(parse(loc(1, 2, 3, 4) + " <loc1024><seg128>").detections())
                .extracting(Detection::label)
                .containsExactly("<loc1024><seg128>");
    }

    @Test
    void invertedBoxIsReportedWithItsCodesAndLabel() {
        ParsedAnswer result = parse(loc(300, 200, 100, 400) + " cat ; " + loc(1, 4, 3, 2) + seg(16));

        assertThat(result.detections()).isEmpty();
        assertThat(result.fragments())
                .extracting(Fragment::reason, Fragment::codes, Fragment::label)
                .containsExactly(
                        tuple(Reason.INVERTED_BOX, Optional.of(new LocationCodes(300, 200, 100, 400)), "cat"),
                        tuple(Reason.INVERTED_BOX, Optional.of(new LocationCodes(1, 4, 3, 2)), ""));
        assertThat(result.fragments().get(0).piece().text()).isEqualTo(loc(300, 200, 100, 400) + " cat");
    }

    @Test
    void fragmentsSayWhyTheyAreNoBox() {
        assertThat(reasons("a cat")).containsExactly("TEXT a cat");
        assertThat(reasons("a cat ; a dog")).containsExactly("TEXT a cat", "TEXT a dog");
        assertThat(reasons(loc(1, 2, 3))).containsExactly("INCOMPLETE_BOX " + loc(1, 2, 3));
        assertThat(reasons(loc(1, 2, 3) + " cat; dog"))
                .containsExactly("INCOMPLETE_BOX " + loc(1, 2, 3) + " cat", "TEXT dog");
        assertThat(reasons(loc(1, 2, 3, 4, 5) + " cat")).containsExactly("INCOMPLETE_BOX " + loc(5) + " cat");
        assertThat(reasons(seg(2) + " cat")).containsExactly("STRAY_MASK_CODES " + seg(2) + " cat");
        assertThat(reasons(CAT + seg(2))).containsExactly("STRAY_MASK_CODES " + seg(2));
        assertThat(reasons(loc(1, 2) + seg(16))).containsExactly("INCOMPLETE_BOX " + loc(1, 2) + seg(16));
    }

    @Test
    void wrongNumberOfMaskCodesLeavesBoxAndLabel() {
        ParsedAnswer few = parse(loc(1, 2, 3, 4) + seg(5) + " cat");
        assertThat(few.detections()).extracting(Detection::label).containsExactly("cat");
        assertThat(few.detections().get(0).hasMask()).isFalse();
        assertThat(reasons(few)).containsExactly("STRAY_MASK_CODES " + seg(5));

        ParsedAnswer many = parse(loc(1, 2, 3, 4) + seg(18) + " cat");
        assertThat(many.detections()).extracting(Detection::label).containsExactly("cat");
        assertThat(many.detections().get(0).segmentationCodes())
                .isEqualTo(IntStream.range(0, 16).boxed().toList());
        assertThat(reasons(many)).containsExactly("STRAY_MASK_CODES <seg016><seg017>");
    }

    @Test
    void incompleteCharacterInALabelIsReplaced() {
        int firstByte = TOKENIZER.encode("\uD83D\uDC08")[0];
        List<GeneratedToken> tokens = new ArrayList<>(tokens(loc(1, 2, 3, 4)));
        tokens.addAll(tokens(firstByte));
        tokens.addAll(tokens(loc(5, 6, 7, 8)));
        tokens.addAll(tokens(firstByte));

        ParsedAnswer result = parse(tokens);

        assertThat(result.detections()).extracting(Detection::label).containsExactly("\uFFFD", "\uFFFD");
        assertThat(result.detections()).extracting(box -> box.tokens().size()).containsExactly(5, 5);
        assertThat(result.rawText()).isEqualTo(loc(1, 2, 3, 4) + "\uFFFD" + loc(5, 6, 7, 8) + "\uFFFD");
    }

    @Test
    void specialTokensAndUnknownIdsAreSilent() {
        List<GeneratedToken> tokens = new ArrayList<>(tokens(TOKENIZER.bosId(), TOKENIZER.padId(), 1_000_000));
        tokens.addAll(tokens(CAT));
        tokens.addAll(tokens(TOKENIZER.eosId()));

        ParsedAnswer result = parse(tokens);

        assertThat(result.rawText()).isEqualTo(CAT);
        assertThat(result.detections().get(0).confidence())
                .isEqualTo(parse(tokens(CAT)).detections().get(0).confidence());
    }

    @Test
    void unsureBoxesAreSetAside() {
        List<GeneratedToken> tokens = tokens(CAT + " ; " + loc(1, 2, 3, 4) + " dog");
        List<Detection> all = parse(tokens).detections();
        double limit = all.get(0).confidence();
        assertThat(all.get(1).confidence()).isLessThan(limit);
        DetectionParser parser = new DetectionParser(
                TOKENIZER, 1000, 500, DetectionOptions.defaults().withMinConfidence(limit));

        List<Detection> streamed = new ArrayList<>();
        tokens.forEach(token -> parser.accept(token).ifPresent(streamed::add));
        parser.finish().ifPresent(streamed::add);

        assertThat(streamed).containsExactly(all.get(0));
        assertThat(parser.result().detections()).containsExactly(all.get(0));
        assertThat(parser.result().discarded()).containsExactly(all.get(1));
        assertThat(parser.result().parts()).hasSize(2);
    }

    @Test
    void repeatedBoxIsSetAside() {
        ParsedAnswer result = DetectionParser.parse(
                CAT + " ; " + CAT + " ; " + loc(100, 200, 300, 400) + " dog",
                1000,
                500,
                DetectionOptions.defaults().withMaxIou(0.9));

        assertThat(result.detections()).extracting(Detection::label).containsExactly("cat", "dog");
        assertThat(result.discarded()).extracting(Detection::label).containsExactly("cat");
        assertThat(result.discarded().get(0).piece().start()).isEqualTo(CAT.length() + 3);
    }

    @Test
    void misuseIsRefused() {
        DetectionParser parser = new DetectionParser(TOKENIZER, 1000, 500, DetectionOptions.defaults());
        assertThatThrownBy(parser::result).isInstanceOf(IllegalStateException.class);
        parser.finish();
        assertThatThrownBy(() -> parser.accept(GeneratedToken.of(1, 0))).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> new DetectionParser(TOKENIZER, 0, 500, DetectionOptions.defaults()))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> DetectionParser.parse("", 5, -1)).isInstanceOf(IllegalArgumentException.class);
        for (double bad : new double[] {-0.1, 1.5, Double.NaN}) {
            assertThatThrownBy(() -> DetectionOptions.defaults().withMinConfidence(bad))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("minConfidence");
            assertThatThrownBy(() -> DetectionOptions.defaults().withMaxIou(bad))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("maxIou");
        }
    }

    private static List<String> reasons(String answer) {
        List<String> ofText = reasons(parse(answer));
        assertThat(reasons(parse(tokens(answer)))).isEqualTo(ofText);
        return ofText;
    }

    private static List<String> reasons(ParsedAnswer result) {
        return result.fragments().stream()
                .map(fragment -> fragment.reason() + " " + fragment.piece().text())
                .toList();
    }
}
