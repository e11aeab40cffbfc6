package dev.paligemma.vision.format;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.zip.DataFormatException;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.Inflater;

/** Compressed rows of a PNG file that is cut off, or whose checksums are wrong. */
final class PngRows {
    private static final int[] FIRST_X = {0, 4, 0, 2, 0, 1, 0};
    private static final int[] FIRST_Y = {0, 0, 4, 0, 2, 0, 1};
    private static final int[] STEP_X = {8, 8, 4, 4, 2, 2, 1};
    private static final int[] STEP_Y = {8, 8, 8, 4, 4, 2, 2};
    private static final int BUFFER_BYTES = 1 << 16;

    private PngRows() {}

    /**
     * The same rows as a stream without a fault. All of them must be there; then the stream may end without its checksum, as
     * in Pillow, but not with a wrong one.
     *
     * @param data the stream
     */
    static byte[] mended(ImageBytes file, byte[] data, long width, long height, int bitsPerPixel, boolean interlaced) {
        long left = interlaced ? 0 : bytes(width, height, bitsPerPixel);
        for (int pass = 0; interlaced && pass < FIRST_X.length; pass++) {
            long across = (width - FIRST_X[pass] + STEP_X[pass] - 1) / STEP_X[pass];
            long down = (height - FIRST_Y[pass] + STEP_Y[pass] - 1) / STEP_Y[pass];
            left += bytes(across, down, bitsPerPixel);
        }
        Inflater inflater = new Inflater();
        Deflater deflater = new Deflater(Deflater.BEST_SPEED);
        ByteArrayOutputStream mended = new ByteArrayOutputStream(data.length);
        byte[] buffer = new byte[BUFFER_BYTES];
        try (DeflaterOutputStream out = new DeflaterOutputStream(mended, deflater)) {
            inflater.setInput(data);
            while (left > 0) {
                int count = inflater.inflate(buffer, 0, (int) Math.min(left, buffer.length));
                if (count == 0) {
                    throw file.damaged("truncated: its picture data lacks " + left + " bytes");
                }
                out.write(buffer, 0, count);
                left -= count;
            }
            inflater.inflate(buffer, 0, 1); // reads the checksum, if it is there
        } catch (DataFormatException e) {
            throw file.damaged("its picture data cannot be decompressed: " + e.getMessage());
        } catch (IOException e) {
            throw new UncheckedIOException("a stream into memory failed", e);
        } finally {
            inflater.end();
            deflater.end();
        }
        return mended.toByteArray();
    }

    private static long bytes(long width, long height, int bitsPerPixel) {
        return width <= 0 || height <= 0 ? 0 : height * ((width * bitsPerPixel + 7) / 8 + 1);
    }
}
