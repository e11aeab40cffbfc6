package dev.paligemma.vision.format;

import java.util.Arrays;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * Measures how much a compressed strip or tile holds, without storing it.
 *
 * <p>ImageIO's decoders of LZW and deflate stop at the end of their data and leave the rest of the picture black.
 */
final class TiffCompression {
    private static final int CLEAR = 256;
    private static final int END = 257;
    private static final int MAX_BITS = 12;
    private static final int MAX_CODES = 1 << MAX_BITS;

    private TiffCompression() {}

    /** Counts the bytes that deflated data expands to, up to {@code enough}; damaged data ends where it is damaged. */
    static long inflatedLength(byte[] data, int from, int to, long enough) {
        Inflater inflater = new Inflater();
        try {
            inflater.setInput(data, from, to - from);
            byte[] discarded = new byte[8192];
            long total = 0;
            while (total < enough) {
                int n = inflater.inflate(discarded);
                if (n == 0) {
                    break;
                }
                total += n;
            }
            return total;
        } catch (DataFormatException e) {
            return 0;
        } finally {
            inflater.end();
        }
    }

    /** Counts the bytes that LZW codes stand for, up to {@code enough}. */
    static long lzwLength(byte[] data, int from, int to, long enough) {
        int[] length = new int[MAX_CODES];
        Arrays.fill(length, 0, CLEAR, 1);
        long total = 0;
        int next = END + 1;
        int bits = 9;
        int previous = -1;
        int buffer = 0;
        int buffered = 0;
        int p = from;
        while (total < enough) {
            while (buffered < bits && p < to) {
                buffer = buffer << 8 | (data[p++] & 255);
                buffered += 8;
            }
            if (buffered < bits) {
                break;
            }
            int code = buffer >>> (buffered - bits) & ((1 << bits) - 1);
            buffered -= bits;
            buffer &= (1 << buffered) - 1;
            if (code == END) {
                break;
            }
            if (code == CLEAR) {
                next = END + 1;
                bits = 9;
                previous = -1;
                continue;
            }
            if (code > next || (code == next && previous < 0)) {
                break;
            }
            if (previous >= 0 && next < MAX_CODES) {
                length[next++] = length[previous] + 1;
            }
            total += length[code];
            previous = code;
            // TIFF widens its codes one entry earlier than necessary.
            if (next >= (1 << bits) - 1 && bits < MAX_BITS) {
                bits++;
            }
        }
        return total;
    }
}
