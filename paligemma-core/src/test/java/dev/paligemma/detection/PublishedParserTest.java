package dev.paligemma.detection;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paligemma.constraint.GeneratedToken;
import dev.paligemma.vision.PixelBox;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What the published parser finds; {@code src/reference/detections/make_goldens.py} made the cases. */
class PublishedParserTest {
    static Stream<Map<String, Object>> answers() {
        return JsonCases.read("answers.json").stream();
    }

    @ParameterizedTest
    @MethodSource("answers")
    void findsTheBoxesOfThePublishedParser(Map<String, Object> expected) {
        String answer = JsonCases.text(expected, "answer");
        int width = (int) JsonCases.number(expected, "width");
        int height = (int) JsonCases.number(expected, "height");
        DetectionOptions options = DetectionOptions.defaults()
                .withLocationScale(
                        JsonCases.number(expected, "divisor") == 1023
                                ? LocationScale.OVER_1023
                                : LocationScale.OVER_1024);
        ParsedAnswer text = DetectionParser.parse(answer, width, height, options);
        List<GeneratedToken> tokens = Answers.tokens(answer);
        ParsedAnswer written = Answers.parse(tokens, width, height, options);

        assertThat(text.detections().stream().map(PublishedParserTest::simple)).isEqualTo(boxes(expected));
        assertThat(written.detections().stream().map(PublishedParserTest::simple))
                .isEqualTo(boxes(expected));
        assertThat(text.rawText()).isEqualTo(answer);
    }

    @ParameterizedTest
    @MethodSource("answers")
    void listsWhatThePublishedParserLeavesOver(Map<String, Object> expected) {
        String answer = JsonCases.text(expected, "answer");
        String rest = JsonCases.text(expected, "rest");

        StringBuilder fragments = new StringBuilder();
        Answers.parse(answer)
                .fragments()
                .forEach(fragment -> fragments.append(fragment.piece().text()));

        assertThat(withoutSeparators(fragments.toString())).isEqualTo(withoutSeparators(rest));
    }

    private static String withoutSeparators(String text) {
        return text.replaceAll("[\\s;]", "");
    }

    private record Simple(List<Integer> pixels, String label, List<Integer> mask) {}

    private static Simple simple(Detection detection) {
        PixelBox box = detection.pixels();
        return new Simple(
                List.of(box.left(), box.top(), box.right(), box.bottom()),
                detection.label(),
                detection.segmentationCodes());
    }

    private static List<Simple> boxes(Map<String, Object> expected) {
        return JsonCases.<Map<String, Object>>list(expected, "boxes").stream()
                .map(box -> new Simple(
                        JsonCases.list(box, "pixels"),
                        JsonCases.text(box, "label"),
                        box.get("mask") == null ? List.of() : JsonCases.list(box, "mask")))
                .toList();
    }
}
