package dev.paligemma.vision;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which frames of a video are shown to the model. */
class VideoFramesTest {
    /** From {@code numpy.tile(numpy.arange(available)[::stride][:frames], frames)[:frames]}. */
    @ParameterizedTest
    @CsvSource({
        "100, 8, 9, 0 9 18 27 36 45 54 63",
        "30, 4, 10, 0 10 20 0",
        "31, 4, 10, 0 10 20 30",
        "5, 5, 2, 0 2 4 0 2",
        "3, 8, 1, 0 1 2 0 1 2 0 1",
        "1, 3, 7, 0 0 0",
        "9, 2, 100, 0 0",
        "2147483647, 3, 1073741823, 0 1073741823 2147483646",
    })
    void repeatsAVideoThatIsTooShortAndCutsALongOne(int available, int frames, int stride, String expected) {
        assertThat(VideoFrames.indices(available, frames, stride)).containsExactly(numbers(expected));
    }

    /** From {@code numpy.floor((numpy.arange(frames) + 0.5) * available / frames)}. */
    @ParameterizedTest
    @CsvSource({
        "100, 4, 12 37 62 87",
        "10, 3, 1 5 8",
        "16, 16, 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15",
        "7, 1, 3",
        "3, 7, 0 0 1 1 1 2 2",
        "1, 4, 0 0 0 0",
        "2147483647, 2, 536870911 1610612735",
    })
    void spacesFramesEvenly(int available, int frames, String expected) {
        assertThat(VideoFrames.evenIndices(available, frames)).containsExactly(numbers(expected));
    }

    @Property
    void evenFramesAreSymmetric(
            @ForAll @IntRange(min = 1, max = 5000) int available, @ForAll @IntRange(min = 1, max = 64) int frames) {
        int[] indices = VideoFrames.evenIndices(available, frames);

        for (int i = 0; i < frames; i++) {
            // Exact multiples of the part's length are rounded down on both sides.
            assertThat(indices[i] + indices[frames - 1 - i]).isBetween(available - 1, available);
        }
    }

    @Test
    void takesTheFramesAtThosePositions() {
        List<RgbImage> video = List.of(frame(0), frame(1), frame(2), frame(3));

        List<RgbImage> strided = VideoFrames.sample(video, 3, 2);
        List<RgbImage> even = VideoFrames.sampleEvenly(video, 2);

        assertThat(strided).containsExactly(frame(0), frame(2), frame(0));
        assertThat(even).containsExactly(frame(1), frame(3));
    }

    @Test
    void rejectsNumbersLessThanOne() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> VideoFrames.indices(0, 1, 1))
                .withMessageContaining("available");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> VideoFrames.indices(1, 0, 1))
                .withMessageContaining("frames");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> VideoFrames.indices(1, 1, 0))
                .withMessageContaining("stride");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> VideoFrames.sampleEvenly(List.of(), 2))
                .withMessageContaining("available");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> VideoFrames.evenIndices(3, -1))
                .withMessageContaining("frames");
    }

    private static RgbImage frame(int red) {
        return RgbImage.of(1, 1, new byte[] {(byte) red, 0, 0});
    }

    private static int[] numbers(String text) {
        return List.of(text.split(" ")).stream().mapToInt(Integer::parseInt).toArray();
    }
}
