package dev.paligemma.detection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.paligemma.vision.mask.BitMask;
import dev.paligemma.vision.mask.CocoRle;
import dev.paligemma.vision.mask.ImageMask;
import dev.paligemma.vision.mask.MaskCodec;
import dev.paligemma.vision.mask.SegmentationMask;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SegmentTest {
    private static final ParsedAnswer RESULT = Answers.parse(Answers.loc(256, 256, 768, 512) + Answers.seg(16)
            + " cat ; " + Answers.loc(0, 0, 512, 512) + " dog ; " + Answers.loc(9, 0, 9, 512) + Answers.seg(16));
    private static MaskCodec codec;

    @BeforeAll
    static void readWeights(@TempDir Path folder) throws IOException {
        codec = MaskCodec.read(MaskWeightsFile.write(folder.resolve("weights.npz")));
    }

    @Test
    void masksAreThoseOfTheCodes() {
        List<Segment> segments = Segment.of(RESULT, Optional.of(codec));

        int[] codes = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
        assertThat(segments).extracting(Segment::label).containsExactly("cat", "dog", "");
        assertThat(segments.get(0).mask()).contains(codec.decode(codes));
        assertThat(codec.decode(codes))
                .isNotEqualTo(codec.decode(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0));
        assertThat(segments.get(1).mask()).isEmpty();
        assertThat(segments.get(0).box()).isEqualTo(RESULT.detections().get(0).box());
        assertThat(segments.get(0).confidence()).isNaN();
    }

    @Test
    void maskLiesInItsBox() {
        Segment cat = new Segment(RESULT.detections().get(0), Optional.of(full()), 1000, 500);
        ImageMask mask = cat.imageMask().orElseThrow();

        // 250..500 x 125..375
        assertThat(mask.width()).isEqualTo(1000);
        assertThat(mask.height()).isEqualTo(500);
        assertThat(mask.probability(250, 125)).isEqualTo(1);
        assertThat(mask.probability(499, 374)).isEqualTo(1);
        assertThat(mask.probability(249, 125)).isZero();
        assertThat(mask.probability(500, 374)).isZero();
        assertThat(cat.bitMask(0.5).orElseThrow().area()).isEqualTo(250 * 250);
        assertThat(cat.polygons()).hasSize(1);
        assertThat(cat.rle().map(CocoRle::toMask)).isEqualTo(cat.bitMask(0.5));
        assertThatThrownBy(() -> cat.bitMask(1)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void maskOfABoxWithoutAreaIsEmpty() {
        Segment line = Segment.of(RESULT, Optional.of(codec)).get(2);

        assertThat(line.pixels().isEmpty()).isTrue();
        assertThat(line.mask()).isPresent();
        assertThat(line.bitMask(0.5).map(BitMask::area)).contains(0);
        assertThat(line.polygons()).isEmpty();
    }

    @Test
    void withoutWeightsThereIsABoxAndNoMask() {
        Segment cat = Segment.of(RESULT, Optional.empty()).get(0);

        assertThat(cat.detection().segmentationCodes()).hasSize(16);
        assertThat(cat.pixels()).isEqualTo(RESULT.detections().get(0).pixels());
        assertThat(cat.mask()).isEmpty();
        assertThat(cat.imageMask()).isEmpty();
        assertThat(cat.bitMask(0.5)).isEmpty();
        assertThat(cat.polygons()).isEmpty();
        assertThat(cat.rle()).isEmpty();
    }

    @Test
    void rejectsPicturesWithoutPixels() {
        assertThatThrownBy(() -> new Segment(RESULT.detections().get(0), Optional.empty(), 0, 5))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("0x5");
    }

    private static SegmentationMask full() {
        float[] ones = new float[SegmentationMask.SIZE * SegmentationMask.SIZE];
        Arrays.fill(ones, 1);
        return SegmentationMask.of(ones);
    }
}
