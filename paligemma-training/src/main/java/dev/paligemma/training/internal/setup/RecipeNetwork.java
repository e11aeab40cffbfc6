package dev.paligemma.training.internal.setup;

import dev.paligemma.base.internal.Quote;
import dev.paligemma.checkpoint.Checkpoint;
import dev.paligemma.checkpoint.adapter.LoraAdapter;
import dev.paligemma.network.Networks;
import dev.paligemma.tokenizer.PaliGemmaTokenizer;
import dev.paligemma.training.internal.network.LowRank;
import dev.paligemma.training.internal.network.TargetModules;
import dev.paligemma.training.internal.network.Trained;
import dev.paligemma.training.internal.network.TrainingNetwork;
import dev.paligemma.training.recipe.Method;
import dev.paligemma.training.recipe.Recipe;
import dev.paligemma.training.recipe.Tower;
import dev.paligemma.training.run.FineTuningException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a recipe trains of a model.
 *
 * @param network prepared for it
 * @param start the adapter to go on with; null for none
 */
public record RecipeNetwork(
        TrainingNetwork network, @Nullable LoraAdapter start) {
    /** Prepares a model; a {@link FineTuningException} if the recipe does not fit it. */
    public static RecipeNetwork of(Recipe recipe, Networks networks, Checkpoint base, PaliGemmaTokenizer tokenizer) {
        List<Integer> tokens = tokens(recipe, tokenizer);
        Method method = recipe.method();
        if (!(method instanceof Method.Lora lora)) {
            Set<String> weights = method instanceof Method.AttentionOnly
                    ? Trained.attentionOfDecoder(networks.all())
                    : Trained.weightsOf(networks.all(), Set.of(Tower.DECODER, Tower.PROJECTOR));
            return new RecipeNetwork(TrainingNetwork.of(networks, base, new Trained(null, weights, tokens)), null);
        }
        if (lora.initial().isPresent()) {
            requireFolder(lora);
            LoraAdapter start = LoraAdapter.open(lora.initial().get(), base);
            // All of it goes on; dropout is not part of what an adapter stores.
            Trained trained = Trained.of(start, networks.all(), (float) lora.dropout());
            requireSameTokens(trained, tokens);
            return new RecipeNetwork(TrainingNetwork.of(networks, base, trained), start);
        }
        Set<String> modules = TargetModules.find(networks.all(), lora.targets(), lora.towers());
        LowRank lowRank = LowRank.of(
                modules, new LowRank.Size(lora.rank(), lora.alpha()), lora.rankStabilised(), lora.dora(), (float)
                        lora.dropout());
        Set<String> weights =
                lora.trainedProjector() ? Trained.weightsOf(networks.all(), Set.of(Tower.PROJECTOR)) : Set.of();
        return new RecipeNetwork(TrainingNetwork.of(networks, base, new Trained(lowRank, weights, tokens)), null);
    }

    private static void requireFolder(Method.Lora lora) {
        if (!Files.isDirectory(lora.initial().orElseThrow())) {
            throw new FineTuningException("there is no adapter to go on with at "
                    + lora.initial().orElseThrow() + "; it is a folder with adapter_config.json and"
                    + " adapter_model.safetensors");
        }
    }

    private static List<Integer> tokens(Recipe recipe, PaliGemmaTokenizer tokenizer) {
        List<Integer> ids = new ArrayList<>();
        for (String token : recipe.newTokens()) {
            ids.add(
                    tokenizer
                            .idOf(token)
                            .orElseThrow(
                                    () -> new FineTuningException(
                                            "the tokenizer has no token " + Quote.quote(token)
                                                    + " to be trained; add it to the tokenizer of the model, or name one of its unused tokens")));
        }
        return ids;
    }

    private static void requireSameTokens(Trained trained, List<Integer> wanted) {
        if (!wanted.isEmpty() && !trained.tokens().equals(wanted)) {
            throw new FineTuningException("new tokens cannot be added to an adapter: it trains the rows of tokens "
                    + trained.tokens() + ", and the recipe those of " + wanted);
        }
    }

    /** Names and sizes of all that is trained, and whatever else decides how, in one line. */
    public String description() {
        StringBuilder text = new StringBuilder();
        network.parameters()
                .forEach(parameter ->
                        text.append(parameter.name()).append(parameter.sizes()).append(' '));
        LowRank lowRank = network.trained().lowRank();
        if (lowRank != null) {
            lowRank.modules().values().stream()
                    .distinct()
                    .forEach(size -> text.append(lowRank.factor(size)).append(' '));
        }
        return text.toString();
    }
}
