package dev.paligemma.cli.report;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paligemma.cli.JsonText;
import dev.paligemma.detection.Detection;
import dev.paligemma.detection.DetectionParser;
import dev.paligemma.detection.ParsedAnswer;
import dev.paligemma.detection.Segment;
import dev.paligemma.vision.mask.BitMask;
import dev.paligemma.vision.mask.CocoRle;
import dev.paligemma.vision.mask.SegmentationMask;
import java.io.IOException;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class BoxReportTest {
    private static final int WIDTH = 100;
    private static final int HEIGHT = 50;
    private static final String CODES = "<seg000>".repeat(16);
    private static final String CAT = "<loc0256><loc0512><loc0768><loc1023>" + CODES + " cat";
    private static final String DOG = "<loc0000><loc0000><loc0512><loc0512> big\u0007 dog";

    @Test
    void tableShowsTheAreaOfMasks() {
        assertThat(report(CAT + " ; " + DOG + " ; <loc0001> oops\nno", true, true)
                        .table()
                        .lines())
                .containsExactly(
                        "label    confidence    left     top   right  bottom  mask area",
                        "cat               -      50      12     100      38       1300",
                        "big dog           -       0       0      50      25          -",
                        "not a box (incomplete box): <loc0001> oops no",
                        "cut off (--max-new-tokens)");
    }

    @Test
    void tableOfBoxesHasNoColumnForMasks() {
        assertThat(report(CAT, false, false).table().lines())
                .containsExactly(
                        "label  confidence    left     top   right  bottom",
                        "cat             -      50      12     100      38");
        assertThat(report("", false, false).table().lines()).containsExactly("nothing found");
    }

    @Test
    void masksAreWrittenInTheFormsOfCoco() throws IOException {
        BoxReport report = report(CAT + " ; " + DOG, true, false);
        BitMask expected = report.segments().get(0).bitMask(0.5).orElseThrow();
        int[] outline = expected.polygons().get(0).exterior().toArray();

        Map<String, Object> json = json(report);

        List<Map<String, Object>> segments = objects(json, "segments");
        assertThat(segments.get(0))
                .containsEntry("label", "cat")
                .containsEntry("area", 1300L)
                .containsEntry("codes", List.of(256L, 512L, 768L, 1023L))
                .containsEntry("segmentationCodes", Collections.nCopies(16, 0L));
        Map<?, ?> rle = (Map<?, ?>) Objects.requireNonNull(segments.get(0).get("rle"));
        assertThat(rle.get("size")).isEqualTo(List.of((long) HEIGHT, (long) WIDTH));
        assertThat(CocoRle.parse(WIDTH, HEIGHT, String.valueOf(rle.get("counts")))
                        .toMask())
                .isEqualTo(expected);
        assertThat(objects(segments.get(0), "polygons"))
                .singleElement()
                .satisfies(polygon -> assertThat(polygon)
                        .containsEntry("holes", List.of())
                        .containsEntry(
                                "exterior",
                                IntStream.of(outline).asLongStream().boxed().toList()));
        assertThat(segments.get(1))
                .containsEntry("label", "big\u0007 dog")
                .containsEntry("segmentationCodes", List.of())
                .doesNotContainKeys("area", "rle", "polygons");
    }

    @Test
    void whatNobodyAskedForIsToldApart() throws IOException {
        String answer = "<loc0256><loc0512><loc0768><loc1023> cat ; <loc0000><loc0000><loc0100><loc0100> green circle";
        ParsedAnswer boxes = DetectionParser.parse(answer, WIDTH, HEIGHT);
        List<Segment> all = Segment.of(boxes, Optional.empty());

        BoxReport report = BoxReport.of(boxes, all, List.of("cat", "food bowl"), false, false);

        assertThat(report.segments()).extracting(Segment::label).containsExactly("cat");
        assertThat(report.table().lines()).hasSize(3).last().isEqualTo("not asked for (--any-label): green circle -");
        assertThat(objects(json(report), "detections")).hasSize(1);
        assertThat(objects(json(report), "unasked"))
                .singleElement()
                .satisfies(box -> assertThat(box).containsEntry("label", "green circle"));
        assertThat(BoxReport.of(boxes, all, List.of("dog"), false, false)
                        .table()
                        .lines())
                .first()
                .isEqualTo("nothing found");
    }

    /** Boxes of a text that no model wrote; whoever wrote a mask fills its box. */
    private static BoxReport report(String answer, boolean withMasks, boolean cutOff) {
        ParsedAnswer boxes = DetectionParser.parse(answer, WIDTH, HEIGHT);
        float[] full = new float[SegmentationMask.SIZE * SegmentationMask.SIZE];
        Arrays.fill(full, 1);
        List<Segment> segments = boxes.detections().stream()
                .map(box -> new Segment(box, maskOf(box, full), WIDTH, HEIGHT))
                .toList();
        return BoxReport.of(boxes, segments, List.of(), withMasks, cutOff);
    }

    private static Optional<SegmentationMask> maskOf(Detection box, float[] probabilities) {
        return box.hasMask() ? Optional.of(SegmentationMask.of(probabilities)) : Optional.empty();
    }

    private static Map<String, Object> json(BoxReport report) throws IOException {
        return JsonText.parse(report.facts().json());
    }

    @SuppressWarnings("unchecked")
    private static List<Map<String, Object>> objects(Map<String, Object> json, String name) {
        return (List<Map<String, Object>>) Objects.requireNonNull(json.get(name), name);
    }
}
