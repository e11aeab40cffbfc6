package dev.paligemma.vision.format;

import java.util.Arrays;

/** The metadata of WEBP files, whose pixels are left to ImageIO plug-ins. */
final class WebpFile {
    private static final int FIRST_CHUNK = 12;

    private WebpFile() {}

    static boolean is(ImageBytes file) {
        return file.startsWith(0, "RIFF") && file.startsWith(8, "WEBP");
    }

    /** Whether a WEBP file has fewer bytes than its header says; Pillow refuses it then. */
    static boolean isCutOff(ImageBytes file) {
        return is(file) && length(file) > file.length();
    }

    /** The file without what follows a WEBP file's last chunk: plug-ins compare the length with the header's. */
    static ImageBytes withoutPadding(ImageBytes file) {
        boolean isPadded = is(file) && length(file) >= FIRST_CHUNK && length(file) < file.length();
        return isPadded ? new ImageBytes("WEBP", Arrays.copyOf(file.array(), (int) length(file))) : file;
    }

    private static long length(ImageBytes file) {
        return 8 + file.u32(4, true);
    }

    /** The EXIF or XMP orientation, 1 to 8; upright for files that are not WEBP. */
    static int orientation(ImageBytes file) {
        int exif = Orientation.ABSENT;
        int xmp = Orientation.ABSENT;
        long at = FIRST_CHUNK;
        while (is(file) && at + 8 <= file.length()) {
            long length = file.u32(at + 4, true);
            long end = at + 8 + length;
            if (end > file.length()) {
                break;
            }
            int data = (int) at + 8;
            if (file.startsWith(at, "EXIF")) {
                exif = Orientation.fromExif(file, file.startsWith(data, "Exif\0\0") ? data + 6 : data, (int) end);
            } else if (file.startsWith(at, "XMP ")) {
                xmp = Orientation.fromXmp(file.array(), data, (int) end);
            }
            at = end + length % 2;
        }
        return Orientation.choose(exif, xmp);
    }
}
