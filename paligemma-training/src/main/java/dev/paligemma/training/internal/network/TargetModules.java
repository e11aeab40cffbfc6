package dev.paligemma.training.internal.network;

import dev.paligemma.base.internal.Quote;
import dev.paligemma.checkpoint.internal.modules.BaseModule;
import dev.paligemma.checkpoint.internal.modules.ModuleKind;
import dev.paligemma.engine.graph.Graph;
import dev.paligemma.training.recipe.Tower;
import dev.paligemma.training.run.FineTuningException;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * Finds the modules that the targets of a LoRA recipe name, by the rules of PEFT: a list of names, each the whole path of a
 * module or its end after a dot; or one regular expression for whole paths; or {@code all-linear}, which is every linear
 * map but the output head. Paths are those of transformers 5, with the canonical names of this library as their ends.
 */
public final class TargetModules {
    /** The one target that stands for every linear map. */
    public static final String ALL_LINEAR = "all-linear";

    private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9_.-]+");

    private TargetModules() {}

    /** Where transformers 5 has a module. */
    public static String path(String module) {
        return module.equals(BaseModule.HEAD) ? module : "model." + module;
    }

    /**
     * The modules that targets name, in the order of evaluation.
     *
     * @param graphs the network
     * @param targets names, or one regular expression, or {@value #ALL_LINEAR}
     * @param towers in which parts of the network to look
     * @throws FineTuningException if a target names nothing in these towers, or what cannot have a low-rank change
     */
    public static Set<String> find(List<Graph> graphs, List<String> targets, Set<Tower> towers) {
        Map<String, BaseModule> modules = BaseModule.of(graphs);
        Set<String> found = new LinkedHashSet<>();
        for (String target : targets) {
            boolean named = false;
            for (BaseModule module : modules.values()) {
                if (isNamed(target, module)) {
                    named = true;
                    if (towers.contains(Tower.of(module.name()))) {
                        found.add(requirePossible(target, module));
                    }
                }
            }
            if (!named) {
                throw new FineTuningException("the target " + Quote.quote(target)
                        + " names no module of this model; linear maps end in "
                        + ends(modules));
            }
        }
        if (found.isEmpty()) {
            throw new FineTuningException("the targets " + targets + " name no module in " + towers
                    + "; choose other towers or other targets");
        }
        // In the order of evaluation, whatever the order of the targets.
        Set<String> ordered = new LinkedHashSet<>(modules.keySet());
        ordered.retainAll(found);
        return ordered;
    }

    private static boolean isNamed(String target, BaseModule module) {
        if (target.equals(ALL_LINEAR)) {
            return module.kind() == ModuleKind.LINEAR;
        }
        String path = path(module.name());
        if (PLAIN.matcher(target).matches()) {
            return path.equals(target) || path.endsWith("." + target);
        }
        try {
            return Pattern.matches(target, path);
        } catch (PatternSyntaxException e) {
            throw new FineTuningException(
                    "the target " + Quote.quote(target) + " is neither a name nor a regular expression that is"
                            + " understood: " + e.getDescription(),
                    e);
        }
    }

    private static String requirePossible(String target, BaseModule module) {
        boolean possible = switch (module.kind()) {
            case LINEAR, HEAD, TOKEN_TABLE -> true;
            case CONVOLUTION, POSITION_TABLE, RMS_NORM, LAYER_NORM -> false;
        };
        if (!possible) {
            throw new FineTuningException(
                    "the target " + Quote.quote(target) + " names " + module.name()
                            + ", which gets no low-rank change here; only linear maps, the token embedding and the output head do");
        }
        return module.name();
    }

    private static Set<String> ends(Map<String, BaseModule> modules) {
        Set<String> ends = new LinkedHashSet<>();
        modules.values().stream()
                .filter(module -> module.kind() == ModuleKind.LINEAR)
                .forEach(
                        module -> ends.add(module.name().substring(module.name().lastIndexOf('.') + 1)));
        return ends;
    }
}
