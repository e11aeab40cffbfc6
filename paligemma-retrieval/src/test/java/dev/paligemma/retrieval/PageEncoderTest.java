package dev.paligemma.retrieval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.base.PaliGemmaException;
import dev.paligemma.checkpoint.adapter.AdapterException;
import dev.paligemma.checkpoint.config.CheckpointException;
import dev.paligemma.engine.Precision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PageEncoderTest {
    private static final Path ENCODER = RowsGolden.folder("hf-pg1");

    @TempDir
    Path folder;

    private Path copy(String name) throws IOException {
        Path target = folder.resolve(name);
        Files.createDirectories(target);
        try (Stream<Path> files = Files.list(RowsGolden.folder(name))) {
            for (Path file : files.toList()) {
                Files.copy(file, target.resolve(file.getFileName()));
            }
        }
        return target;
    }

    private static void replace(Path file, String text, String by) throws IOException {
        String old = Files.readString(file);
        assertThat(old).contains(text);
        Files.writeString(file, old.replace(text, by));
    }

    @Test
    void aPipelineRefusesAPageEncoderAndSaysWhatOpensIt() {
        for (String name : List.of("hf-pg1", "engine-pg1")) {
            assertThatExceptionOfType(CheckpointException.class)
                    .isThrownBy(() -> PaliGemmaPipeline.load(RowsGolden.folder(name)))
                    .withMessageContaining("is a page encoder (ColPali)")
                    .withMessageContaining("PageEncoder of the module paligemma-retrieval");
        }
    }

    @Test
    void refusesModelsThatWriteText() throws IOException {
        Path plain = copy("engine-pg1");
        replace(plain.resolve("config.json"), "\"ColPali\"", "\"PaliGemmaForConditionalGeneration\"");
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> PageEncoder.load(plain))
                .withMessageContaining("writes text")
                .withMessageContaining("vidore/colpali-v1.3-hf");
    }

    @Test
    void refusesPageEncodersOnOtherModels() throws IOException {
        Path qwen = copy("engine-pg1");
        replace(qwen.resolve("config.json"), "\"ColPali\"", "\"ColQwen2\"");
        replace(qwen.resolve("config.json"), "\"model_type\": \"paligemma\"", "\"model_type\": \"qwen2_vl\"");
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> PageEncoder.load(qwen))
                .withMessageContaining("ColQwen2")
                .withMessageContaining("runs ColPali, for example vidore/colpali-v1.3-hf");
    }

    @Test
    void saysWhatFitsNot() throws IOException {
        Path wide = copy("hf-pg1");
        replace(wide.resolve("config.json"), "\"embedding_dim\": 128", "\"embedding_dim\": 64");
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> PageEncoder.load(wide))
                .withMessageContaining("custom_text_proj.weight: expected [64, 24], got [128, 24]");
    }

    @Test
    void anAdapterAloneNeedsABaseOnTheHub() {
        assertThatExceptionOfType(AdapterException.class)
                .isThrownBy(() -> PageEncoder.load(RowsGolden.folder("engine-adapter")))
                .withMessageContaining("\"engine-pg1\"")
                .withMessageContaining("adapter(...)");
    }

    @Test
    void usesTheWordsOfTheProcessorsSettings() throws IOException {
        Path other = copy("hf-pg1");
        replace(other.resolve("processor_config.json"), "Question: ", "");
        try (PageEncoder encoder = PageEncoder.load(other);
                PageEncoder usual = PageEncoder.load(ENCODER)) {
            assertThat(encoder.query("Question: what"))
                    .isEqualTo(usual.query("what"))
                    .isNotEqualTo(encoder.query("what"));
        }
        replace(other.resolve("processor_config.json"), "Describe", "<image>");
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> PageEncoder.load(other))
                .withMessageContaining("visual_prompt_prefix");
    }

    @Test
    void refusesWhatItCannotDo() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> PageEncoder.builder().precision(Precision.INT4))
                .withMessageContaining("take int8");
        assertThatIllegalStateException().isThrownBy(() -> PageEncoder.builder().build());
        assertThatIllegalArgumentException().isThrownBy(() -> PageEncoder.fromPretrained("not a name"));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> PageEncoder.builder().adapter(ENCODER).adapter(ENCODER));
        PageEncoder encoder = PageEncoder.load(ENCODER);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> encoder.query("an <image>"))
                .withMessageContaining("page(...)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> encoder.query("word ".repeat(10_000)))
                .withMessageContaining("at most 8192; shorten it");
        encoder.close();
        encoder.close();
        assertThatThrownBy(() -> encoder.query("late")).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void weightsThatGiveNoDirectionAreAnError() throws IOException {
        Path broken = copy("engine-pg1");
        Path weights = broken.resolve("model.safetensors");
        byte[] bytes = Files.readAllBytes(weights);
        int header = java.nio.ByteBuffer.wrap(bytes)
                .order(java.nio.ByteOrder.LITTLE_ENDIAN)
                .getInt(0);
        java.util.Arrays.fill(bytes, 8 + header, bytes.length, (byte) 0);
        Files.write(weights, bytes);
        try (PageEncoder encoder = PageEncoder.load(broken)) {
            assertThatExceptionOfType(PaliGemmaException.class)
                    .isThrownBy(() -> encoder.query("x"))
                    .withMessageContaining("row 0 has the length 0.0");
        }
    }
}
