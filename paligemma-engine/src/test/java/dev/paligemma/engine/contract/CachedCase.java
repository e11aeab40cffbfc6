package dev.paligemma.engine.contract;

import dev.paligemma.engine.graph.AttentionSpec;
import dev.paligemma.engine.graph.ElementType;
import dev.paligemma.engine.graph.Graph;
import dev.paligemma.engine.graph.GraphBuilder;
import dev.paligemma.engine.graph.Shape;
import dev.paligemma.engine.spi.DecodingState;
import dev.paligemma.engine.spi.HostTensor;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * One golden case of attention with a cache; the numbers are those of {@code make_goldens.py}.
 *
 * @param name what is special about it
 * @param spec heads, scale, soft-cap and window
 * @param prefix rows of the first run
 */
public record CachedCase(String name, AttentionSpec spec, int prefix) {

    /** All golden cases. */
    public static List<CachedCase> all() {
        return List.of(
                of("one_kv_head", 4, 1, 8, 0.35f, 0, 0, 7),
                of("own_kv_heads", 3, 3, 4, 0.5f, 0, 0, 6),
                of("shared_kv_heads", 6, 2, 4, 0.45f, 0, 0, 7),
                of("softcap", 4, 2, 8, 0.35f, 2, 0, 7),
                of("softcap_one_kv_head", 4, 1, 8, 0.35f, 2, 0, 7),
                of("large_scores", 2, 1, 8, 0.35f, 0, 0, 5),
                of("prefix_of_one", 2, 1, 8, 0.35f, 0, 0, 1),
                of("window_below_prefix", 4, 2, 4, 0.5f, 0, 4, 7),
                of("window_of_prefix", 4, 1, 4, 0.5f, 0, 6, 6),
                of("window_beyond_prefix", 4, 2, 4, 0.5f, 0, 9, 4),
                of("window_of_one", 2, 1, 4, 0.5f, 0, 1, 3),
                of("window_and_softcap", 6, 2, 4, 0.5f, 2, 5, 6),
                of("many_steps", 2, 1, 4, 0.5f, 0, 0, 3),
                of("many_steps_in_window", 2, 2, 4, 0.5f, 0, 20, 3));
    }

    /** The golden case of a name. */
    public static CachedCase named(String name) {
        return all().stream().filter(test -> test.name.equals(name)).findFirst().orElseThrow();
    }

    private static CachedCase of(
            String name, int heads, int kvHeads, int headDim, float scale, float softcap, int window, int prefix) {
        AttentionSpec spec = new AttentionSpec(heads, kvHeads, headDim, scale, softcap, 0, "cache", window);
        return new CachedCase(name, spec, prefix);
    }

    /** The name of the case in the golden file. */
    public String golden() {
        return "cached_" + name;
    }

    /** The attention alone: inputs {@code q}, {@code k}, {@code v}, output {@code y}. */
    public Graph graph() {
        GraphBuilder g = new GraphBuilder(golden());
        Shape queries = Shape.of("rows", spec.heads() * spec.headDim());
        Shape keys = Shape.of("rows", spec.kvHeads() * spec.headDim());
        g.output(
                "y",
                g.attention(
                        g.input("q", ElementType.FLOAT32, queries),
                        g.input("k", ElementType.FLOAT32, keys),
                        g.input("v", ElementType.FLOAT32, keys),
                        spec));
        return g.build();
    }

    /** Runs the whole sequence of the golden file, the prefix at once and the rest row by row. */
    public void run(OperationGoldens goldens, DecodingState state, HostTensor y) {
        run(goldens, state, Map.of("y", y));
    }

    /** The same with outputs of any names; each holds all rows of the sequence. */
    public void run(OperationGoldens goldens, DecodingState state, Map<String, HostTensor> outputs) {
        Map<String, HostTensor> inputs = inputs(goldens);
        int rows = Math.toIntExact(inputs.values().iterator().next().shape()[0]);
        state.run(rows(inputs, 0, prefix), rows(outputs, 0, prefix));
        for (int row = prefix; row < rows; row++) {
            state.run(rows(inputs, row, 1), rows(outputs, row, 1));
        }
    }

    /** All rows of the golden inputs. */
    public Map<String, HostTensor> inputs(OperationGoldens goldens) {
        return Map.of(
                "q", goldens.tensor(golden() + ".q"),
                "k", goldens.tensor(golden() + ".k"),
                "v", goldens.tensor(golden() + ".v"));
    }

    /** Some rows of each tensor. */
    public static Map<String, HostTensor> rows(Map<String, HostTensor> tensors, int first, int count) {
        Map<String, HostTensor> rows = new HashMap<>();
        tensors.forEach((name, tensor) -> rows.put(name, tensor.rows(first, count)));
        return rows;
    }

    @Override
    public String toString() {
        return name;
    }
}
