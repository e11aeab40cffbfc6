package dev.paligemma.training.internal.output;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.withPrecision;

import dev.paligemma.checkpoint.Checkpoint;
import dev.paligemma.checkpoint.adapter.LoraAdapter;
import dev.paligemma.checkpoint.adapter.StoredModule;
import dev.paligemma.engine.training.TrainingProgram;
import dev.paligemma.network.DecoderOptions;
import dev.paligemma.network.Networks;
import dev.paligemma.tiny.TinyModel;
import dev.paligemma.training.internal.network.HeldProgram;
import dev.paligemma.training.internal.network.LowRank;
import dev.paligemma.training.internal.network.TargetModules;
import dev.paligemma.training.internal.network.Trained;
import dev.paligemma.training.internal.network.TrainingNetwork;
import dev.paligemma.training.recipe.Tower;
import dev.paligemma.training.run.FineTuningException;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** What is written is what this library reads back; that PEFT reads it too, src/reference/training checks. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class AdapterFilesTest {
    private static final List<String> PROJECTIONS =
            List.of("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj");

    @TempDir
    Path folder;

    private Checkpoint base;
    private Networks networks;

    @BeforeAll
    void open() {
        base = Networks.open(TinyModel.folder());
        networks = Networks.record(base.config(), DecoderOptions.defaults());
    }

    @AfterAll
    void close() {
        base.close();
    }

    private LowRank lowRank(List<String> targets, Set<Tower> towers, LowRank.Size size, boolean dora) {
        return LowRank.of(TargetModules.find(networks.all(), targets, towers), size, false, dora, 0);
    }

    /** Writes an adapter of random numbers and reads it back: every number is where it was. */
    private LoraAdapter writeAndCompare(Trained trained, String name) throws IOException {
        TrainingNetwork network = TrainingNetwork.of(networks, base, trained);
        Path out = Files.createDirectories(folder.resolve(name));
        LoraAdapter adapter;
        try (TrainingProgram program = new HeldProgram(network.graph(), network.parts())) {
            Random random = new Random(1);
            for (TrainingNetwork.Parameter parameter : network.parameters()) {
                FloatBuffer values = FloatBuffer.allocate((int) parameter.elements());
                while (values.hasRemaining()) {
                    values.put(random.nextFloat());
                }
                program.write(parameter.name(), TrainingProgram.Numbers.VALUE, values.flip());
            }
            AdapterFiles.write(out, network, program, "the base");
            adapter = LoraAdapter.open(out, base);
            for (TrainingNetwork.Parameter parameter : network.parameters()) {
                FloatBuffer values = FloatBuffer.allocate((int) parameter.elements());
                program.read(parameter.name(), TrainingProgram.Numbers.VALUE, values);
                StoredModule stored = adapter.stored().get(parameter.module().name());
                assertThat(stored.tensors().get(parameter.part()))
                        .as(parameter.name())
                        .containsExactly(values.array());
            }
        }
        Trained read = Trained.of(adapter, networks.all(), 0);
        assertThat(read.lowRank()).isEqualTo(trained.lowRank());
        assertThat(read.weights()).isEqualTo(trained.weights());
        assertThat(read.tokens()).isEqualTo(trained.tokens());
        return adapter;
    }

    private String config(String name) throws IOException {
        return Files.readString(folder.resolve(name).resolve(AdapterFiles.CONFIG));
    }

    @Test
    void anAdapterOfTheDecoderAloneNamesTheDecoder() throws IOException {
        LowRank lowRank = lowRank(PROJECTIONS, Set.of(Tower.DECODER), new LowRank.Size(4, 8), false);
        assertThat(writeAndCompare(new Trained(lowRank, Set.of(), List.of()), "decoder")
                        .modules())
                .hasSize(7 * 4);
        // The encoder has modules of these names, too.
        assertThat(config("decoder")).contains("\".*\\\\blanguage_model\\\\..*\\\\b(down_proj|gate_proj|k_proj|");
    }

    @Test
    void namesAloneAreEnoughForAllTowers() throws IOException {
        LowRank lowRank = lowRank(List.of("q_proj"), Set.of(Tower.values()), new LowRank.Size(4, 8), false);
        writeAndCompare(new Trained(lowRank, Set.of(), List.of()), "everywhere");
        assertThat(config("everywhere")).contains("\"target_modules\" : [ \"q_proj\" ]");
    }

    @Test
    void projectorTableTokensAndMagnitudesComeBack() throws IOException {
        LowRank dora = lowRank(List.of("v_proj"), Set.of(Tower.DECODER), new LowRank.Size(2, 3), true);
        Set<String> projector = Trained.weightsOf(networks.all(), Set.of(Tower.PROJECTOR));
        writeAndCompare(new Trained(dora, projector, List.of(7, 3)), "dora");
        LowRank table =
                lowRank(List.of("embed_tokens", "lm_head"), Set.of(Tower.DECODER), new LowRank.Size(2, 2), false);
        writeAndCompare(new Trained(table, Set.of(), List.of()), "table");
    }

    @Test
    void wholeTowersComeBack() throws IOException {
        Set<String> weights =
                new LinkedHashSet<>(Trained.weightsOf(networks.all(), Set.of(Tower.PROJECTOR, Tower.DECODER)));
        Path adapter =
                writeAndCompare(new Trained(null, weights, List.of()), "whole").folder();
        Path merged = folder.resolve("merged");
        CheckpointFiles.write(adapter, base, merged);
        try (Checkpoint checkpoint = Networks.open(merged)) {
            String name = "language_model.layers.2.mlp.up_proj.weight";
            float[] stored = LoraAdapter.open(adapter, base)
                    .stored()
                    .get("language_model.layers.2.mlp.up_proj")
                    .tensors()
                    .get(StoredModule.Part.WEIGHT);
            float[] values = new float[stored.length];
            checkpoint.readFloats(checkpoint.tensor(name), 0, FloatBuffer.wrap(values));
            // In the type of the base, which is bfloat16.
            assertThat(values).containsExactly(stored, withPrecision(1 / 256f));
            // Head and embedding are still one matrix.
            assertThat(checkpoint.contains("lm_head.weight")).isFalse();
        }
    }

    @Test
    void trainingGoesOnWithAllOfAnAdapterOrNotAtAll() throws IOException {
        LowRank two = lowRank(List.of("q_proj", "v_proj"), Set.of(Tower.DECODER), new LowRank.Size(2, 2), false);
        LoraAdapter adapter = writeAndCompare(new Trained(two, Set.of(), List.of()), "two");
        LowRank one = lowRank(List.of("q_proj"), Set.of(Tower.DECODER), new LowRank.Size(2, 2), false);
        TrainingNetwork network = TrainingNetwork.of(networks, base, new Trained(one, Set.of(), List.of()));
        try (TrainingProgram program = new HeldProgram(network.graph(), network.parts())) {
            assertThatThrownBy(() -> network.writeStart(program, base, 0, adapter))
                    .isInstanceOf(FineTuningException.class)
                    .hasMessageContaining("v_proj")
                    .hasMessageContaining("not trained");
        }
    }

    @Test
    void theSameSeedStartsWithTheSameNumbers() {
        LowRank lowRank = lowRank(List.of("q_proj"), Set.of(Tower.DECODER), new LowRank.Size(2, 2), false);
        TrainingNetwork network = TrainingNetwork.of(networks, base, new Trained(lowRank, Set.of(), List.of()));
        String down = "adapter.language_model.layers.0.self_attn.q_proj.down";
        float[] first = start(network, 1, down);
        assertThat(start(network, 1, down)).containsExactly(first);
        assertThat(start(network, 2, down)).isNotEqualTo(first);
        float bound = (float) (1 / Math.sqrt(first.length / 2.0));
        for (float value : first) {
            assertThat(value).isBetween(-bound, bound);
        }
        assertThat(start(network, 1, "adapter.language_model.layers.0.self_attn.q_proj.up"))
                .containsOnly(0);
    }

    private float[] start(TrainingNetwork network, long seed, String name) {
        try (TrainingProgram program = new HeldProgram(network.graph(), network.parts())) {
            network.writeStart(program, base, seed, null);
            long elements = program.parameters().get(name).stream().reduce(1L, Math::multiplyExact);
            FloatBuffer values = FloatBuffer.allocate((int) elements);
            program.read(name, TrainingProgram.Numbers.VALUE, values);
            return values.array();
        }
    }

    @Test
    void picturesEnterWhereTheLowestChangeIs() {
        assertThat(entry(new Trained(null, Set.of("language_model.norm.weight"), List.of())))
                .isEqualTo("image_embeddings");
        assertThat(entry(new Trained(null, Set.of("multi_modal_projector.linear.bias"), List.of())))
                .isEqualTo("image_patches");
        assertThat(entry(new Trained(null, Set.of("vision_tower.post_layernorm.bias"), List.of())))
                .isEqualTo("pixel_values");
    }

    private String entry(Trained trained) {
        TrainingNetwork network = TrainingNetwork.of(networks, base, trained);
        assertThat(network.graph().inputs()).containsKey(network.images().input());
        return network.images().input();
    }
}
