package dev.paligemma.training.internal.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.paligemma.checkpoint.config.PaliGemmaConfig;
import dev.paligemma.engine.graph.Graph;
import dev.paligemma.network.DecoderOptions;
import dev.paligemma.network.Networks;
import dev.paligemma.tiny.TinyModel;
import dev.paligemma.training.recipe.Tower;
import dev.paligemma.training.run.FineTuningException;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class TargetModulesTest {
    private static final Set<Tower> DECODER = Set.of(Tower.DECODER);
    private static final Set<Tower> ALL = Set.of(Tower.values());
    private static final List<Graph> GRAPHS = Networks.record(
                    PaliGemmaConfig.readFolder(TinyModel.folder()), DecoderOptions.defaults())
            .all();

    @Test
    void namesAreEndsOfPathsInTheChosenTowers() {
        assertThat(TargetModules.find(GRAPHS, List.of("v_proj", "q_proj"), DECODER))
                .startsWith(
                        "language_model.layers.0.self_attn.q_proj",
                        "language_model.layers.0.self_attn.v_proj",
                        "language_model.layers.1.self_attn.q_proj")
                .allMatch(module -> module.startsWith("language_model."));
        assertThat(TargetModules.find(GRAPHS, List.of("q_proj"), ALL))
                .anyMatch(module -> module.startsWith("vision_tower."))
                .anyMatch(module -> module.startsWith("language_model."));
        assertThat(TargetModules.find(GRAPHS, List.of("layers.1.mlp.down_proj"), ALL))
                .containsExactly("language_model.layers.1.mlp.down_proj");
    }

    @Test
    void aPatternIsForWholePaths() {
        assertThat(TargetModules.find(GRAPHS, List.of(".*language_model.*\\.(k|v)_proj"), ALL))
                .hasSize(2 * 4)
                .contains("language_model.layers.3.self_attn.k_proj");
        assertThatThrownBy(() -> TargetModules.find(GRAPHS, List.of("(k|v)_proj"), ALL))
                .isInstanceOf(FineTuningException.class)
                .hasMessageContaining("(k|v)_proj")
                .hasMessageContaining("gate_proj");
    }

    @Test
    void allLinearIsAllButTheHead() {
        assertThat(TargetModules.find(GRAPHS, List.of(TargetModules.ALL_LINEAR), ALL))
                .contains("multi_modal_projector.linear", "vision_tower.encoder.layers.0.mlp.fc1")
                .doesNotContain("lm_head", "vision_tower.embeddings.patch_embedding");
    }

    @Test
    void whatCannotChangeIsNamed() {
        assertThatThrownBy(() -> TargetModules.find(GRAPHS, List.of("input_layernorm"), ALL))
                .isInstanceOf(FineTuningException.class)
                .hasMessageContaining("language_model.layers.0.input_layernorm");
        assertThatThrownBy(() -> TargetModules.find(GRAPHS, List.of("fc1"), DECODER))
                .isInstanceOf(FineTuningException.class)
                .hasMessageContaining("DECODER");
        assertThatThrownBy(() -> TargetModules.find(GRAPHS, List.of("q_proj", "("), ALL))
                .isInstanceOf(FineTuningException.class)
                .hasMessageContaining("regular expression");
    }
}
