package dev.paligemma.vision.format;

/** The metadata of WEBP files, whose pixels are left to ImageIO plug-ins. */
final class WebpFile {
    private static final int FIRST_CHUNK = 12;

    private WebpFile() {}

    static boolean is(ImageBytes file) {
        return file.startsWith(0, "RIFF") && file.startsWith(8, "WEBP");
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
