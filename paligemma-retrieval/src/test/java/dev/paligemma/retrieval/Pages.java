package dev.paligemma.retrieval;

import dev.paligemma.vision.RgbImage;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** Synthetic pages, rectangles on white, as {@code src/reference/retrieval/make_goldens.py} draws them. */
final class Pages {
    private final int width;
    private final int height;
    private long state;

    private Pages(int number, int width, int height) {
        this.width = width;
        this.height = height;
        this.state = (number * 7919L + 17) & 0x7FFFFFFF;
    }

    static RgbImage page(int number, int width, int height) {
        return new Pages(number, width, height).image();
    }

    static List<RgbImage> pages(int count) {
        return IntStream.range(0, count)
                .mapToObj(number -> page(number, 56, 56))
                .toList();
    }

    private RgbImage image() {
        byte[] rgb = new byte[width * height * 3];
        Arrays.fill(rgb, (byte) 255);
        for (int i = 0; i < 6; i++) {
            int left = draw(width);
            int top = draw(height);
            int right = Math.min(width, left + 4 + draw(width / 2));
            int bottom = Math.min(height, top + 4 + draw(height / 2));
            byte[] colour = {(byte) draw(256), (byte) draw(256), (byte) draw(256)};
            for (int y = top; y < bottom; y++) {
                for (int x = left; x < right; x++) {
                    System.arraycopy(colour, 0, rgb, (y * width + x) * 3, 3);
                }
            }
        }
        return RgbImage.of(width, height, rgb);
    }

    private int draw(int bound) {
        state = (state * 1103515245L + 12345) & 0x7FFFFFFF;
        return (int) ((state >> 16) % bound);
    }
}
