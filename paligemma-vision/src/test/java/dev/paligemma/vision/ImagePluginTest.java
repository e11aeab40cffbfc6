package dev.paligemma.vision;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.paligemma.vision.format.ImageException;
import dev.paligemma.vision.format.ImageOptions;
import java.awt.image.BufferedImage;
import java.io.EOFException;
import java.io.IOException;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import javax.imageio.IIOException;
import javax.imageio.ImageReadParam;
import javax.imageio.ImageReader;
import javax.imageio.ImageTypeSpecifier;
import javax.imageio.metadata.IIOMetadata;
import javax.imageio.spi.IIORegistry;
import javax.imageio.spi.ImageReaderSpi;
import javax.imageio.stream.ImageInputStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Formats that the JDK lacks are read by whatever ImageIO plug-in is present. */
class ImagePluginTest {
    private static final byte[] TOY = {'T', 'O', 'Y', '!', 4, 3};

    private final Provider provider = new Provider();

    @BeforeEach
    void register() {
        IIORegistry.getDefaultInstance().registerServiceProvider(provider);
    }

    @AfterEach
    void deregister() {
        IIORegistry.getDefaultInstance().deregisterServiceProvider(provider);
    }

    @Test
    void readsAFormatThatOnlyAPluginKnows() {
        RgbImage image = RgbImage.read(new byte[] {'T', 'O', 'Y', '!', 4, 3});

        assertThat(image.width()).isEqualTo(4);
        assertThat(image.height()).isEqualTo(3);
        assertThat(image.rgbAt(3, 2)).isEqualTo(0x204060);
        assertThat(provider.disposed).isEqualTo(1);
    }

    @Test
    void checksTheSizeBeforeThePluginDecodes() {
        ImageOptions few = ImageOptions.defaults().withMaxPixels(11);

        assertThatThrownBy(() -> RgbImage.read(new byte[] {'T', 'O', 'Y', '!', 4, 3}, few))
                .isInstanceOf(ImageException.class)
                .hasMessageContaining("toy image is too large: 4x3");
        assertThat(provider.decoded).isZero();
        assertThat(provider.disposed).isEqualTo(1);
    }

    @Test
    void reportsFailuresOfAPlugin() {
        assertThatThrownBy(() -> RgbImage.read(new byte[] {'T', 'O', 'Y', '!', 4}))
                .isInstanceOf(ImageException.class)
                .hasMessageContaining("toy")
                .hasCauseInstanceOf(IIOException.class);
        assertThat(provider.disposed).isEqualTo(1);
    }

    @Test
    void leavesOutTextThatIsNotForUsers() {
        IndexOutOfBoundsException index = new IndexOutOfBoundsException("Index 281 out of bounds for length 60");
        for (Exception failure : List.of(
                new ArithmeticException("/ by zero"),
                index,
                new IIOException("java.lang.NullPointerException"),
                new IIOException("Caught exception during read: "),
                new IIOException("NullPointerException in Foo.decode()"),
                new IIOException("failed in com.example.Decoder"),
                new IIOException("Error 0"),
                new IIOException("found \u001b[31m"),
                new IIOException("x".repeat(5000)),
                new IIOException(" "),
                new IIOException(null, new EOFException()),
                new IIOException(index.getMessage(), index))) {
            provider.failure = failure;

            assertThatThrownBy(() -> RgbImage.read(TOY))
                    .isInstanceOf(ImageException.class)
                    .hasMessage("toy image cannot be decoded: its data is damaged, or of an unusual kind")
                    .hasCause(failure);
        }
    }

    @Test
    void keepsTheInnermostTextThatIsForUsers() {
        provider.failure = new IIOException(
                "Error reading image data",
                new IOException("unknown row filter 9", new ArithmeticException("overflow")));

        assertThatThrownBy(() -> RgbImage.read(TOY))
                .isInstanceOf(ImageException.class)
                .hasMessage("toy image cannot be decoded: unknown row filter 9")
                .hasCause(provider.failure);
    }

    @Test
    void wordsWarningsForUsers() {
        provider.warning = "premature end of data";
        assertThatThrownBy(() -> RgbImage.read(TOY))
                .isInstanceOf(ImageException.class)
                .hasMessage("toy image is damaged: premature end of data");

        for (String warning : List.of("Error 0", "ArrayIndexOutOfBoundsException ignored in Toy.decode()")) {
            provider.warning = warning;
            assertThatThrownBy(() -> RgbImage.read(TOY))
                    .isInstanceOf(ImageException.class)
                    .hasMessage("toy image is damaged: its picture data breaks the rules of its coding")
                    .cause()
                    .hasMessage(warning);
        }
    }

    @Test
    void doesNotTakeALackOfMemoryForADamagedImage() {
        OutOfMemoryError memory = new OutOfMemoryError("Java heap space");
        for (Exception failure : List.of(
                new IIOException("Caught exception during read: ", memory),
                new IllegalStateException(new IOException("wrapped", memory)))) {
            provider.failure = failure;

            assertThatThrownBy(() -> RgbImage.read(TOY)).isSameAs(memory);
        }
        assertThat(provider.disposed).isEqualTo(2);
    }

    /** "TOY!", one byte width, one byte height; all pixels have one colour. */
    private static final class Provider extends ImageReaderSpi {
        int decoded;
        int disposed;

        /** Thrown instead of decoding. */
        @Nullable
        Exception failure;

        @Nullable
        String warning;

        Provider() {
            super(
                    "test",
                    "1",
                    new String[] {"toy"},
                    new String[0],
                    new String[0],
                    "Reader",
                    new Class<?>[] {ImageInputStream.class},
                    null,
                    false,
                    null,
                    null,
                    null,
                    null,
                    false,
                    null,
                    null,
                    null,
                    null);
        }

        @Override
        public boolean canDecodeInput(Object source) throws IOException {
            ImageInputStream in = (ImageInputStream) source;
            in.mark();
            try {
                return in.read() == 'T' && in.read() == 'O' && in.read() == 'Y' && in.read() == '!';
            } finally {
                in.reset();
            }
        }

        @Override
        public ImageReader createReaderInstance(@Nullable Object extension) {
            return new Reader(this);
        }

        @Override
        public String getDescription(Locale locale) {
            return "toy";
        }
    }

    private static final class Reader extends ImageReader {
        private final Provider provider;

        Reader(Provider provider) {
            super(provider);
            this.provider = provider;
        }

        private int header(int position) throws IOException {
            ImageInputStream in = (ImageInputStream) getInput();
            in.seek(position);
            int value = in.read();
            if (value < 0) {
                throw new IIOException("header ends");
            }
            return value;
        }

        @Override
        public int getNumImages(boolean allowSearch) {
            return 1;
        }

        @Override
        public int getWidth(int index) throws IOException {
            return header(4);
        }

        @Override
        public int getHeight(int index) throws IOException {
            return header(5);
        }

        @Override
        public Iterator<ImageTypeSpecifier> getImageTypes(int index) {
            return List.<ImageTypeSpecifier>of().iterator();
        }

        @Override
        public @Nullable IIOMetadata getStreamMetadata() {
            return null;
        }

        @Override
        public @Nullable IIOMetadata getImageMetadata(int index) {
            return null;
        }

        @Override
        public BufferedImage read(int index, @Nullable ImageReadParam parameters) throws IOException {
            provider.decoded++;
            if (provider.failure instanceof IOException checked) {
                throw checked;
            }
            if (provider.failure instanceof RuntimeException unchecked) {
                throw unchecked;
            }
            if (provider.warning != null) {
                processWarningOccurred(provider.warning);
            }
            BufferedImage image = new BufferedImage(getWidth(0), getHeight(0), BufferedImage.TYPE_INT_RGB);
            for (int y = 0; y < image.getHeight(); y++) {
                for (int x = 0; x < image.getWidth(); x++) {
                    image.setRGB(x, y, 0x204060);
                }
            }
            return image;
        }

        @Override
        public void dispose() {
            provider.disposed++;
        }
    }
}
