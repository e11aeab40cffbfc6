package dev.paligemma.vision.format;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;

/**
 * The segments of a JPEG file.
 *
 * <p>Application segments and comments are dropped, colour profiles among them (Pillow ignores profiles, ImageIO would
 * apply them). What they say about the meaning of the components is decided here by libjpeg's rules and written as one
 * segment that no decoder can take for something else: ImageIO's own guesses differ from libjpeg's.
 */
final class JpegFile {
    private static final int SOF0 = 0xC0;
    private static final int SOF1 = 0xC1;
    private static final int SOF2 = 0xC2;
    private static final int DHT = 0xC4;
    private static final int JPG = 0xC8;
    private static final int SOF9 = 0xC9;
    private static final int SOF10 = 0xCA;
    private static final int DAC = 0xCC;
    private static final int SOF15 = 0xCF;
    private static final int RST0 = 0xD0;
    private static final int RST7 = 0xD7;
    private static final int SOI = 0xD8;
    private static final int EOI = 0xD9;
    private static final int SOS = 0xDA;
    private static final int DNL = 0xDC;
    private static final int APP0 = 0xE0;
    private static final int APP1 = 0xE1;
    private static final int APP14 = 0xEE;
    private static final int APP15 = 0xEF;
    private static final int COM = 0xFE;
    private static final int TEM = 0x01;

    private static final String XMP = "http://ns.adobe.com/xap/1.0/\0";

    /** Encoders write up to about 20 scans; each costs a pass over all coefficients, however short it is. */
    static final int MAX_SCANS = 100;

    /** So many equal bytes at the end of a file are padding. */
    private static final int PADDING_BYTES = 64;

    private static final byte[] JFIF = {
        (byte) 0xFF, (byte) APP0, 0, 16, 'J', 'F', 'I', 'F', 0, 1, 1, 0, 0, 1, 0, 1, 0, 0
    };

    private final ImageBytes file;
    private final int end;
    private final ByteArrayOutputStream body = new ByteArrayOutputStream();

    private boolean jfif;
    private boolean adobe;
    private int adobeTransform;
    private int exif = Orientation.ABSENT;
    private boolean exifSeen;
    private int xmp = Orientation.ABSENT;

    private int frameMarker;
    private int width;
    private int height;
    private int[] componentIds = {};
    private int scans;
    private long scanBytes;

    private JpegFile(ImageBytes file, int end) {
        this.file = file;
        this.end = end;
    }

    static EncodedImage parse(byte[] bytes, ImageOptions options) {
        ImageBytes file = new ImageBytes("JPEG", bytes);
        JpegFile jpeg = new JpegFile(file, bytes.length);
        jpeg.walk(2, options);
        ByteArrayOutputStream out = new ByteArrayOutputStream(jpeg.body.size() + 32);
        out.write(0xFF);
        out.write(SOI);
        out.writeBytes(jpeg.colourSegment());
        out.writeBytes(jpeg.body.toByteArray());
        out.write(0xFF);
        out.write(EOI);
        return new EncodedImage(
                "jpeg", jpeg.width, jpeg.height, Orientation.choose(jpeg.exif, jpeg.xmp), out.toByteArray());
    }

    /**
     * Checks JPEG data inside of another file: a strip or tile, whose tables may be elsewhere.
     *
     * @param width largest width that its frame may declare
     * @param height largest height that its frame may declare
     */
    static void checkPart(ImageBytes file, int from, int to, int width, int height) {
        JpegFile part = new JpegFile(file, to);
        if (to - from < 2 || file.u8(from) != 0xFF || file.u8(from + 1) != SOI) {
            throw file.damaged("a JPEG-coded strip or tile does not start as JPEG");
        }
        part.walk(from + 2, ImageOptions.defaults());
        if (part.width > width || part.height > height) {
            throw file.damaged("a JPEG-coded strip or tile of " + width + "x" + height + " declares " + part.width + "x"
                    + part.height);
        }
    }

    private void walk(int start, ImageOptions options) {
        int p = start;
        while (true) {
            p = nextMarker(p, true) + 1;
            int marker = file.u8(p++);
            if (marker == EOI) {
                break;
            }
            if (marker == TEM || marker == SOI || (marker >= RST0 && marker <= RST7)) {
                continue;
            }
            int length = file.u16(p, false);
            if (length < 2) {
                throw file.damaged("segment " + Integer.toHexString(marker) + " has length " + length);
            }
            if (length > end - p) {
                throw truncated();
            }
            segment(marker, p + 2, p + length, options);
            if (marker == SOS) {
                if (frameMarker == 0) {
                    throw file.damaged("a scan comes before the frame header");
                }
                if (++scans > MAX_SCANS) {
                    throw file.unsupported("more than " + MAX_SCANS + " scans");
                }
                int scanEnd = nextMarker(p + length, false);
                copy(marker, p, scanEnd);
                scanBytes += scanEnd - (p + length);
                p = scanEnd;
                if (p == end) {
                    break; // padding takes the place of the mark of the end
                }
            } else {
                p += length;
            }
        }
        if (scans == 0) {
            throw file.damaged("it ends without picture data");
        }
        checkDataPresent();
    }

    /**
     * The next 0xFF with a code behind it; anything before it is ignored, as libjpeg does.
     *
     * @param restarts whether a restart marker counts, which is not the end of entropy-coded data
     */
    private int nextMarker(int from, boolean restarts) {
        byte[] data = file.array();
        for (int p = from; p + 1 < end; p++) {
            int code = data[p + 1] & 255;
            if (data[p] == -1 && code != 0 && code != 0xFF && (restarts || code < RST0 || code > RST7)) {
                return p;
            }
        }
        if (!restarts && endsWithPadding()) {
            return end;
        }
        throw truncated();
    }

    /**
     * Whether the file ends with bytes that are all equal, as padding is. libjpeg reads them as picture data, and if all
     * pixels are there already passes over them.
     */
    private boolean endsWithPadding() {
        byte[] data = file.array();
        byte last = data[end - 1];
        for (int p = end - 1; p >= end - PADDING_BYTES; p--) {
            if (p < 0 || data[p] != last) {
                return false;
            }
        }
        return last != -1;
    }

    private ImageException truncated() {
        return file.damaged("truncated: no end-of-image marker before position " + end);
    }

    private void segment(int marker, int from, int to, ImageOptions options) {
        if (marker >= SOF0 && marker <= SOF15 && marker != DHT && marker != JPG && marker != DAC) {
            frameHeader(marker, from, to, options);
        } else if (marker == DNL) {
            throw file.unsupported("the height is given after the picture data");
        } else if (marker >= APP0 && marker <= APP15) {
            application(marker, from, to);
            return;
        } else if (marker == COM || marker == SOS) {
            return;
        }
        copy(marker, from - 2, to);
    }

    private void copy(int marker, int from, int to) {
        body.write(0xFF);
        body.write(marker);
        body.write(file.array(), from, to - from);
    }

    private void frameHeader(int marker, int from, int to, ImageOptions options) {
        if (frameMarker != 0) {
            throw file.damaged("it has two frame headers");
        }
        if (marker != SOF0 && marker != SOF1 && marker != SOF2 && marker != SOF9 && marker != SOF10) {
            throw file.unsupported("lossless or hierarchical coding (frame type " + Integer.toHexString(marker) + ")");
        }
        if (to - from < 6) {
            throw file.damaged("its frame header is too short");
        }
        int precision = file.u8(from);
        if (precision != 8) {
            throw file.unsupported(precision + " bits a sample, only 8 are");
        }
        int components = file.u8(from + 5);
        if (components != 1 && components != 3 && components != 4) {
            throw file.unsupported(components + " components, only 1, 3 and 4 are");
        }
        if (to - from != 6 + 3 * components) {
            throw file.damaged("its frame header has a wrong length");
        }
        frameMarker = marker;
        height = file.u16(from + 1, false);
        width = file.u16(from + 3, false);
        file.checkSize(width, height, options);
        componentIds = new int[components];
        for (int i = 0; i < components; i++) {
            componentIds[i] = file.u8(from + 6 + 3L * i);
        }
    }

    private void application(int marker, int from, int to) {
        if (marker == APP1 && file.startsWith(from, "Exif\0\0") && !exifSeen) {
            exifSeen = true;
            exif = Orientation.fromExif(file, from + 6, to);
        } else if (marker == APP1 && file.startsWith(from, XMP)) {
            xmp = Orientation.fromXmp(file.array(), Math.min(to, from + XMP.length()), to);
        } else if (scans > 0) {
            return; // libjpeg decides about colours when it meets the first scan
        } else if (marker == APP0 && to - from >= 14 && file.startsWith(from, "JFIF\0")) {
            jfif = true;
        } else if (marker == APP14 && to - from >= 12 && file.startsWith(from, "Adobe")) {
            adobe = true;
            adobeTransform = file.u8(from + 11);
        }
    }

    /** JFIF stands for YCbCr; Adobe's transform 0 for RGB or CMYK, 2 for YCCK. */
    private byte[] colourSegment() {
        if (componentIds.length == 1) {
            return JFIF;
        }
        if (componentIds.length == 3) {
            boolean named = Arrays.equals(componentIds, new int[] {'R', 'G', 'B'});
            boolean rgb = !jfif && (adobe ? adobeTransform == 0 : named);
            return rgb ? adobeSegment(0) : JFIF;
        }
        return adobeSegment(!adobe || adobeTransform == 0 ? 0 : 2);
    }

    private static byte[] adobeSegment(int transform) {
        return new byte[] {
            (byte) 0xFF, (byte) APP14, 0, 14, 'A', 'd', 'o', 'b', 'e', 0, 100, 0, 0, 0, 0, (byte) transform
        };
    }

    /** A Huffman-coded block takes at least one bit, so a small file cannot hold a large picture. */
    private void checkDataPresent() {
        boolean huffman = frameMarker != SOF9 && frameMarker != SOF10;
        // Of luminance there may be one block for up to 4x4 blocks of the picture's size, hence the 16.
        long blocks = (long) ((width + 7) / 8) * ((height + 7) / 8) / 16;
        if (huffman && blocks > scanBytes * 8) {
            throw file.damaged(
                    "truncated: " + scanBytes + " bytes of picture data cannot be " + width + "x" + height + " pixels");
        }
    }
}
