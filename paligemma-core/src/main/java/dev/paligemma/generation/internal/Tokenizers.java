package dev.paligemma.generation.internal;

import dev.paligemma.constraint.TokenConstraint;
import dev.paligemma.constraint.TokenConstraints;
import dev.paligemma.generation.RequestException;
import dev.paligemma.tokenizer.PaliGemmaTokenizer;
import dev.paligemma.tokenizer.PromptEncoder;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The tokenizers of a model: its own, and those that adapters bring with them. Immutable and thread-safe.
 *
 * <p>Adapters that share a tokenizer share all that is made of it.
 */
public final class Tokenizers {
    private final Entry base;
    private final Map<String, Entry> byAdapter = new HashMap<>();

    /** A tokenizer, and what is made of it once. */
    public record Entry(PaliGemmaTokenizer tokenizer, PromptEncoder prompts, TokenConstraints constraints) {
        static Entry of(PaliGemmaTokenizer tokenizer, int tokensPerImage) {
            return new Entry(tokenizer, new PromptEncoder(tokenizer, tokensPerImage), new TokenConstraints(tokenizer));
        }
    }

    /** The tokenizer of the model, and by their names those of the adapters that do not use it. */
    public Tokenizers(PaliGemmaTokenizer base, Map<String, PaliGemmaTokenizer> adapters, int tokensPerImage) {
        IdentityHashMap<PaliGemmaTokenizer, Entry> known = new IdentityHashMap<>();
        this.base = known.computeIfAbsent(base, own -> Entry.of(own, tokensPerImage));
        adapters.forEach((name, tokenizer) ->
                byAdapter.put(name, known.computeIfAbsent(tokenizer, own -> Entry.of(own, tokensPerImage))));
    }

    /** What requests with an adapter use; null stands for the model as it is. */
    public Entry of(@Nullable String adapter) {
        return adapter == null ? base : byAdapter.getOrDefault(adapter, base);
    }

    /** Refuses a constraint that speaks of the tokens of another adapter, or of the model itself. */
    void requireOwn(TokenConstraint constraint, @Nullable String adapter) {
        PaliGemmaTokenizer meant = constraint.tokenizer().orElse(null);
        Entry own = of(adapter);
        if (meant == null || meant == own.tokenizer()) {
            return;
        }
        if (meant == base.tokenizer() || byAdapter.values().stream().anyMatch(other -> other.tokenizer() == meant)) {
            throw new RequestException("the constraint was made for " + meant + ", but the request is answered with "
                    + (adapter == null ? "no adapter" : "the adapter '" + adapter + "'") + " and " + own.tokenizer()
                    + "; make it with the constraints() of "
                    + (adapter == null ? "the pipeline itself" : "withAdapter(\"" + adapter + "\")"));
        }
    }
}
