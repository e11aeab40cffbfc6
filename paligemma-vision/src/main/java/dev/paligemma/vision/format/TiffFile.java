package dev.paligemma.vision.format;

import java.util.Map;
import java.util.TreeMap;

/**
 * The first directory of a TIFF file, checked and reduced to the fields that its pixels depend on.
 *
 * <p>Sizes of strips and tiles, their positions and lengths, and the frames of JPEG-coded ones are compared with the
 * file and the limits here: ImageIO allocates by what they say.
 */
final class TiffFile {
    private static final int WIDTH = 256;
    private static final int HEIGHT = 257;
    private static final int BITS_PER_SAMPLE = 258;
    private static final int COMPRESSION = 259;
    private static final int PHOTOMETRIC = 262;
    private static final int FILL_ORDER = 266;
    private static final int STRIP_OFFSETS = 273;
    private static final int ORIENTATION = 274;
    private static final int SAMPLES_PER_PIXEL = 277;
    private static final int ROWS_PER_STRIP = 278;
    private static final int STRIP_BYTE_COUNTS = 279;
    private static final int PLANAR = 284;
    private static final int T4_OPTIONS = 292;
    private static final int T6_OPTIONS = 293;
    private static final int PREDICTOR = 317;
    private static final int COLOR_MAP = 320;
    private static final int TILE_WIDTH = 322;
    private static final int TILE_LENGTH = 323;
    private static final int TILE_OFFSETS = 324;
    private static final int TILE_BYTE_COUNTS = 325;
    private static final int EXTRA_SAMPLES = 338;
    private static final int SAMPLE_FORMAT = 339;
    private static final int JPEG_TABLES = 347;
    private static final int XMP = 700;

    private static final int BYTE = 1;
    private static final int SHORT = 3;
    private static final int LONG = 4;
    private static final int UNDEFINED = 7;

    private static final int PALETTE = 3;

    private static final int NO_COMPRESSION = 1;
    private static final int LZW = 5;
    private static final int JPEG = 7;
    private static final int DEFLATE = 8;
    private static final int OLD_DEFLATE = 32946;

    private static final int MAX_SAMPLES = 8;

    /** Equal tiles may share their data, but all of them over and over would cost time out of proportion to the file. */
    private static final long MAX_SHARING = 4;

    /** A field: the position of its directory entry, and of its values. */
    private record Field(long entry, int type, long count, long values) {}

    private final ImageBytes file;
    private final boolean little;
    private final Map<Integer, Field> fields = new TreeMap<>();

    private TiffFile(ImageBytes file) {
        this.file = file;
        this.little = file.u8(0) == 'I';
    }

    static EncodedImage parse(byte[] bytes, ImageOptions options) {
        // A copy, because the directory is rewritten.
        return new TiffFile(new ImageBytes("TIFF", bytes.clone())).parse(options);
    }

    private EncodedImage parse(ImageOptions options) {
        if (file.u16(2, little) == 43) {
            throw file.unsupported("BigTIFF");
        }
        long directory = file.u32(4, little);
        readDirectory(directory);
        long width = one(WIDTH, 0);
        long height = one(HEIGHT, 0);
        file.checkSize(width, height, options);
        checkPixelLayout();
        checkParts(width, height, options);
        int xmp = Orientation.ABSENT;
        Field packet = fields.get(XMP);
        if (packet != null && (packet.type == BYTE || packet.type == UNDEFINED)) {
            int from = (int) packet.values;
            xmp = Orientation.fromXmp(file.array(), from, from + (int) packet.count);
        }
        Field map = fields.get(COLOR_MAP);
        if (map != null && one(PHOTOMETRIC, -1) == PALETTE) {
            truncateColours(map);
        }
        Field exif = fields.get(ORIENTATION);
        int orientation = Orientation.choose(
                exif == null ? Orientation.ABSENT : Orientation.value(file, exif.entry, little), xmp);
        rewriteDirectory(directory);
        return new EncodedImage("tiff", (int) width, (int) height, orientation, file.array());
    }

    private void readDirectory(long directory) {
        int declared = file.u16(directory, little);
        // A file may be cut off in its directory: what it cannot do without is asked for later.
        long entries = Math.min(declared, (file.length() - directory - 2) / 12);
        for (int i = 0; i < entries; i++) {
            long entry = directory + 2 + 12L * i;
            int tag = file.u16(entry, little);
            if (!isUsed(tag)) {
                continue;
            }
            int type = file.u16(entry + 2, little);
            long count = file.u32(entry + 4, little);
            long size = type == SHORT ? 2 : type == LONG ? 4 : 1;
            if (type != SHORT && type != LONG && type != BYTE && type != UNDEFINED) {
                if (tag == XMP || tag == ORIENTATION) {
                    continue;
                }
                throw file.damaged("field " + tag + " has type " + type);
            }
            long values = count * size <= 4 ? entry + 8 : file.u32(entry + 8, little);
            file.require(values, count * size);
            if (fields.put(tag, new Field(entry, type, count, values)) != null) {
                throw file.damaged("field " + tag + " occurs twice");
            }
        }
        if (one(COMPRESSION, NO_COMPRESSION) != NO_COMPRESSION) {
            file.require(
                    directory + 2, declared * 12L); // libtiff, which decodes the others for Pillow, asks for all of it
        }
    }

    private static boolean isUsed(int tag) {
        return switch (tag) {
            case ORIENTATION, XMP -> true;
            default -> isForDecoder(tag);
        };
    }

    private static boolean isForDecoder(int tag) {
        return switch (tag) {
            case WIDTH,
                    HEIGHT,
                    BITS_PER_SAMPLE,
                    COMPRESSION,
                    PHOTOMETRIC,
                    FILL_ORDER,
                    STRIP_OFFSETS,
                    SAMPLES_PER_PIXEL,
                    ROWS_PER_STRIP,
                    STRIP_BYTE_COUNTS,
                    PLANAR,
                    T4_OPTIONS,
                    T6_OPTIONS,
                    PREDICTOR,
                    COLOR_MAP,
                    TILE_WIDTH,
                    TILE_LENGTH,
                    TILE_OFFSETS,
                    TILE_BYTE_COUNTS,
                    EXTRA_SAMPLES,
                    SAMPLE_FORMAT,
                    JPEG_TABLES -> true;
            default -> false;
        };
    }

    private long value(Field field, long index) {
        return switch (field.type) {
            case SHORT -> file.u16(field.values + 2 * index, little);
            case LONG -> file.u32(field.values + 4 * index, little);
            default -> file.u8(field.values + index);
        };
    }

    /** The single value of a field, or the first of several. */
    private long one(int tag, long otherwise) {
        Field field = fields.get(tag);
        return field == null || field.count == 0 ? otherwise : value(field, 0);
    }

    private void checkPixelLayout() {
        long samples = one(SAMPLES_PER_PIXEL, 1);
        if (samples < 1 || samples > MAX_SAMPLES) {
            throw file.unsupported(samples + " samples a pixel");
        }
        Field bits = fields.get(BITS_PER_SAMPLE);
        long depth = one(BITS_PER_SAMPLE, 1);
        for (long i = 1; bits != null && i < Math.min(bits.count, MAX_SAMPLES); i++) {
            if (value(bits, i) != depth) {
                throw file.unsupported("samples of different depth");
            }
        }
        if (depth != 1 && depth != 2 && depth != 4 && depth != 8 && depth != 16) {
            throw file.unsupported(depth + " bits a sample");
        }
        long format = one(SAMPLE_FORMAT, 1);
        if (format != 1 && format != 4) {
            throw file.unsupported("sample format " + format + ", only unsigned integers are");
        }
        long photometric = one(PHOTOMETRIC, -1);
        long colours = switch ((int) photometric) {
            case 0, 1, PALETTE -> 1;
            case 2, 6 -> 3;
            case 5 -> 4;
            default -> throw file.unsupported("photometric interpretation " + photometric);
        };
        if (samples < colours) {
            throw file.damaged(samples + " samples a pixel with photometric interpretation " + photometric);
        }
        long compression = one(COMPRESSION, NO_COMPRESSION);
        switch ((int) compression) {
            case NO_COMPRESSION, 2, 3, 4, LZW, JPEG, DEFLATE, 32773, OLD_DEFLATE -> {}
            default -> throw file.unsupported("compression " + compression);
        }
        if (photometric == 6 && compression != JPEG) {
            throw file.unsupported("YCbCr samples that are not JPEG-coded");
        }
        if (photometric == 5 && compression == JPEG) {
            throw file.unsupported("CMYK samples that are JPEG-coded"); // ImageIO misreads them
        }
        if (compression >= 2 && compression <= 4 && (depth != 1 || samples != 1)) {
            throw file.damaged("fax compression of " + samples + " samples with " + depth + " bits");
        }
        if (photometric == PALETTE) {
            Field map = fields.get(COLOR_MAP);
            if (map == null || map.type != SHORT || map.count != 3L << depth || depth > 8) {
                throw file.damaged("its colour map does not fit to " + depth + " bits a sample");
            }
        }
        long planar = one(PLANAR, 1);
        if (planar != 1 && planar != 2) {
            throw file.damaged("planar configuration " + planar);
        }
    }

    /** Strips or tiles: their number, size, and place in the file. */
    private void checkParts(long width, long height, ImageOptions options) {
        boolean tiled = fields.containsKey(TILE_WIDTH) || fields.containsKey(TILE_LENGTH);
        if (tiled && (fields.containsKey(STRIP_OFFSETS) || fields.containsKey(ROWS_PER_STRIP))) {
            throw file.damaged("it has strips and tiles");
        }
        long partWidth = tiled ? one(TILE_WIDTH, 0) : width;
        long rows = one(ROWS_PER_STRIP, height);
        if (rows < 1) {
            throw file.damaged("its strips have " + rows + " rows");
        }
        long partHeight = tiled ? one(TILE_LENGTH, 0) : Math.min(rows, height);
        if (tiled) {
            file.checkSize(partWidth, partHeight, options);
        }
        long samples = one(SAMPLES_PER_PIXEL, 1);
        boolean planes = one(PLANAR, 1) == 2;
        long across = (width + partWidth - 1) / partWidth;
        long down = (height + partHeight - 1) / partHeight;
        long parts = across * down * (planes ? samples : 1);
        Field offsets = fields.get(tiled ? TILE_OFFSETS : STRIP_OFFSETS);
        Field counts = fields.get(tiled ? TILE_BYTE_COUNTS : STRIP_BYTE_COUNTS);
        if (offsets == null || counts == null || offsets.count < parts || counts.count < parts) {
            throw file.damaged("positions or lengths of its " + parts + " strips or tiles are missing");
        }
        long rowBytes = (partWidth * one(BITS_PER_SAMPLE, 1) * (planes ? 1 : samples) + 7) / 8;
        long compression = one(COMPRESSION, NO_COMPRESSION);
        long total = 0;
        for (long i = 0; i < parts; i++) {
            long length = value(counts, i);
            total += length;
            if (total > MAX_SHARING * file.length()) {
                throw file.damaged("its strips or tiles overlap");
            }
            int at = file.require(value(offsets, i), length);
            long row = i / across % down;
            long partRows = tiled ? partHeight : Math.min(partHeight, height - row * partHeight);
            long needed = rowBytes * partRows;
            long held = switch ((int) compression) {
                case NO_COMPRESSION -> length;
                case LZW -> TiffCompression.lzwLength(file.array(), at, at + (int) length, needed);
                case DEFLATE, OLD_DEFLATE ->
                    TiffCompression.inflatedLength(file.array(), at, at + (int) length, needed);
                default -> needed; // their decoders complain themselves
            };
            if (held < needed) {
                throw file.damaged("truncated: strip or tile " + i + " holds " + held + " bytes, expected " + needed);
            }
            if (compression == JPEG) {
                JpegFile.checkPart(file, at, at + (int) length, (int) partWidth, (int) partHeight);
            }
        }
    }

    /**
     * Replaces 16-bit colours by what their high byte is worth: Pillow drops the low byte, ImageIO rounds.
     *
     * <p>Both bytes get the value of the high byte, which any way of scaling maps to that value.
     */
    private void truncateColours(Field map) {
        byte[] data = file.array();
        for (long i = 0; i < map.count; i++) {
            int at = (int) (map.values + 2 * i);
            if (little) {
                data[at] = data[at + 1];
            } else {
                data[at + 1] = data[at];
            }
        }
    }

    /** Writes the wanted entries over the first ones, in ascending order, and cuts the chain of directories. */
    private void rewriteDirectory(long directory) {
        byte[] data = file.array();
        byte[] kept = new byte[fields.size() * 12 + 4];
        int n = 0;
        for (Map.Entry<Integer, Field> field : fields.entrySet()) {
            if (isForDecoder(field.getKey())) {
                System.arraycopy(data, (int) field.getValue().entry, kept, n * 12, 12);
                n++;
            }
        }
        int at = (int) directory;
        data[at] = (byte) (little ? n : 0);
        data[at + 1] = (byte) (little ? 0 : n);
        // The next-directory pointer may lie beyond a file that ends with its directory; then there is none to clear.
        int length = Math.min(n * 12 + 4, data.length - at - 2);
        System.arraycopy(kept, 0, data, at + 2, length);
    }
}
