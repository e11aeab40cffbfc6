package dev.paligemma.spark;

import dev.paligemma.vision.RgbImage;
import dev.paligemma.vision.format.ImageException;
import java.io.IOException;
import java.io.InputStream;
import java.io.Serializable;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.List;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.SerializableConfiguration;
import org.jspecify.annotations.Nullable;

/**
 * Where the pictures of a DataFrame are, and how they are read.
 *
 * @param index of the column
 * @param files how paths are opened: with the file systems and credentials that Spark has
 */
record PictureColumn(int index, Kind kind, SerializableConfiguration files) implements Serializable {
    /** What a column may hold. */
    enum Kind {
        /** The bytes of a picture file. */
        CONTENT,
        /** The path of a picture file, for any file system of Hadoop. */
        PATH,
        /** A picture of Spark's data source {@code image}. */
        IMAGE
    }

    private static final long serialVersionUID = 1L;
    private static final List<String> IMAGE_FIELDS = List.of("height", "width", "nChannels", "data");

    static Kind kindOf(String column, DataType type) {
        if (type.equals(DataTypes.BinaryType)) {
            return Kind.CONTENT;
        }
        if (type.equals(DataTypes.StringType)) {
            return Kind.PATH;
        }
        if (type instanceof StructType struct && List.of(struct.fieldNames()).containsAll(IMAGE_FIELDS)) {
            return Kind.IMAGE;
        }
        throw new IllegalArgumentException("column " + column + " has the type " + type.simpleString()
                + ", expected binary (the bytes of a file), string (a path) or the struct of Spark's image source");
    }

    /** Reads the picture of a row; an {@link ImageException} if there is none or it is damaged. */
    RgbImage read(Row row) {
        requirePicture(row);
        return switch (kind) {
            case CONTENT -> RgbImage.read(row.<byte[]>getAs(index));
            case PATH -> readFile(row.getString(index));
            case IMAGE -> decoded(row.getStruct(index));
        };
    }

    /** A number that follows from the content of a picture, or from its path, and the prompt. */
    long hash(Row row, @Nullable String prompt) {
        requirePicture(row);
        MessageDigest digest = sha256();
        digest.update(
                switch (kind) {
                    case CONTENT -> row.<byte[]>getAs(index);
                    case PATH -> row.getString(index).getBytes(StandardCharsets.UTF_8);
                    case IMAGE -> data(row.getStruct(index));
                });
        if (prompt != null) {
            digest.update((byte) 0);
            digest.update(prompt.getBytes(StandardCharsets.UTF_8));
        }
        return ByteBuffer.wrap(digest.digest()).getLong();
    }

    private void requirePicture(Row row) {
        if (row.isNullAt(index)) {
            throw new ImageException("the row has no picture: the column is null");
        }
    }

    private RgbImage readFile(String name) {
        try {
            Path path = new Path(name);
            try (InputStream in = path.getFileSystem(files.value()).open(path)) {
                return RgbImage.read(in);
            }
        } catch (IOException | IllegalArgumentException e) {
            throw new ImageException("cannot read the picture " + name + ": " + e.getMessage(), e);
        }
    }

    /** Spark has rows of blue, green, red; or of grey; or of blue, green, red and opacity, which it does not blend. */
    private static RgbImage decoded(Row image) {
        int height = image.<Integer>getAs("height");
        int width = image.<Integer>getAs("width");
        int channels = image.<Integer>getAs("nChannels");
        byte[] data = data(image);
        if (channels != 1 && channels != 3 && channels != 4) {
            throw new ImageException("the picture has " + channels + " channels, expected 1, 3 or 4");
        }
        if (width < 1 || height < 1 || width > RgbImage.MAX_SIDE || height > RgbImage.MAX_SIDE) {
            throw new ImageException("the picture has the size " + width + "x" + height + ", expected 1 to "
                    + RgbImage.MAX_SIDE + " each; Spark writes -1 for a file it cannot read");
        }
        long pixels = (long) width * height;
        if (data.length != pixels * channels) {
            throw new ImageException("the picture has " + data.length + " bytes, expected " + pixels * channels
                    + " for " + width + "x" + height + " pixels of " + channels + " channels");
        }
        if (pixels > Integer.MAX_VALUE / 3) {
            throw new ImageException("the picture has " + pixels + " pixels, which is too many");
        }
        byte[] rgb = new byte[(int) pixels * 3];
        for (int i = 0; i < pixels; i++) {
            for (int c = 0; c < 3; c++) {
                rgb[3 * i + c] = data[channels * i + (channels == 1 ? 0 : 2 - c)];
            }
        }
        return RgbImage.of(width, height, rgb);
    }

    private static byte[] data(Row image) {
        byte[] data = image.getAs("data");
        if (data == null) {
            throw new ImageException("the picture has no data");
        }
        return data;
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
