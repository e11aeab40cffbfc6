package dev.paligemma.hub;

import dev.paligemma.hub.HubException.Kind;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
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
     *
     * <p>Of a repository of big_vision, such as {@code google/paligemma-3b-mix-224-jax}, which has no safetensors files, it is
     * one archive {@code *.npz} with the tokenizer. Of several archives it is the one that the model names
     * ({@code owner/name/archive.npz}); else, at the revisions {@code bfloat16} and {@code float16}, the one that ends in
     * {@code .bf16.npz} or {@code .f16.npz}; else the one without such an ending, in float32; else the one in bfloat16, else in
     * float16. If the repository has no tokenizer, it comes from the one of the same name without {@code -jax}.
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

    private static final String ARCHIVE = ".npz";
    private static final String MASK_DECODER = "vae-oid.npz";

    private final String what;
    private final List<Wanted> wanted;
    private final String place;

    private FileSet(String what, List<Wanted> wanted) {
        this(what, wanted, "");
    }

    private FileSet(String what, List<Wanted> wanted, String place) {
        this.what = what;
        this.wanted = List.copyOf(wanted);
        this.place = place;
    }

    /** Where in a repository the set is: a folder, an archive, or empty for the repository itself. */
    String place() {
        return place;
    }

    /**
     * The set of a model.
     *
     * @param names the files of the repository, as far as they are known
     */
    FileSet of(HubModel model, Collection<String> names) {
        String path = model.path();
        boolean isArchive = path.endsWith(ARCHIVE);
        String folder = isArchive ? path.substring(0, path.lastIndexOf('/') + 1) : path.isEmpty() ? "" : path + "/";
        String archive = isArchive ? path : this == CHECKPOINT ? archive(model, folder, names) : null;
        if (archive != null && this == CHECKPOINT) {
            return new FileSet(
                    what,
                    List.of(
                            Wanted.required(archive),
                            Wanted.required(folder + "tokenizer.json", folder + "tokenizer.model"),
                            Wanted.optional(folder + "config.json"),
                            Wanted.optional(folder + "generation_config.json"),
                            Wanted.optional(folder + "preprocessor_config.json"),
                            Wanted.optional(folder + MASK_DECODER)),
                    archive);
        }
        List<Wanted> below = wanted.stream().map(each -> each.below(folder)).toList();
        return new FileSet(what, below, folder.isEmpty() ? "" : folder.substring(0, folder.length() - 1));
    }

    /** The archive of big_vision to take; null if there are other weights, or none. */
    private static @Nullable String archive(HubModel model, String folder, Collection<String> names) {
        List<String> here = names.stream()
                .filter(name -> name.startsWith(folder) && name.indexOf('/', folder.length()) < 0)
                .toList();
        if (here.stream().anyMatch(name -> name.endsWith(".safetensors") || WeightIndex.isIndex(name))) {
            return null;
        }
        List<String> archives = here.stream()
                .filter(name -> name.endsWith(ARCHIVE) && !name.endsWith(MASK_DECODER))
                .sorted()
                .toList();
        List<String> order = new ArrayList<>(List.of("", "bf16", "f16"));
        if (model.revision().equals("bfloat16")) {
            order.add(0, "bf16");
        } else if (model.revision().equals("float16")) {
            order.add(0, "f16");
        }
        for (String type : order) {
            List<String> fitting =
                    archives.stream().filter(name -> typeOf(name).equals(type)).toList();
            if (fitting.size() > 1) {
                throw new HubException(
                        Kind.NOT_FOUND,
                        model + " has several archives: " + fitting + "; name one of them, as in " + model.id() + "/"
                                + fitting.get(0));
            }
            if (!fitting.isEmpty()) {
                return fitting.get(0);
            }
        }
        return null;
    }

    private static String typeOf(String archive) {
        return archive.endsWith(".bf16.npz") ? "bf16" : archive.endsWith(".f16.npz") ? "f16" : "";
    }

    /** Whether the set is for the same as another, wherever it is in a repository. */
    boolean isA(FileSet other) {
        return what.equals(other.what);
    }

    /** Whether the set is an archive of big_vision, with all but a tokenizer in a choice. */
    boolean lacksTokenizerOnly(Choice choice) {
        return place.endsWith(ARCHIVE)
                && choice.missing().size() == 1
                && choice.missing().get(0).contains("tokenizer.json");
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
        Wanted below(String folder) {
            return new Wanted(
                    names.stream().map(name -> folder + name).toList(),
                    firstOnly,
                    required,
                    beside == null ? null : folder + beside);
        }

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
