package dev.paligemma.vision.mask;

import dev.paligemma.vision.PixelBox;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/** The golden files written by src/reference/masks/make_goldens.py. */
final class MaskGoldens {
    private MaskGoldens() {}

    /** The columns of each line. */
    static List<String[]> table(String name) {
        return new String(bytes(name), StandardCharsets.UTF_8)
                .lines()
                .map(line -> line.split("\t", -1))
                .toList();
    }

    static float[] floats(String name) {
        ByteBuffer bytes = ByteBuffer.wrap(bytes(name + ".f32")).order(ByteOrder.LITTLE_ENDIAN);
        float[] values = new float[bytes.remaining() / 4];
        bytes.asFloatBuffer().get(values);
        return values;
    }

    static int[] integers(String text) {
        return Arrays.stream(text.split(" ")).mapToInt(Integer::parseInt).toArray();
    }

    static PixelBox box(String text) {
        int[] sides = integers(text);
        return new PixelBox(sides[0], sides[1], sides[2], sides[3]);
    }

    /** The decoded mask of a case of decode.tsv. */
    static SegmentationMask decoded(String name) {
        float[] values = floats(name);
        for (int i = 0; i < values.length; i++) {
            values[i] = Math.min(Math.max(0.5f * values[i] + 0.5f, 0f), 1f);
        }
        return SegmentationMask.of(values);
    }

    /** Copies a golden file to a folder. */
    static Path file(String name, Path folder) {
        try {
            return Files.write(folder.resolve(Path.of(name).getFileName()), bytes(name));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static byte[] bytes(String name) {
        try (InputStream in = MaskGoldens.class.getResourceAsStream("/masks/" + name)) {
            return Objects.requireNonNull(in, name).readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
