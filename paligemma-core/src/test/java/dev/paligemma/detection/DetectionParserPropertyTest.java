package dev.paligemma.detection;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paligemma.constraint.GeneratedToken;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;

class DetectionParserPropertyTest {
    /** A box to be written. */
    private record Box(LocationCodes codes, List<Integer> mask, String label) {
        String write() {
            StringBuilder text =
                    new StringBuilder(Answers.loc(codes.top(), codes.left(), codes.bottom(), codes.right()));
            mask.forEach(code -> text.append(String.format(Locale.ROOT, "<seg%03d>", code)));
            return text.append(label.isEmpty() ? "" : " ").append(label).toString();
        }
    }

    @Property(tries = 300)
    void readsWhatIsWritten(@ForAll("boxes") List<Box> boxes) {
        String answer = boxes.stream().map(Box::write).collect(Collectors.joining(" ; "));
        ParsedAnswer result = Answers.parse(Answers.tokens(answer));

        assertThat(result.rawText()).isEqualTo(answer);
        assertThat(result.parts().stream().map(DetectionParserPropertyTest::box))
                .isEqualTo(boxes);
        assertThat(result.fragments()).allMatch(fragment -> fragment.reason() == Fragment.Reason.INVERTED_BOX);
    }

    private static Box box(AnswerPart part) {
        if (part instanceof Detection found) {
            assertThat(found.codes()).contains(codes(found));
            return new Box(codes(found), found.segmentationCodes(), found.label());
        }
        Fragment fragment = (Fragment) part;
        return new Box(fragment.codes().orElseThrow(), List.of(), fragment.label());
    }

    private static LocationCodes codes(Detection found) {
        BoundingBox box = found.box();
        return new LocationCodes((int) (box.top() * 1024), (int) (box.left() * 1024), (int) (box.bottom() * 1024), (int)
                (box.right() * 1024));
    }

    @Property(tries = 1000)
    void everyCharacterIsInABoxAFragmentOrASeparator(@ForAll("garbage") String answer) {
        ParsedAnswer result = Answers.parse(answer);

        assertThat(result.rawText()).isEqualTo(answer);
        assertPartsCover(result);
    }

    @Property(tries = 1000)
    void everySequenceOfTokensIsRead(@ForAll("ids") List<Integer> ids) {
        ParsedAnswer result = Answers.parse(
                Answers.tokens(ids.stream().mapToInt(Integer::intValue).toArray()));

        assertPartsCover(result);
        for (AnswerPart part : result.parts()) {
            List<GeneratedToken> tokens = part.piece().tokens();
            assertThat(tokens).isNotEmpty();
            int first = part.piece().firstToken();
            assertThat(tokens.stream().map(GeneratedToken::id)).isEqualTo(ids.subList(first, first + tokens.size()));
        }
        assertThat(result.detections()).allMatch(box -> box.confidence() > 0 && box.confidence() < 1);
    }

    @Property(tries = 500)
    void tokensGiveTheSameAsTheirText(@ForAll("garbage") String answer) {
        ParsedAnswer ofTokens = Answers.parse(Answers.tokens(answer));
        ParsedAnswer ofText = Answers.parse(ofTokens.rawText());

        assertThat(ofTokens.parts().stream().map(DetectionParserPropertyTest::withoutTokens))
                .isEqualTo(ofText.parts().stream()
                        .map(DetectionParserPropertyTest::withoutTokens)
                        .toList());
    }

    @Property(tries = 500)
    void streamGivesTheSameAsTheWhole(@ForAll("ids") List<Integer> ids) {
        List<GeneratedToken> tokens =
                Answers.tokens(ids.stream().mapToInt(Integer::intValue).toArray());
        DetectionParser parser = new DetectionParser(Answers.TOKENIZER, 1000, 500, DetectionOptions.defaults());
        List<Detection> streamed = new ArrayList<>();
        tokens.forEach(token -> parser.accept(token).ifPresent(streamed::add));
        parser.finish().ifPresent(streamed::add);

        assertThat(streamed).isEqualTo(Answers.parse(tokens).detections());
    }

    private static String withoutTokens(AnswerPart part) {
        String what = part instanceof Detection found
                ? found.label() + found.box() + found.segmentationCodes()
                : ((Fragment) part).reason() + ((Fragment) part).label();
        return what + part.piece().start() + part.piece().text();
    }

    private static void assertPartsCover(ParsedAnswer result) {
        String text = result.rawText();
        BitSet covered = new BitSet();
        for (AnswerPart part : result.parts()) {
            AnswerSpan piece = part.piece();
            assertThat(text.substring(piece.start(), piece.end())).isEqualTo(piece.text());
            BitSet own = new BitSet();
            own.set(piece.start(), piece.end());
            boolean inside = part instanceof Fragment fragment && fragment.reason() == Fragment.Reason.STRAY_MASK_CODES;
            assertThat(inside || !covered.intersects(own)).isTrue();
            covered.or(own);
        }
        for (int i = covered.nextClearBit(0); i < text.length(); i = covered.nextClearBit(i + 1)) {
            assertThat(text.charAt(i) == ';' || Character.isWhitespace(text.charAt(i)))
                    .as("'%s' at %s of %s", text.charAt(i), i, text)
                    .isTrue();
        }
    }

    @Provide
    Arbitrary<List<Box>> boxes() {
        Arbitrary<Integer> edge = Arbitraries.integers().between(0, 1023);
        Arbitrary<LocationCodes> codes =
                Combinators.combine(edge, edge, edge, edge).as(LocationCodes::new);
        Arbitrary<List<Integer>> mask = Arbitraries.oneOf(
                Arbitraries.just(List.of()),
                Arbitraries.integers().between(0, 127).list().ofSize(16));
        Arbitrary<String> label = Arbitraries.strings()
                .alpha()
                .withChars(' ', '\'', '\n', '<', '>', 'é', '猫')
                .ofMaxLength(12)
                .map(String::strip);
        // A mask of an inverted box is in its text only.
        return Combinators.combine(codes, mask, label)
                .as((c, m, l) -> new Box(c, c.isInverted() ? List.of() : m, l))
                .list()
                .ofMaxSize(5);
    }

    @Provide
    Arbitrary<String> garbage() {
        return Arbitraries.frequencyOf(
                        Tuple.of(8, Arbitraries.of("<loc0001>", "<loc0512>", "<loc1023>")),
                        Tuple.of(4, Arbitraries.of("<seg001>", Answers.seg(16), Answers.seg(17))),
                        Tuple.of(
                                6,
                                Arbitraries.of(
                                        " ; ", ";", " ", "\n", "cat", "<loc1024>", "<loc00", "1>", "<", ">", "<eos")),
                        Tuple.of(2, Arbitraries.strings().ofMaxLength(5)))
                .list()
                .ofMaxSize(30)
                .map(parts -> String.join("", parts));
    }

    @Provide
    Arbitrary<List<Integer>> ids() {
        Arbitrary<Integer> location = Arbitraries.integers().between(0, 1023).map(Answers.TOKENIZER::locationId);
        Arbitrary<Integer> segmentation = Arbitraries.integers().between(0, 127).map(Answers.TOKENIZER::segmentationId);
        int semicolon = Answers.TOKENIZER.idOf(";").orElseThrow();
        return Arbitraries.frequencyOf(
                        Tuple.of(8, location),
                        Tuple.of(4, segmentation),
                        Tuple.of(2, Arbitraries.just(semicolon)),
                        Tuple.of(4, Arbitraries.integers().between(0, Answers.TOKENIZER.vocabularySize() + 10)))
                .list()
                .ofMaxSize(60);
    }
}
