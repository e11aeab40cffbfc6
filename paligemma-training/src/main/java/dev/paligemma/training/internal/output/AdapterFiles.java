package dev.paligemma.training.internal.output;

import dev.paligemma.base.internal.Json;
import dev.paligemma.checkpoint.adapter.StoredModule.Part;
import dev.paligemma.checkpoint.internal.modules.BaseModule;
import dev.paligemma.checkpoint.internal.modules.ModuleKind;
import dev.paligemma.engine.training.TrainingProgram;
import dev.paligemma.training.internal.network.LowRank;
import dev.paligemma.training.internal.network.TargetModules;
import dev.paligemma.training.internal.network.Trained;
import dev.paligemma.training.internal.network.TrainingNetwork;
import dev.paligemma.training.internal.network.TrainingNetwork.Parameter;
import dev.paligemma.training.recipe.Tower;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Writes what was trained as PEFT does: {@code adapter_model.safetensors}, with the names of transformers 5, and
 * {@code adapter_config.json}. Weights that were trained as a whole are stored as modules that PEFT saves. Stateless.
 */
public final class AdapterFiles {
    /** The file of tensors. */
    public static final String TENSORS = "adapter_model.safetensors";

    /** The file of settings. */
    public static final String CONFIG = "adapter_config.json";

    private static final String PREFIX = "base_model.model.";

    private AdapterFiles() {}

    /**
     * Writes both files into a folder that has neither.
     *
     * @param baseName what the base is called, for whoever reads the adapter
     */
    public static void write(Path folder, TrainingNetwork network, TrainingProgram program, String baseName)
            throws IOException {
        TensorFile tensors = new TensorFile();
        Map<String, Parameter> byName = new TreeMap<>();
        network.parameters().forEach(parameter -> byName.put(nameOf(parameter), parameter));
        byName.forEach((name, parameter) -> tensors.add(name, sizes(parameter), () -> numbers(parameter, program)));
        tensors.write(folder.resolve(TENSORS));
        String config = Json.text(config(network, baseName), true) + "\n";
        Files.write(folder.resolve(CONFIG), config.getBytes(StandardCharsets.UTF_8));
    }

    /** The name of a parameter in the file. */
    public static String nameOf(Parameter parameter) {
        BaseModule module = parameter.module();
        String path = PREFIX + TargetModules.path(module.name());
        boolean table = module.kind() == ModuleKind.TOKEN_TABLE;
        return switch (parameter.part()) {
            case DOWN -> path + (table ? ".lora_embedding_A" : ".lora_A.weight");
            case UP -> path + (table ? ".lora_embedding_B" : ".lora_B.weight");
            case MAGNITUDE -> path + ".lora_magnitude_vector";
            case ROWS -> path + ".token_adapter.trainable_tokens_delta";
            case WEIGHT, BIAS -> PREFIX + "model." + parameter.name();
            case UP_BIAS -> throw new IllegalArgumentException(parameter.toString());
        };
    }

    private static List<Long> sizes(Parameter parameter) {
        if (isTransposed(parameter)) {
            return List.of(parameter.sizes().get(1), parameter.sizes().get(0));
        }
        return parameter.part() == Part.WEIGHT ? parameter.module().weight().storedShape() : parameter.sizes();
    }

    /** PEFT stores A of a table as {@code [R, rows]}. */
    private static boolean isTransposed(Parameter parameter) {
        return parameter.part() == Part.DOWN && parameter.module().kind() == ModuleKind.TOKEN_TABLE;
    }

    private static float[] numbers(Parameter parameter, TrainingProgram program) {
        float[] values = new float[Math.toIntExact(parameter.elements())];
        program.read(parameter.name(), TrainingProgram.Numbers.VALUE, FloatBuffer.wrap(values));
        if (!isTransposed(parameter)) {
            return values;
        }
        int columns = Math.toIntExact(parameter.sizes().get(1));
        int rows = values.length / columns;
        float[] transposed = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            transposed[i % columns * rows + i / columns] = values[i];
        }
        return transposed;
    }

    /** The members of {@code adapter_config.json}, in the order of their names as PEFT has them. */
    private static Map<String, @Nullable Object> config(TrainingNetwork network, String baseName) {
        Trained trained = network.trained();
        LowRank lowRank = trained.lowRank();
        Map<String, @Nullable Object> config = new TreeMap<>();
        config.put("base_model_name_or_path", baseName);
        config.put("bias", "none");
        config.put("fan_in_fan_out", false);
        config.put("inference_mode", true);
        config.put("init_lora_weights", true);
        config.put("modules_to_save", saved(network));
        config.put("peft_type", "LORA");
        config.put("task_type", "CAUSAL_LM");
        config.put("trainable_token_indices", trained.tokens().isEmpty() ? null : trained.tokens());
        if (lowRank == null) {
            // PEFT wants a rank and targets; none of the modules of the model has that name.
            lowRank = new LowRank(Map.of(), false, false, 0);
        }
        LowRank.Size usual = usual(lowRank);
        config.put("lora_dropout", (double) lowRank.dropout());
        config.put("r", usual.rank());
        config.put("lora_alpha", number(usual.alpha()));
        config.put("use_dora", lowRank.dora());
        config.put("use_rslora", lowRank.rankStabilised());
        Map<String, Object> ranks = new LinkedHashMap<>();
        Map<String, Object> alphas = new LinkedHashMap<>();
        lowRank.modules().forEach((module, size) -> {
            String pattern = TargetModules.path(module).replace(".", "\\.");
            if (size.rank() != usual.rank()) {
                ranks.put(pattern, size.rank());
            }
            if (size.alpha() != usual.alpha()) {
                alphas.put(pattern, number(size.alpha()));
            }
        });
        config.put("rank_pattern", ranks);
        config.put("alpha_pattern", alphas);
        config.put("target_modules", targets(network, lowRank.modules().keySet()));
        return config;
    }

    /** A whole number as one, which is how PEFT writes it. */
    private static Object number(double value) {
        return value == Math.rint(value) && Math.abs(value) < 1e9 ? (Object) (long) value : (Object) value;
    }

    private static LowRank.Size usual(LowRank lowRank) {
        return lowRank.modules().values().stream()
                .collect(Collectors.groupingBy(size -> size, LinkedHashMap::new, Collectors.counting()))
                .entrySet()
                .stream()
                .max(Map.Entry.comparingByValue())
                .map(Map.Entry::getKey)
                .orElse(new LowRank.Size(8, 8));
    }

    /**
     * Names that mean just these modules to PEFT: the last parts of their names if those mean no others, or a pattern of
     * them and their tower, or each whole path.
     */
    private static Object targets(TrainingNetwork network, Set<String> modules) {
        Set<String> ends = new TreeSet<>();
        Set<Tower> towers = new TreeSet<>();
        for (String module : modules) {
            ends.add(module.substring(module.lastIndexOf('.') + 1));
            towers.add(Tower.of(module));
        }
        List<String> all = network.moduleNames();
        if (selected(all, ends, Set.of(Tower.values())).equals(modules)) {
            return new ArrayList<>(ends);
        }
        if (towers.size() == 1 && selected(all, ends, towers).equals(modules)) {
            String tower = switch (towers.iterator().next()) {
                case VISION -> "vision_tower";
                case PROJECTOR -> "multi_modal_projector";
                case DECODER -> "language_model";
            };
            return ".*\\b" + tower + "\\..*\\b(" + String.join("|", ends) + ")";
        }
        return modules.stream().map(TargetModules::path).toList();
    }

    private static Set<String> selected(List<String> all, Set<String> ends, Set<Tower> towers) {
        Set<String> selected = new LinkedHashSet<>();
        for (String module : all) {
            boolean end = ends.contains(module.substring(module.lastIndexOf('.') + 1));
            if (end && towers.contains(Tower.of(module))) {
                selected.add(module);
            }
        }
        return selected;
    }

    /**
     * Modules that are stored whole, by the last parts of their names. The token embedding is not among them: so PEFT, as
     * this library, reads it into the base itself, and the output head stays the same matrix.
     */
    private static @Nullable List<String> saved(TrainingNetwork network) {
        Set<String> names = new TreeSet<>();
        for (Parameter parameter : network.parameters()) {
            String module = parameter.module().name();
            if (parameter.isWhole() && Tower.of(module) == Tower.PROJECTOR) {
                names.add("multi_modal_projector");
            } else if (parameter.isWhole() && !module.equals(BaseModule.TABLE)) {
                names.add(module.substring(module.lastIndexOf('.') + 1));
            }
        }
        return names.isEmpty() ? null : new ArrayList<>(names);
    }
}
