package dev.paligemma.training.data;

import dev.paligemma.base.internal.FailureReason;
import dev.paligemma.base.internal.InputFiles;
import dev.paligemma.training.run.FineTuningException;
import dev.paligemma.vision.RgbImage;
import dev.paligemma.vision.format.ImageException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Objects;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** A picture of an example: a file that is read each time it is needed, or one in memory. Immutable and thread-safe. */
public final class Picture {
    private static final int LONGEST_POINTER = 1024;

    private final String name;
    private final @Nullable Path file;
    private final @Nullable RgbImage image;
    /** The size that boxes were given for; 0 if it does not matter. */
    private final int width;

    private final int height;

    /** What is done to the picture after it was read. */
    private final @Nullable UnaryOperator<RgbImage> change;

    private Picture(
            String name,
            @Nullable Path file,
            @Nullable RgbImage image,
            int width,
            int height,
            @Nullable UnaryOperator<RgbImage> change) {
        this.name = Objects.requireNonNull(name, "name");
        this.file = file;
        this.image = image;
        this.width = width;
        this.height = height;
        this.change = change;
    }

    /** A picture in a file, which need not exist before the picture is read; its name is that of the file. */
    public static Picture of(Path file) {
        Path last = file.getFileName();
        return of(last == null ? file.toString() : last.toString(), file);
    }

    /** A picture in a file, by the name that the data has for it. */
    static Picture of(String name, Path file) {
        return new Picture(name, Objects.requireNonNull(file, "file"), null, 0, 0, null);
    }

    /** A picture in memory, under a name for messages. */
    public static Picture of(String name, RgbImage image) {
        return new Picture(name, null, Objects.requireNonNull(image, "image"), 0, 0, null);
    }

    /** The same, to be refused if it has another size when it is read. */
    Picture ofSize(int expectedWidth, int expectedHeight) {
        return new Picture(name, file, image, expectedWidth, expectedHeight, change);
    }

    /** The same, changed each time it is read, after what changes it already. */
    Picture changed(UnaryOperator<RgbImage> more) {
        UnaryOperator<RgbImage> before = change;
        return new Picture(
                name, file, image, width, height, before == null ? more : read -> more.apply(before.apply(read)));
    }

    /** Whether this is a changed picture, which is another one than what its file holds. */
    public boolean isChanged() {
        return change != null;
    }

    /** What the data calls it. */
    public String name() {
        return name;
    }

    /** Where it lies; empty for one in memory. */
    public Optional<Path> file() {
        return Optional.ofNullable(file);
    }

    /**
     * Reads the picture, or gives the one in memory.
     *
     * @throws FineTuningException if the file is missing or damaged, or the picture has another size than the data says
     */
    public RgbImage read() {
        RgbImage found = image == null ? readFile(Objects.requireNonNull(file)) : image;
        if (width > 0 && (found.width() != width || found.height() != height)) {
            throw new FineTuningException("picture " + place() + " is " + found.width() + "x" + found.height()
                    + " pixels, but the data gives its boxes for " + width + "x" + height
                    + "; use the pictures that the boxes were drawn on");
        }
        return change == null ? found : change.apply(found);
    }

    private static RgbImage readFile(Path file) {
        try {
            return RgbImage.read(file);
        } catch (ImageException e) {
            throw new FineTuningException("a picture cannot be read: " + e.getMessage(), e);
        }
    }

    /** The number of bytes of the file, or of samples in memory; a {@link FineTuningException} if there is no such file. */
    long bytes() {
        if (file == null) {
            RgbImage inMemory = Objects.requireNonNull(image);
            return 3L * inMemory.width() * inMemory.height();
        }
        try {
            return Files.size(file);
        } catch (IOException e) {
            throw new FineTuningException("cannot read picture " + file + ": " + FailureReason.of(e, file), e);
        }
    }

    /** Refuses a file that is missing, a folder, an empty one or a pointer to one. */
    void requireFile() {
        if (file == null || isPlausible(file)) {
            return;
        }
        Path real = InputFiles.regular(file, (message, cause) -> new FineTuningException("picture " + message, cause));
        if (InputFiles.size(real, FineTuningException::new) == 0) {
            throw new FineTuningException("picture " + file + " is an empty file");
        }
    }

    /** Asks the system once, for there may be millions; pointers of Git LFS and the like are shorter than pictures. */
    private static boolean isPlausible(Path file) {
        try {
            BasicFileAttributes found = Files.readAttributes(file, BasicFileAttributes.class);
            return found.isRegularFile() && found.size() >= LONGEST_POINTER;
        } catch (IOException e) {
            return false;
        }
    }

    private String place() {
        return file == null ? "\"" + name + "\"" : file.toString();
    }

    /** Equal if both stand for the same file, or hold equal pictures under one name; changed ones only to themselves. */
    @Override
    public boolean equals(Object other) {
        return other instanceof Picture that
                && name.equals(that.name)
                && width == that.width
                && height == that.height
                && Objects.equals(file, that.file)
                && Objects.equals(image, that.image)
                && Objects.equals(change, that.change);
    }

    @Override
    public int hashCode() {
        return Objects.hash(name, file, image == null ? 0 : image.width());
    }

    /** Where it lies, or its name. */
    @Override
    public String toString() {
        return place();
    }
}
