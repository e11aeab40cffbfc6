package dev.paligemma.vision;

import java.nio.ByteBuffer;

/** Finds fields of TIFF files, for tests. */
final class TiffTool {
    private TiffTool() {}

    /** The position of the directory entry of a tag, or -1; the buffer must have the file's byte order. */
    static int entry(ByteBuffer tiff, int tag) {
        int directory = tiff.getInt(4);
        for (int i = 0; i < tiff.getShort(directory); i++) {
            int entry = directory + 2 + 12 * i;
            if ((tiff.getShort(entry) & 0xFFFF) == tag) {
                return entry;
            }
        }
        return -1;
    }
}
