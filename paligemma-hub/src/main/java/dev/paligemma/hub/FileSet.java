package dev.paligemma.hub;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The files of a model that are needed. Immutable and thread-safe.
 *
 * <p>Of a checkpoint these are configuration, tokenizer, image settings and weights, not the copies of the weights in other
 * formats that many models have beside them.
 */
public final class FileSet {
    /**
     * A checkpoint: {@code config.json}, {@code generation_config.json}, {@code tokenizer.json} or else
     * {@code tokenizer.model} with the lists of tokens added to it, {@code preprocessor_config.json} and {@code processor_config.json},
     * {@code model.safetensors} or else the shards that its index names, the mask decoder {@code vae-oid.npz}, and
     * {@code paligemma.json} of a converted one; whatever of it the model has.
     */
    public static final FileSet CHECKPOINT = new FileSet(
            "a checkpoint",
            List.of(
                    Wanted.required("config.json"),
                    Wanted.optional("generation_config.json"),
                    Wanted.required("tokenizer.json", "tokenizer.model"),
                    Wanted.beside("tokenizer.model", "added_tokens.json"),
                    Wanted.beside("tokenizer.model", "tokenizer_config.json"),
                    Wanted.beside("tokenizer.model", "special_tokens_map.json"),
                    Wanted.anyOf("preprocessor_config.json", "processor_config.json"),
                    Wanted.optional("vae-oid.npz"),
                    Wanted.optional("paligemma.json"),
                    Wanted.required("model.safetensors", "model.safetensors" + WeightIndex.SUFFIX)));

    /**
     * A LoRA adapter: {@code adapter_config.json} and {@code adapter_model.safetensors}, or the {@code adapters.safetensors}
     * of MLX, with the tokenizer and the settings that some have of their own.
     */
    public static final FileSet ADAPTER = new FileSet(
            "an adapter",
            List.of(
                    Wanted.required("adapter_config.json"),
                    Wanted.required("adapter_model.safetensors", "adapters.safetensors"),
                    new Wanted(List.of("tokenizer.json", "tokenizer.model"), true, false, null),
                    Wanted.optional("tokenizer_config.json"),
                    Wanted.beside("tokenizer.model", "added_tokens.json"),
                    Wanted.optional("special_tokens_map.json"),
                    Wanted.optional("processor_config.json"),
                    Wanted.optional("chat_template.jinja")));

    /** A tokenizer: {@code tokenizer.json} or else {@code tokenizer.model} with the lists of tokens added to it. */
    public static final FileSet TOKENIZER = new FileSet(
            "a tokenizer",
            List.of(
                    Wanted.required("tokenizer.json", "tokenizer.model"),
                    Wanted.beside("tokenizer.model", "added_tokens.json"),
                    Wanted.beside("tokenizer.model", "tokenizer_config.json"),
                    Wanted.beside("tokenizer.model", "special_tokens_map.json")));

    private final String what;
    private final List<Wanted> wanted;

    private FileSet(String what, List<Wanted> wanted) {
        this.what = what;
        this.wanted = List.copyOf(wanted);
    }

    /**
     * Files by their paths in the model's repository, all of them required. The shards of a
     * {@code .safetensors.index.json} among them are needed as well.
     * @throws IllegalArgumentException if there is no name, or one is not a plain relative path
     */
    public static FileSet of(String... names) {
        if (names.length == 0) {
            throw new IllegalArgumentException("a set of files needs at least one name");
        }
        for (String name : names) {
            if (!FileNames.isSafePath(name)) {
                throw new IllegalArgumentException(
                        "'" + name + "' is not a relative path of a file in a repository, such as config.json");
            }
        }
        return new FileSet(
                "files", Arrays.stream(names).map(name -> Wanted.required(name)).toList());
    }

    /** What is known of a file. */
    enum Presence {
        THERE,
        ABSENT,
        UNKNOWN
    }

    /**
     * What of the set there is.
     *
     * @param files those there are and are needed
     * @param absent those that are known not to be
     * @param missing what is required and not there
     * @param certain whether nothing more can be needed
     */
    record Choice(List<String> files, Set<String> absent, List<String> missing, boolean certain) {}

    /** Chooses among what is there; the shards of an index are left to the caller. */
    Choice choose(Function<String, Presence> presence) {
        List<String> files = new ArrayList<>();
        List<String> missing = new ArrayList<>();
        Set<String> absent = new LinkedHashSet<>();
        boolean certain = true;
        for (Wanted group : wanted) {
            if (group.beside() != null && !files.contains(group.beside())) {
                continue;
            }
            boolean found = false;
            for (String name : group.names()) {
                Presence known = presence.apply(name);
                if (known == Presence.THERE) {
                    files.add(name);
                    found = true;
                } else if (known == Presence.ABSENT) {
                    absent.add(name);
                } else {
                    certain = false;
                }
                if (found && group.firstOnly()) {
                    break;
                }
            }
            if (!found && group.required()) {
                missing.add(String.join(" or ", group.names()));
            }
        }
        return new Choice(files, absent, missing, certain && missing.isEmpty());
    }

    /** Names what the set is. */
    @Override
    public String toString() {
        return what;
    }

    /**
     * Names of which some are needed.
     *
     * @param names in the order of preference
     * @param firstOnly whether the first that is there makes the others superfluous
     * @param required whether one must be there
     * @param beside a file named earlier without which none is needed, or null
     */
    private record Wanted(
            List<String> names,
            boolean firstOnly,
            boolean required,
            @Nullable String beside) {
        static Wanted optional(String name) {
            return new Wanted(List.of(name), true, false, null);
        }

        static Wanted beside(String file, String name) {
            return new Wanted(List.of(name), true, false, file);
        }

        static Wanted required(String... names) {
            return new Wanted(List.of(names), true, true, null);
        }

        static Wanted anyOf(String... names) {
            return new Wanted(List.of(names), false, true, null);
        }
    }
}
