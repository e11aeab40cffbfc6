package dev.paligemma.vision;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** Whatever the bytes are: a picture or an {@link ImageException}, nothing else. */
class HostileImagePropertiesTest {
    private static final List<Goldens.DecodeCase> FILES = Goldens.decodeCases().toList();

    /** Small, so that altered dimensions do not slow down the run. */
    private static final ImageOptions LIMITED = ImageOptions.defaults().withMaxPixels(250_000);

    /** Overwrites one byte; positions are relative, as headers matter more the start is preferred. */
    record Change(double position, boolean header, int value) {
        void apply(byte[] file) {
            int range = header ? Math.min(file.length, 200) : file.length;
            file[(int) (position * range)] = (byte) value;
        }
    }

    @Property(tries = 1500)
    void alteredFilesGiveAPictureOrAnImageException(
            @ForAll("files") Goldens.DecodeCase golden, @ForAll("changes") List<Change> changes, @ForAll boolean sums) {
        byte[] file = golden.file();
        changes.forEach(c -> c.apply(file));
        readSafely(sums && golden.name().endsWith(".png") ? PngTool.withCorrectChecksums(file) : file);
    }

    @Property(tries = 300)
    void splicedFilesGiveAPictureOrAnImageException(
            @ForAll("files") Goldens.DecodeCase head,
            @ForAll("files") Goldens.DecodeCase tail,
            @ForAll("fractions") double headPart,
            @ForAll("fractions") double tailPart) {
        byte[] a = head.file();
        byte[] b = tail.file();
        readSafely(PngTool.concat(
                Arrays.copyOf(a, (int) (a.length * headPart)),
                Arrays.copyOfRange(b, (int) (b.length * tailPart), b.length)));
    }

    @Property(tries = 300)
    void anyBytesAfterASignatureGiveAPictureOrAnImageException(
            @ForAll("signatures") byte[] signature, @ForAll byte[] rest) {
        readSafely(PngTool.concat(signature, rest));
    }

    private static void readSafely(byte[] file) {
        try {
            RgbImage image = RgbImage.read(file, LIMITED);
            assertThat((long) image.width() * image.height()).isBetween(1L, LIMITED.maxPixels());
        } catch (ImageException e) {
            assertThat(e.getMessage()).isNotBlank();
        }
    }

    @Provide
    Arbitrary<Goldens.DecodeCase> files() {
        return Arbitraries.of(FILES);
    }

    @Provide
    Arbitrary<Double> fractions() {
        return Arbitraries.doubles().between(0, 1);
    }

    @Provide
    Arbitrary<List<Change>> changes() {
        Arbitrary<Integer> values =
                Arbitraries.oneOf(Arbitraries.integers().between(0, 255), Arbitraries.of(0, 1, 127, 128, 255));
        Arbitrary<Change> change = Combinators.combine(
                        Arbitraries.doubles().between(0, 0.999999), Arbitraries.of(true, false), values)
                .as(Change::new);
        return change.list().ofMinSize(1).ofMaxSize(6);
    }

    @Provide
    Arbitrary<byte[]> signatures() {
        return Arbitraries.of(FILES.stream()
                .sorted(Comparator.comparing(Goldens.DecodeCase::name))
                .map(f -> Arrays.copyOf(f.file(), f.name().endsWith(".bmp") ? 2 : 8))
                .toList());
    }
}
