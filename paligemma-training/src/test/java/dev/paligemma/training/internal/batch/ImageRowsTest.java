package dev.paligemma.training.internal.batch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.paligemma.engine.graph.Graph;
import dev.paligemma.engine.spi.DecodingState;
import dev.paligemma.engine.spi.HostTensor;
import dev.paligemma.engine.spi.Program;
import dev.paligemma.network.Networks;
import dev.paligemma.network.VisionGraph;
import dev.paligemma.tiny.TinyModel;
import dev.paligemma.training.data.Augmentation;
import dev.paligemma.training.data.Example;
import dev.paligemma.training.data.Examples;
import dev.paligemma.training.data.Picture;
import dev.paligemma.training.run.FineTuningException;
import dev.paligemma.vision.ImageProcessor;
import dev.paligemma.vision.RgbImage;
import dev.paligemma.vision.SiglipEncoder;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImageRowsTest {
    private static final int ROWS = 64;
    private static final int WIDTH = 128;
    private static final long BLOCK = ROWS * WIDTH * 4L;

    @TempDir
    private Path folder;

    /** Copies pixels to rows, so that rows tell which picture they are of. */
    private static final class CopyingTower implements Program {
        private final Graph graph;
        private int runs;

        CopyingTower() {
            try (var checkpoint = Networks.open(TinyModel.folder())) {
                graph = VisionGraph.record(checkpoint.config());
            }
        }

        @Override
        public Graph graph() {
            return graph;
        }

        @Override
        public void run(Map<String, HostTensor> inputs, Map<String, HostTensor> outputs) {
            runs++;
            FloatBuffer pixels = inputs.get(SiglipEncoder.PIXEL_VALUES).floats();
            FloatBuffer rows = outputs.get(VisionGraph.IMAGE_EMBEDDINGS).floats();
            for (int i = 0; i < rows.limit(); i++) {
                rows.put(i, pixels.get(i));
            }
        }

        @Override
        public DecodingState newState(int expectedRows) {
            throw new IllegalStateException();
        }

        @Override
        public DecodingState join(List<DecodingState> states) {
            throw new IllegalStateException();
        }

        @Override
        public void close() {}
    }

    private static Picture picture(int grey) {
        byte[] rgb = new byte[12];
        Arrays.fill(rgb, (byte) grey);
        return Picture.of("grey " + grey, RgbImage.of(2, 2, rgb));
    }

    private static Example about(Picture... pictures) {
        return new Example(List.of(pictures), "caption", "x", "lines, line 9");
    }

    private static ImageRows rows(Program tower, RowKeeping keeping) {
        return new ImageRows(
                "rows",
                tower,
                VisionGraph.IMAGE_EMBEDDINGS,
                ImageProcessor.read(TinyModel.folder().resolve("preprocessor_config.json")),
                ROWS,
                keeping);
    }

    private static void assertRows(HostTensor tensor, int... greys) {
        assertThat(tensor.shape()).containsExactly((long) greys.length * ROWS, WIDTH);
        FloatBuffer values = tensor.floats();
        for (int i = 0; i < values.limit(); i++) {
            float value = (float) (greys[i / (ROWS * WIDTH)] * (1.0 / 255));
            assertThat(values.get(i)).isEqualTo((value - 0.5f) / 0.5f);
        }
    }

    @Test
    void eachPictureIsEncodedOnceAndItsRowsComeFromMemoryOrTheFile() {
        CopyingTower tower = new CopyingTower();
        List<Picture> pictures =
                IntStream.range(0, 5).mapToObj(i -> picture(40 * i)).toList();
        try (ImageRows rows = rows(tower, RowKeeping.inMemoryAndFolder(2 * BLOCK, folder))) {
            for (int round = 0; round < 3; round++) {
                assertRows(
                        rows.of(List.of(about(pictures.get(0), pictures.get(4)), about(pictures.get(3)))), 0, 160, 120);
                assertRows(rows.of(List.of(about(pictures.get(1)), about(pictures.get(2)))), 40, 80);
            }
            assertThat(rows.kept()).isEqualTo(5);
            assertThat(rows.computed()).isEqualTo(5);
            assertThat(tower.runs).isEqualTo(5);
        }
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void whatHasNoRoomIsComputedAgain() {
        CopyingTower tower = new CopyingTower();
        List<Example> examples = List.of(about(picture(10)), about(picture(20)));
        try (ImageRows rows = rows(tower, new RowKeeping(BLOCK, Optional.of(folder), BLOCK - 1))) {
            assertRows(rows.of(examples), 10, 20);
            assertRows(rows.of(examples), 10, 20);
            assertThat(rows.kept()).isEqualTo(1);
        }
        assertThat(tower.runs).isEqualTo(3);
        try (ImageRows rows = rows(tower, RowKeeping.NONE)) {
            assertRows(rows.of(examples), 10, 20);
            assertThat(rows.kept()).isZero();
        }
    }

    @Test
    void aFolderThatCannotBeWrittenMakesItSlowerOnly() {
        CopyingTower tower = new CopyingTower();
        List<Example> examples = List.of(about(picture(10)));
        try (ImageRows rows = rows(tower, RowKeeping.inMemoryAndFolder(0, folder.resolve("missing")))) {
            assertRows(rows.of(examples), 10);
            assertRows(rows.of(examples), 10);
        }
        assertThat(tower.runs).isEqualTo(2);
    }

    @Test
    void rowsOfChangedPicturesAreNotKept() {
        CopyingTower tower = new CopyingTower();
        Augmentation darker = Augmentation.none().withColour(0.9, 0, 0);
        Examples examples = Examples.of(List.of(about(picture(100)))).withAugmentation(darker);
        try (ImageRows rows = rows(tower, RowKeeping.inMemory(10 * BLOCK))) {
            assertRows(rows.of(List.of(examples.get(0))), 100);
            for (int epoch = 0; epoch < 3; epoch++) {
                Example changed = examples.get(0, 1, epoch);
                assertRows(
                        rows.of(List.of(changed)),
                        changed.pictures().get(0).read().rgbAt(0, 0) & 255);
            }
            assertThat(rows.kept()).isEqualTo(1);
            assertRows(rows.of(List.of(examples.get(0))), 100);
            assertThat(rows.computed()).isEqualTo(4);
        }
    }

    @Test
    void aFileThatChangesIsReadAgainAndAMissingOneNamed() throws IOException {
        CopyingTower tower = new CopyingTower();
        Path file = folder.resolve("a.png");
        ImageIO.write(picture(10).read().toBufferedImage(), "png", file.toFile());
        Files.setLastModifiedTime(file, FileTime.fromMillis(1000));
        Example example = about(Picture.of(file));
        try (ImageRows rows = rows(tower, RowKeeping.inMemory(10 * BLOCK))) {
            assertRows(rows.of(List.of(example)), 10);
            assertRows(rows.of(List.of(example)), 10);
            assertThat(tower.runs).isEqualTo(1);
            ImageIO.write(picture(30).read().toBufferedImage(), "png", file.toFile());
            assertRows(rows.of(List.of(example)), 30);
            Files.delete(file);
            assertThatThrownBy(() -> rows.of(List.of(example)))
                    .isInstanceOf(FineTuningException.class)
                    .hasMessageContaining("lines, line 9")
                    .hasMessageContaining("a.png");
        }
    }
}
