package dev.paligemma.cli.command;

import static dev.paligemma.cli.Outcome.assertRefused;
import static dev.paligemma.cli.Outcome.parsed;
import static dev.paligemma.cli.Outcome.run;
import static org.assertj.core.api.Assertions.assertThat;

import dev.paligemma.cli.JsonText;
import dev.paligemma.cli.Outcome;
import dev.paligemma.tiny.TinyModel;
import dev.paligemma.vision.RgbImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class BoxCommandsTest {
    private static final String THING = TinyModel.THING;

    @TempDir
    Path folder;

    @Test
    void aTableHasALinePerBox() {
        Outcome found = run("detect", THING);

        assertThat(found.exitCode()).as(found.err()).isZero();
        assertThat(found.err()).isEmpty();
        assertThat(found.out().lines()).hasSize(2);
        assertThat(found.out().lines().findFirst()).hasValue("label        confidence    left     top   right  bottom");
        assertThat(found.out().lines().skip(1).findFirst().orElseThrow())
                .matches(THING + "      [01]\\.\\d{4}( +\\d+){4}");
    }

    @Test
    void rawIsWhatTheModelWrote() throws IOException {
        Outcome raw = run("detect", THING, "--raw");

        assertThat(raw.out()).matches("(<loc\\d{4}>){4} " + THING + "\\R");
        assertThat(raw.err()).isEmpty();
        assertThat(raw.out().strip()).isEqualTo(parsed("detect", THING).get("text"));
        assertThat(raw).isEqualTo(run("generate", "--prompt", "detect " + THING));
    }

    @Test
    void jsonHoldsTheBoxesAndTheFiguresOfEveryAnswer() throws IOException {
        Map<String, Object> json = parsed("detect", THING);

        assertThat(json.keySet()).containsAll(parsed("caption").keySet());
        RgbImage picture = RgbImage.read(TinyModel.picture());
        assertThat(json)
                .containsEntry("imageWidth", (long) picture.width())
                .containsEntry("imageHeight", (long) picture.height())
                .containsEntry("discarded", List.of())
                .containsEntry("fragments", List.of());
        List<Map<String, Object>> boxes = objects(json, "detections");
        assertThat(boxes).hasSize(1);
        Map<String, Object> box = boxes.get(0);
        List<Long> codes = codesIn((String) Objects.requireNonNull(json.get("text")));
        assertThat(box).containsEntry("label", THING).containsEntry("codes", codes);
        assertThat((Double) box.get("confidence")).isBetween(1e-3, 1.0);
        assertThat(object(box, "box"))
                .containsExactlyInAnyOrderEntriesOf(Map.of(
                        "left", Math.round(codes.get(1) / 1024.0 * picture.width()),
                        "top", Math.round(codes.get(0) / 1024.0 * picture.height()),
                        "right", Math.round(codes.get(3) / 1024.0 * picture.width()),
                        "bottom", Math.round(codes.get(2) / 1024.0 * picture.height())));
        assertThat(object(box, "boxNormalised")).containsEntry("left", codes.get(1) / 1024.0);
        assertThat(object(box, "spread"))
                .containsOnlyKeys("left", "top", "right", "bottom")
                .allSatisfy((edge, spread) -> assertThat((Double) spread).isBetween(0.0, 0.2));
    }

    @Test
    void aConstraintDoesNotChangeAnAnswerThatKeepsToIt() throws IOException {
        Map<String, Object> free = parsed("detect", THING);
        Map<String, Object> constrained = parsed("detect", THING, "--constrained");

        assertThat(constrained.get("tokenIds")).isEqualTo(free.get("tokenIds"));
        assertThat(free).doesNotContainKey("keptMass");
        assertThat((Double) constrained.get("keptMass")).isBetween(0.5, 1.0);
    }

    @Test
    void unsureBoxesAreSetAside() throws IOException {
        Map<String, Object> box = objects(parsed("detect", THING), "detections").get(0);
        double confidence = (Double) Objects.requireNonNull(box.get("confidence"));
        String above = String.valueOf(Math.nextUp(confidence));

        assertThat(run("detect", THING, "--min-confidence", String.valueOf(confidence)))
                .isEqualTo(run("detect", THING));
        assertThat(run("detect", THING, "--min-confidence", above).out().lines())
                .containsExactly("nothing found", "set aside (--min-confidence, --nms): 1");
        Map<String, Object> json = parsed("detect", THING, "--min-confidence", above);
        assertThat(objects(json, "detections")).isEmpty();
        assertThat(objects(json, "discarded")).hasSize(1);
    }

    @Test
    void whatIsNoBoxIsShown() throws IOException {
        Outcome cut = run("detect", THING, "--max-new-tokens", "2");

        assertThat(cut.out().lines()).hasSize(3).first().isEqualTo("nothing found");
        assertThat(cut.out().lines().skip(1).findFirst().orElseThrow())
                .matches("not a box \\(incomplete box\\): (<loc\\d{4}>){2}");
        assertThat(cut.out()).endsWith("cut off (--max-new-tokens)" + System.lineSeparator());
        assertThat(objects(parsed("detect", THING, "--max-new-tokens", "2"), "fragments"))
                .singleElement()
                .satisfies(fragment -> assertThat(fragment)
                        .containsEntry("reason", "incomplete box")
                        .containsEntry("start", 0L));
    }

    @Test
    void drawsWhatWasFound() {
        Path drawing = folder.resolve("found.png");

        Outcome outcome = run("detect", THING, "--out", drawing.toString());

        assertThat(outcome).isEqualTo(run("detect", THING));
        RgbImage picture = RgbImage.read(TinyModel.picture());
        RgbImage drawn = RgbImage.read(drawing);
        assertThat(drawn.width()).isEqualTo(picture.width());
        assertThat(drawn.height()).isEqualTo(picture.height());
        assertThat(drawn).isNotEqualTo(picture);
    }

    @Test
    void drawsInColoursAsAsked() {
        Path drawing = folder.resolve("names.png");
        Path plain = folder.resolve("plain.png");

        run("detect", THING, "--out", drawing.toString(), "--colour-by", "instance", "--no-confidence");
        run("detect", THING, "--out", plain.toString(), "--colour-by", "label");

        assertThat(RgbImage.read(drawing)).isNotEqualTo(RgbImage.read(plain));
    }

    @Test
    void findsWithEveryWayOfDecoding() throws IOException {
        Map<String, Object> searched = parsed("detect", THING, "--beams", "2");

        assertThat(objects(searched, "answers")).hasSize(2);
        assertThat(objects(searched, "detections"))
                .singleElement()
                .satisfies(box -> assertThat(box).containsEntry("label", THING));
        assertThat(run("detect", THING, "--sample", "1", "--top-k", "1")).isEqualTo(run("detect", THING));
    }

    @Test
    void repetitionsCanBeMadeUnlikely() {
        // The name is in the prompt already.
        assertThat(run("detect", THING, "--raw", "--repetition-penalty", "100", "--max-new-tokens", "20")
                        .out())
                .isNotEqualTo(run("detect", THING, "--raw").out());
        assertThat(run("detect", THING, "--raw", "--repetition-penalty", "1")).isEqualTo(run("detect", THING, "--raw"));
    }

    @Test
    void segmentFindsBoxesWithOrWithoutMasks() throws IOException {
        Outcome found = run("segment", THING);

        assertThat(found.exitCode()).as(found.err()).isZero();
        Map<String, Object> json =
                JsonText.parse(run("segment", THING, "--json").out());
        assertThat(json).containsEntry("prompt", "segment " + THING).doesNotContainKey("detections");
        List<Map<String, Object>> segments = objects(json, "segments");
        assertThat(found.out()).startsWith(segments.isEmpty() ? "nothing found" : "label ");
        assertThat(segments).allSatisfy(segment -> assertThat(segment).containsKey("segmentationCodes"));
    }

    @Test
    void codesWithoutADecoderAreKeptAndAMessageSaysWhereToGetIt() throws IOException {
        Path model = Outcome.copyOfBundledModel(folder);
        Files.deleteIfExists(model.resolve("vae-oid.npz"));
        String[] args = {"segment", THING, "--constrained", "--max-new-tokens", "30", "--model", model.toString()};

        Outcome found = run(args);

        assertThat(found.exitCode()).isZero();
        assertThat(found.err())
                .hasLineCount(1)
                .startsWith("paligemma: masks are left out: ")
                .contains("vae-oid.npz", "--mask-weights", model.toString());
        assertThat(found.out().lines().findFirst().orElseThrow()).endsWith("  mask area");
        assertThat(found.out().lines().skip(1).findFirst().orElseThrow()).endsWith(" -");
        Map<String, Object> json = JsonText.parse(
                run(Stream.concat(Stream.of(args), Stream.of("--json")).toArray(String[]::new))
                        .out());
        assertThat(objects(json, "segments").get(0))
                .doesNotContainKeys("rle", "polygons", "area")
                .extractingByKey("segmentationCodes")
                .asInstanceOf(InstanceOfAssertFactories.LIST)
                .hasSize(16);
    }

    @Test
    void refusesMaskWeightsThatAreNot() throws IOException {
        Path missing = folder.resolve("missing.npz");
        Path broken = Files.writeString(folder.resolve("broken.npz"), "not an archive");

        for (Path weights : List.of(missing, broken)) {
            Outcome refused = run("segment", THING, "--mask-weights", weights.toString());
            assertRefused(refused);
            assertThat(refused.err()).contains(weights.getFileName().toString());
        }
    }

    static Stream<List<String>> badUsage() {
        String picture = TinyModel.picture().toString();
        return Stream.of(
                List.of("--raw", "--json"),
                List.of("--min-confidence", "1.1"),
                List.of("--min-confidence", "NaN"),
                List.of("--nms", "-0.1"),
                List.of("--colour-by", "mood"),
                List.of("--out", "no-such-folder/found.png"),
                List.of("--out", TinyModel.folder().toString()),
                List.of("--image", picture, "--image", picture),
                List.of("--choices", "a,b"));
    }

    @ParameterizedTest
    @MethodSource
    void badUsage(List<String> options) {
        String[] args =
                Stream.concat(Stream.of("detect", THING), options.stream()).toArray(String[]::new);

        assertRefused(run(args));
    }

    private static List<Long> codesIn(String text) {
        return Pattern.compile("(?<=<loc)\\d{4}")
                .matcher(text)
                .results()
                .map(MatchResult::group)
                .map(Long::valueOf)
                .toList();
    }

    @SuppressWarnings("unchecked")
    private static List<Map<String, Object>> objects(Map<String, Object> json, String name) {
        return (List<Map<String, Object>>) Objects.requireNonNull(json.get(name), name);
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> object(Map<String, Object> json, String name) {
        return (Map<String, Object>) Objects.requireNonNull(json.get(name), name);
    }
}
