package dev.paligemma.vision;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paligemma.vision.format.ImageException;
import dev.paligemma.vision.format.ImageOptions;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.RandomDistribution;
import net.jqwik.api.constraints.IntRange;

/** Whatever the bytes are: a picture or an {@link ImageException}, nothing else. */
class HostileImagePropertiesTest {
    private static final List<Goldens.DecodeCase> FILES = Goldens.decodeCases().toList();

    /** Small, so that altered dimensions do not slow down the run. */
    private static final ImageOptions LIMITED = ImageOptions.defaults().withMaxPixels(250_000);

    /** Overwrites one byte, half of the time in the first 200, where headers are. */
    record Change(int position, boolean header, int value) {
        void apply(byte[] file) {
            file[position % (header ? Math.min(file.length, 200) : file.length)] = (byte) value;
        }
    }

    @Property(tries = 1000)
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
            @ForAll @IntRange(max = 100) int headPercent,
            @ForAll @IntRange(max = 100) int tailPercent) {
        byte[] a = head.file();
        byte[] b = tail.file();
        readSafely(PngTool.concat(
                Arrays.copyOf(a, a.length * headPercent / 100),
                Arrays.copyOfRange(b, b.length * tailPercent / 100, b.length)));
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
            assertThat(e.getMessage()).isNotBlank().doesNotContain("Exception", "java.", "javax.");
        }
    }

    @Provide
    Arbitrary<Goldens.DecodeCase> files() {
        return Arbitraries.of(FILES);
    }

    @Provide
    Arbitrary<List<Change>> changes() {
        Arbitrary<Integer> values =
                Arbitraries.oneOf(Arbitraries.integers().between(0, 255), Arbitraries.of(0, 1, 127, 128, 255));
        Arbitrary<Change> change = Combinators.combine(
                        Arbitraries.integers().between(0, 999_999).withDistribution(RandomDistribution.uniform()),
                        Arbitraries.of(true, false),
                        values)
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
