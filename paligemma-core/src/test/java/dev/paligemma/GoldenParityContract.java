package dev.paligemma;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paligemma.engine.contract.ContractLedger;
import dev.paligemma.engine.contract.TestedEngine;
import dev.paligemma.network.DecoderOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Whole checkpoints give what transformers gives, in whatever files they are. */
@ExtendWith(ContractLedger.class)
public abstract class GoldenParityContract {
    private final TestedEngine engine = TestedEngine.of(getClass());

    @TempDir
    Path folder;

    private static void assertAnswers(PaliGemmaPipeline pipeline, List<Golden.Request> requests) {
        assertThat(requests).isNotEmpty();
        for (Golden.Request request : requests) {
            request.assertAnswered(pipeline.generate(request.toGenerationRequest()));
        }
    }

    @ParameterizedTest
    @MethodSource("dev.paligemma.Golden#all")
    void generatesTheTokensAndLogProbabilitiesOfTransformers(Golden golden) {
        try (PaliGemmaPipeline pipeline = golden.load(engine)) {
            assertAnswers(pipeline, golden.requests());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"pg2-default-caps", "pg2-gqa", "pg2-softcap"})
    void withoutTheFinalSoftcapProbabilitiesAreThoseOfTransformersWithoutIt(String name) {
        Golden golden = Golden.of(name);
        try (PaliGemmaPipeline pipeline = PaliGemmaPipeline.builder()
                .checkpoint(golden.folder())
                .engine(engine.engine())
                .precision(engine.precision())
                .decoderOptions(DecoderOptions.defaults().withoutFinalSoftcap())
                .build()) {
            for (Golden.Request request : golden.requests()) {
                request.assertAnsweredUncapped(pipeline.generate(request.toGenerationRequest()));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("dev.paligemma.Golden#bitsandbytes")
    void weightsOfBitsandbytesGiveWhatTheDequantisedOnesGiveThere(Golden golden) {
        try (PaliGemmaPipeline pipeline = golden.load(engine)) {
            assertAnswers(pipeline, golden.requests());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"pg1-mqa-fp32", "pg1-gqa-bf16", "pg1-minimal-fp16", "pg2-fewer-rows"})
    void archivesOfBigVisionGiveWhatTheSameWeightsGiveElsewhere(String name) throws IOException {
        Golden golden = Golden.of(name);
        try (PaliGemmaPipeline usual = golden.load(engine);
                PaliGemmaPipeline archive =
                        Golden.load(engine, BigVisionCheckpointTest.archiveWithTokenizer(name, folder))) {
            assertAnswers(archive, golden.requests());
            for (Golden.Request request : golden.requests()) {
                Golden.assertSame(
                        archive.generate(request.toGenerationRequest()).tokens(),
                        usual.generate(request.toGenerationRequest()).tokens());
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = "pg1-mqa-fp32")
    void aModelOfSentencePieceStandsInForTheTokenizer(String name) throws IOException {
        Golden golden = Golden.of(name);
        for (String file :
                List.of("config.json", "preprocessor_config.json", "generation_config.json", "model.safetensors")) {
            Files.copy(golden.folder().resolve(file), folder.resolve(file));
        }
        Files.copy(
                Golden.root("/sentencepiece").resolve(name).resolve("tokenizer.model"),
                folder.resolve("tokenizer.model"));
        try (PaliGemmaPipeline pipeline = Golden.load(engine, folder)) {
            assertAnswers(pipeline, golden.requests());
        }
    }

    @ParameterizedTest
    @EnumSource
    void theSameWeightsGiveTheSameHoweverTheyAreStored(StoredAs stored) throws IOException {
        Golden golden = Golden.of("pg1-mqa-fp32");
        Path checkpoint = stored.write(new RewrittenCheckpoint(golden.folder()), folder);
        try (PaliGemmaPipeline pipeline = Golden.load(engine, checkpoint)) {
            assertAnswers(pipeline, golden.requests().subList(0, 2));
        }
    }

    /** Made by {@code src/reference/heads}. */
    @ParameterizedTest
    @ValueSource(strings = {"pg1-mqa-fp32", "pg1-minimal-fp16"})
    void aHeadThatDiffersIsUsed(String name) throws IOException {
        Map<?, ?> json = Golden.readJson(Golden.root("/heads").resolve(name + ".json"));
        Golden base = Golden.of(name);
        RewrittenCheckpoint weights = new RewrittenCheckpoint(base.folder()).without("lm_head.weight");
        weights.with("lm_head.weight", weights.headOfLaterRows(((Number) json.get("shift")).intValue()));
        try (PaliGemmaPipeline pipeline = Golden.load(engine, weights.write(folder.resolve("m")))) {
            assertAnswers(pipeline, Golden.requests(json, base.folder()));
        }
    }
}
