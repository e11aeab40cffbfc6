package dev.paligemma.checkpoint.internal.bigvision;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.paligemma.checkpoint.config.CheckpointException;
import dev.paligemma.checkpoint.config.PaliGemmaConfig;
import dev.paligemma.checkpoint.config.TextConfig;
import dev.paligemma.checkpoint.config.TextConfig.Family;
import dev.paligemma.checkpoint.config.TextConfig.LayerType;
import dev.paligemma.checkpoint.config.VisionConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The sizes of the published models follow from the shapes of their arrays. */
class BigVisionConfigTest {
    private static final Path FILE = Path.of("model.npz");

    @TempDir
    private Path folder;

    /** The numbers are those of the configurations published beside the converted models. */
    @ParameterizedTest
    @CsvSource({
        "GEMMA, 2048, 18, 8, 1, 256, 16384, 256, 224",
        "GEMMA, 2048, 18, 8, 1, 256, 16384, 256, 896",
        "GEMMA2, 2304, 26, 8, 4, 256, 9216, 256, 224",
        "GEMMA2, 3584, 42, 16, 8, 256, 14336, 256, 448",
        "GEMMA2, 4608, 46, 32, 16, 128, 36864, 144, 896"
    })
    void infersTheConfigurationOfPublishedModels(
            Family family, int width, int layers, int heads, int kvHeads, int headDim, int mlp, int scalar, int pixels)
            throws IOException {
        PaliGemmaConfig config =
                BigVisionConfig.infer(FILE, shapes(family, width, layers, heads, kvHeads, headDim, mlp, pixels));

        boolean gemma2 = family == Family.GEMMA2;
        List<LayerType> types = new ArrayList<>(Collections.nCopies(layers, LayerType.FULL));
        for (int layer = 0; gemma2 && layer < layers; layer += 2) {
            types.set(layer, LayerType.SLIDING);
        }
        assertThat(config)
                .isEqualTo(new PaliGemmaConfig(
                        new VisionConfig(1152, 4304, 27, 16, pixels, 14, 1e-6f),
                        new TextConfig(
                                family,
                                new TextConfig.Sizes(257152, width, mlp, layers, heads, kvHeads, headDim),
                                new TextConfig.Attention(10_000, scalar, gemma2 ? 50 : 0, gemma2 ? 4096 : 0, types),
                                1e-6f,
                                gemma2 ? 30 : 0,
                                true,
                                8192),
                        null,
                        2,
                        List.of(1),
                        0));
        assertThat(PaliGemmaConfig.read(Files.writeString(folder.resolve("config.json"), config.toJson())))
                .isEqualTo(config);
    }

    @Test
    void writesWhateverAConfigurationCanSay() throws IOException {
        PaliGemmaConfig config = new PaliGemmaConfig(
                new VisionConfig(32, 48, 2, 4, 56, 28, 1e-5f),
                new TextConfig(
                        Family.GEMMA2,
                        new TextConfig.Sizes(1664, 24, 48, 3, 4, 2, 16),
                        new TextConfig.Attention(
                                20_000.5, 12.25, 0, 5, List.of(LayerType.FULL, LayerType.SLIDING, LayerType.SLIDING)),
                        1e-5f,
                        7.5,
                        false,
                        100),
                1600,
                3,
                List.of(1, 107),
                4);

        assertThat(PaliGemmaConfig.read(Files.writeString(folder.resolve("config.json"), config.toJson())))
                .isEqualTo(config);
    }

    @Test
    void namesWhatIsMissingOrMisshapen() {
        Map<String, long[]> shapes = shapes(Family.GEMMA, 2048, 18, 8, 1, 256, 16384, 224);
        assertRejected(shapes, "img/pos_embedding", null, "has no array img/pos_embedding");
        assertRejected(shapes, "img/pos_embedding", new long[] {1, 255, 1152}, "255 positions, expected a square");
        assertRejected(shapes, "img/pos_embedding", new long[] {256, 1152}, "[256, 1152], expected 3 sizes");
        assertRejected(shapes, "img/embedding/kernel", new long[] {0, 0, 3, 1152}, "[0, 0, 3, 1152], expected 4 sizes");
        assertRejected(shapes, "img/embedding/kernel", new long[] {1 << 24, 1 << 24, 3, 1152}, "fit no model: ");
        assertRejected(shapes, "llm/embedder/input_embedding", new long[] {1L << 40, 8}, "expected 2 sizes from 1");
        assertRejected(shapes, "llm/layers/attn/q_einsum/w", new long[] {1 << 20, 8, 2048, 256}, "layers must be from");
        assertRejected(shapes, "llm/layers/attn/q_einsum/w", new long[] {18, 8, 2048, 255}, "headDim must be even");
    }

    private static void assertRejected(
            Map<String, long[]> shapes, String name, long @Nullable [] shape, String message) {
        Map<String, long[]> changed = new HashMap<>(shapes);
        if (shape == null) {
            changed.remove(name);
        } else {
            changed.put(name, shape);
        }
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> BigVisionConfig.infer(FILE, changed))
                .withMessageContaining("model.npz")
                .withMessageContaining(message);
    }

    private static Map<String, long[]> shapes(
            Family family, long width, long layers, long heads, long kvHeads, long headDim, long mlp, long pixels) {
        Map<String, long[]> shapes = new HashMap<>();
        shapes.put("img/embedding/kernel", new long[] {14, 14, 3, 1152});
        shapes.put("img/pos_embedding", new long[] {1, pixels * pixels / 196, 1152});
        shapes.put(
                "img/Transformer/encoderblock/MultiHeadDotProductAttention_0/query/kernel",
                new long[] {27, 1152, 16, 72});
        shapes.put("img/Transformer/encoderblock/MlpBlock_0/Dense_0/kernel", new long[] {27, 1152, 4304});
        shapes.put("llm/embedder/input_embedding", new long[] {257152, width});
        shapes.put("llm/layers/attn/q_einsum/w", new long[] {layers, heads, width, headDim});
        shapes.put("llm/layers/attn/kv_einsum/w", new long[] {layers, 2, kvHeads, width, headDim});
        shapes.put("llm/layers/mlp/linear", new long[] {layers, mlp, width});
        if (family == Family.GEMMA2) {
            shapes.put("llm/layers/post_ffw_norm/scale", new long[] {layers, width});
        }
        return shapes;
    }
}
