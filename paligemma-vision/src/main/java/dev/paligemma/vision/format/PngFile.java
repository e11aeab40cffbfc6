package dev.paligemma.vision.format;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * The chunks of a PNG file: header, palette and picture data are kept.
 *
 * <p>What counts as damaged is what Pillow refuses. Checksums of header and palette are verified; picture data has one of its
 * own inside, so theirs may be wrong. Once all rows are there the file may end anywhere, and what follows need not be PNG.
 *
 * <p>All other chunks are dropped. Compressed texts and profiles, which may expand a thousandfold, are never inflated
 * (except for an XMP packet, up to a limit); transparency, gamma and profiles play no part in the result.
 */
final class PngFile {
    private static final int SIGNATURE_BYTES = 8;
    private static final int IHDR_BYTES = 13;

    /** The best that deflate can do. */
    private static final int MAX_DEFLATE_RATIO = 1032;

    private static final String WRONG_SUM = "wrong checksum of the chunk at position ";
    private static final String XMP_KEY = "XML:com.adobe.xmp\0";

    private static final int GREY = 0;
    private static final int RGB = 2;
    private static final int PALETTE = 3;
    private static final int GREY_ALPHA = 4;
    private static final int RGBA = 6;

    private final ImageBytes file;
    private final ByteArrayOutputStream pixels = new ByteArrayOutputStream();

    /** Whether the picture data is cut off or has a wrong checksum, and must be looked at before it is believed. */
    private boolean suspicious;

    /** Whether another chunk followed the picture data, which then has ended. */
    private boolean pixelsEnded;

    private byte[] palette = {};
    private int exif = Orientation.ABSENT;
    private int xmp = Orientation.ABSENT;

    /** Only the first packet is read, as each may cost an expansion. */
    private boolean xmpSeen;

    private PngFile(ImageBytes file) {
        this.file = file;
    }

    static EncodedImage parse(byte[] bytes, ImageOptions options) {
        return new PngFile(new ImageBytes("PNG", bytes)).parse(options);
    }

    private EncodedImage parse(ImageOptions options) {
        int header = SIGNATURE_BYTES + 8;
        if (file.u32(SIGNATURE_BYTES, false) != IHDR_BYTES || !file.startsWith(SIGNATURE_BYTES + 4, "IHDR")) {
            if (file.startsWith(SIGNATURE_BYTES + 4, "CgBI")) {
                throw file.unsupported("Apple's optimised variant (CgBI)");
            }
            throw file.damaged("it does not start with a header chunk (IHDR)");
        }
        if (!hasRightSum(SIGNATURE_BYTES, IHDR_BYTES)) {
            throw file.damaged(WRONG_SUM + SIGNATURE_BYTES);
        }
        long width = file.u32(header, false);
        long height = file.u32(header + 4, false);
        file.checkSize(width, height, options);
        int depth = file.u8(header + 8);
        int colour = file.u8(header + 9);
        int bitsPerPixel = bitsPerPixel(depth, colour);
        if (file.u8(header + 10) != 0 || file.u8(header + 11) != 0 || file.u8(header + 12) > 1) {
            throw file.damaged("unknown compression, filter or interlace method");
        }

        walk(header + IHDR_BYTES + 4);
        if (pixels.size() == 0) {
            throw file.damaged("it has no picture data (IDAT)");
        }
        if (colour == PALETTE && palette.length == 0) {
            throw file.damaged("it has no palette (PLTE)");
        }
        byte[] data = pixels.toByteArray();
        long needed = height * ((width * bitsPerPixel + 7) / 8);
        if (needed > (long) pixels.size() * MAX_DEFLATE_RATIO + MAX_DEFLATE_RATIO) {
            throw file.damaged("truncated: " + pixels.size() + " bytes of picture data cannot be " + width + "x"
                    + height + " pixels");
        }

        ByteArrayOutputStream out = new ByteArrayOutputStream(pixels.size() + palette.length + 128);
        out.write(file.array(), 0, SIGNATURE_BYTES);
        writeChunk(out, "IHDR", Arrays.copyOfRange(file.array(), header, header + IHDR_BYTES));
        if (colour == PALETTE) {
            writeChunk(out, "PLTE", Arrays.copyOf(palette, 3 << depth));
        }
        boolean interlaced = file.u8(header + 12) == 1;
        writeChunk(
                out, "IDAT", suspicious ? PngRows.mended(file, data, width, height, bitsPerPixel, interlaced) : data);
        writeChunk(out, "IEND", new byte[0]);
        return new EncodedImage("png", (int) width, (int) height, Orientation.choose(exif, xmp), out.toByteArray());
    }

    private int bitsPerPixel(int depth, int colour) {
        boolean small = depth == 1 || depth == 2 || depth == 4;
        boolean whole = depth == 8 || depth == 16;
        int samples = switch (colour) {
            case GREY -> small || whole ? 1 : 0;
            case RGB -> whole ? 3 : 0;
            case PALETTE -> small || depth == 8 ? 1 : 0;
            case GREY_ALPHA -> whole ? 2 : 0;
            case RGBA -> whole ? 4 : 0;
            default -> 0;
        };
        if (samples == 0) {
            throw file.damaged("colour type " + colour + " with " + depth + " bits does not exist");
        }
        return samples * depth;
    }

    private void walk(long start) {
        long p = start;
        while (!isOver(p)) {
            long length = file.u32(p, false);
            if (file.startsWith(p + 4, "IDAT") && !pixelsEnded) {
                int data = file.require(p + 8, 0);
                int here = (int) Math.min(length, file.length() - data);
                suspicious |= here < length || !hasRightSum(p, here);
                pixels.write(file.array(), data, here);
                p = data + here + 4L;
                continue;
            }
            pixelsEnded = pixels.size() > 0;
            int data = file.require(p + 8, length);
            int end = data + (int) length;
            if (file.startsWith(p + 4, "IEND")) {
                return;
            }
            if (file.startsWith(p + 4, "PLTE") && !pixelsEnded) {
                if (!hasRightSum(p, (int) length)) {
                    throw file.damaged(WRONG_SUM + p);
                }
                readPalette(data, end);
            } else if (file.startsWith(p + 4, "eXIf")) {
                int prefix = file.startsWith(data, "Exif\0\0") ? 6 : 0;
                exif = Orientation.fromExif(file, data + prefix, end);
            } else if (file.startsWith(p + 4, "iTXt") && file.startsWith(data, XMP_KEY) && !xmpSeen) {
                xmpSeen = true;
                readXmp(data + XMP_KEY.length(), end);
            } else if ((file.u8(p + 4) & 0x20) == 0 && !pixelsEnded) {
                throw file.unsupported("it has an unknown critical chunk");
            }
            p = end + 4L;
        }
        // A file that ends with its picture data may end inside of it.
        suspicious |= !pixelsEnded;
    }

    /** Whether there is no further chunk: after the picture data, whatever is not one ends the file as well as its mark. */
    private boolean isOver(long p) {
        if (pixels.size() == 0) {
            return false;
        }
        boolean isChunk = p + 8 <= file.length();
        for (int i = 4; isChunk && i < 8; i++) {
            int c = file.u8(p + i);
            isChunk = c == '_' || (c < 128 && Character.isLetterOrDigit(c));
        }
        return !isChunk || file.startsWith(p + 4, "IEND") || file.startsWith(p + 4, "fcTL"); // another frame
    }

    private void readPalette(int data, int end) {
        int length = end - data;
        if (palette.length > 0 || length == 0 || length > 256 * 3 || length % 3 != 0) {
            throw file.damaged("its palette (PLTE) has " + length + " bytes or occurs twice");
        }
        palette = Palette.completed(file.array(), data, length);
    }

    /** After the key: compression flag, method, language, translated key, then the text. */
    private void readXmp(int from, int end) {
        if (from + 2 > end) {
            return;
        }
        int zeros = 0;
        int text = from + 2;
        while (text < end && zeros < 2) {
            if (file.u8(text++) == 0) {
                zeros++;
            }
        }
        if (zeros < 2) {
            return;
        }
        if (file.u8(from) == 0) {
            xmp = Orientation.fromXmp(file.array(), text, end);
            return;
        }
        Inflater inflater = new Inflater();
        try {
            inflater.setInput(file.array(), text, end - text);
            byte[] packet = new byte[(int) Math.min(Orientation.MAX_XMP_BYTES, (end - text) * 16L)];
            int n = inflater.inflate(packet);
            xmp = Orientation.fromXmp(packet, 0, n);
        } catch (DataFormatException e) {
            xmp = Orientation.ABSENT; // a broken text does not make the picture unreadable
        } finally {
            inflater.end();
        }
    }

    /**
     * Whether the checksum of a chunk is there and right.
     *
     * @param chunk position of its length field
     */
    private boolean hasRightSum(long chunk, int length) {
        CRC32 crc = new CRC32();
        crc.update(file.array(), file.require(chunk + 4, length + 4L), length + 4);
        long at = chunk + 8 + length;
        return at + 4 <= file.length() && crc.getValue() == file.u32(at, false);
    }

    private static void writeChunk(ByteArrayOutputStream out, String type, byte[] data) {
        byte[] name = type.getBytes(StandardCharsets.US_ASCII);
        CRC32 crc = new CRC32();
        crc.update(name);
        crc.update(data);
        out.writeBytes(ByteBuffer.allocate(4).putInt(data.length).array());
        out.writeBytes(name);
        out.writeBytes(data);
        out.writeBytes(ByteBuffer.allocate(4).putInt((int) crc.getValue()).array());
    }
}
