package dev.paligemma.vision;

import java.util.ArrayList;
import java.util.List;

/**
 * Chooses which pictures of a video a model gets to see. PaliGemma has no notion of time: the frames of a video are
 * images of one request, in order.
 *
 * <p>The methods that give positions allow to decode only the chosen frames. All methods are pure and thread-safe.
 */
public final class VideoFrames {
    private VideoFrames() {}

    /**
     * Positions of frames a fixed distance apart, from the first frame on, as big_vision evaluates PaliGemma on videos.
     *
     * <p>If the video ends too early, the positions found so far are repeated from the start: {@code indices(5, 5, 2)} is
     * {@code [0, 2, 4, 0, 2]}. If it is longer, its end is not seen; see {@link #evenIndices}.
     *
     * <p>Frames and stride of the published fine-tuned models: MSR-VTT 16 and 9, VATEX 16 and 7, ActivityNet captions 16
     * and 30, ActivityNet questions 16 and 70, MSVD questions 8 and 26.
     *
     * @param available how many frames the video has, at least 1
     * @param frames how many are wanted, at least 1
     * @param stride distance of two chosen frames, at least 1
     * @return {@code frames} positions, each 0 to {@code available - 1}
     * @throws IllegalArgumentException if a number is less than 1
     */
    public static int[] indices(int available, int frames, int stride) {
        requirePositive("available", available);
        requirePositive("frames", frames);
        requirePositive("stride", stride);
        int distinct = (available - 1) / stride + 1;
        int[] indices = new int[frames];
        for (int i = 0; i < frames; i++) {
            indices[i] = i % distinct * stride;
        }
        return indices;
    }

    /**
     * Positions evenly spaced over the whole video: it is divided into {@code frames} parts of equal length, of each of
     * which the frame in the middle is taken, {@code floor((i + 0.5) * available / frames)}.
     *
     * <p>If the video has fewer frames than wanted, some come several times in a row.
     *
     * @param available how many frames the video has, at least 1
     * @param frames how many are wanted, at least 1
     * @return {@code frames} positions in ascending order, each 0 to {@code available - 1}
     * @throws IllegalArgumentException if a number is less than 1
     */
    public static int[] evenIndices(int available, int frames) {
        requirePositive("available", available);
        requirePositive("frames", frames);
        int[] indices = new int[frames];
        for (int i = 0; i < frames; i++) {
            // (2i + 1) is at most 2^32 and available less than 2^31, so the product fits.
            indices[i] = (int) ((2L * i + 1) * available / (2L * frames));
        }
        return indices;
    }

    /**
     * Takes the frames of {@link #indices} from a video: a new unmodifiable list.
     *
     * @param <T> what a frame is, for instance {@link RgbImage}
     */
    public static <T> List<T> sample(List<? extends T> video, int frames, int stride) {
        return take(video, indices(video.size(), frames, stride));
    }

    /**
     * Takes the frames of {@link #evenIndices} from a video: a new unmodifiable list.
     *
     * @param <T> what a frame is, for instance {@link RgbImage}
     */
    public static <T> List<T> sampleEvenly(List<? extends T> video, int frames) {
        return take(video, evenIndices(video.size(), frames));
    }

    private static <T> List<T> take(List<? extends T> video, int[] indices) {
        List<T> taken = new ArrayList<>(indices.length);
        for (int index : indices) {
            taken.add(video.get(index));
        }
        return List.copyOf(taken);
    }

    private static void requirePositive(String name, int number) {
        if (number < 1) {
            throw new IllegalArgumentException(name + " must be at least 1, not " + number);
        }
    }
}
