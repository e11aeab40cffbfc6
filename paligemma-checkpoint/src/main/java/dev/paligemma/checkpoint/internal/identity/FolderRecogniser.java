package dev.paligemma.checkpoint.internal.identity;

import dev.paligemma.base.internal.Quote;
import dev.paligemma.base.internal.StandIn;
import dev.paligemma.checkpoint.config.CheckpointException;
import dev.paligemma.checkpoint.internal.converted.ConvertedManifest;
import dev.paligemma.checkpoint.internal.safetensors.SafeTensorsFile;
import dev.paligemma.checkpoint.internal.safetensors.WeightFiles;
import dev.paligemma.engine.weights.DType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Tells what a folder is. Confined to one thread. */
final class FolderRecogniser {
    private static final String CONFIG = "config.json";
    private static final List<String> TOKENIZERS = List.of("tokenizer.json", "tokenizer.model");
    private static final List<String> PROCESSORS = List.of("preprocessor_config.json", "processor_config.json");

    private static final List<String> SETTINGS = List.of(CONFIG, AdapterRecogniser.CONFIG, ConvertedManifest.FILE_NAME);

    /** What is read if it is there. */
    private static final List<String> OPTIONAL = List.of("generation_config.json", FileRecogniser.MASK_CODEC);

    /** The formats of weights, those that are read before others. */
    private static final List<String> WEIGHTS =
            List.of(".safetensors", ".npz", ".gguf", ".bin", ".pt", ".pth", ".h5", ".msgpack", ".onnx");

    private static final int MOST_SHOWN = 4;
    private static final long LARGEST_STAND_IN = 1 << 20;

    private final Listing listing;
    private final Path folder;

    private FolderRecogniser(Listing listing) {
        this.listing = listing;
        this.folder = listing.folder();
    }

    static Identity of(Listing listing) throws IOException {
        return new FolderRecogniser(listing).identity();
    }

    private Identity identity() throws IOException {
        boolean weights = listing.has(WeightFiles.SINGLE, WeightFiles.INDEX);
        boolean adapter = listing.has(AdapterRecogniser.CONFIG) && !(listing.has(CONFIG) && weights);
        Identity other = adapter || listing.has(ConvertedManifest.FILE_NAME) ? null : ofSettings();
        if (other != null && !isModel(other)) {
            return other;
        }
        Identity incomplete = standIns();
        if (incomplete == null) {
            incomplete = dangling();
        }
        if (incomplete != null) {
            return incomplete;
        }
        if (listing.has(ConvertedManifest.FILE_NAME)) {
            return converted();
        }
        if (adapter) {
            return AdapterRecogniser.of(listing);
        }
        if (weights && listing.has(CONFIG)) {
            return checkpoint();
        }
        if (!weights && listing.ending(".npz").stream().anyMatch(name -> !name.equals(FileRecogniser.MASK_CODEC))) {
            return bigVision();
        }
        Identity format = FormatRecogniser.of(listing);
        if (format != null) {
            return format;
        }
        if (other != null) {
            return withoutWeights();
        }
        return listing.has(CONFIG)
                ? Identity.of(folder, Kind.DAMAGED, "a folder whose config.json cannot be read", null, null)
                : FolderOfModels.of(listing);
    }

    // Contents that were not fetched

    /**
     * The files that matter, be they links that lead nowhere: what lies beside them in other formats may be what it likes, such
     * as weights that nobody asked Git LFS for.
     */
    private List<String> essential() {
        TreeSet<String> all = new TreeSet<>(listing.files());
        all.addAll(listing.dangling());
        List<String> essential = new ArrayList<>();
        for (List<String> group : List.of(TOKENIZERS, PROCESSORS)) {
            // As whoever reads one of them chooses: the first that is there.
            Stream.concat(group.stream().filter(listing::has), group.stream().filter(listing.dangling()::contains))
                    .limit(1)
                    .forEach(essential::add);
        }
        SETTINGS.stream().filter(all::contains).forEach(essential::add);
        OPTIONAL.stream().filter(listing::has).forEach(essential::add);
        boolean single = all.contains(WeightFiles.SINGLE);
        boolean index = !single && all.contains(WeightFiles.INDEX);
        if (index) {
            essential.add(WeightFiles.INDEX);
        }
        for (String ending : WEIGHTS) {
            List<String> weights = single
                    ? List.of(WeightFiles.SINGLE)
                    : all.stream()
                            .filter(name -> name.endsWith(ending) && (!index || name.contains("-of-")))
                            .toList();
            if (!weights.isEmpty()) {
                essential.addAll(weights);
                break;
            }
        }
        essential.sort(Comparator.naturalOrder());
        return essential;
    }

    private @Nullable Identity standIns() throws IOException {
        TreeMap<StandIn, List<String>> found = new TreeMap<>();
        for (String name : essential()) {
            Path file = listing.resolve(name);
            boolean small = listing.has(name) && Files.size(file) <= LARGEST_STAND_IN;
            StandIn standIn = small ? StandIn.of(file) : null;
            if (standIn != null) {
                found.computeIfAbsent(standIn, each -> new ArrayList<>()).add(name);
            }
        }
        if (found.isEmpty()) {
            return null;
        }
        StandIn first = found.firstKey();
        List<String> names = Objects.requireNonNull(found.get(first));
        String what =
                described() + " in which " + shown(names) + (names.size() == 1 ? " is " : " are each ") + first.what();
        String remedy = switch (first) {
            case LFS -> "run 'git lfs pull' in that folder (needs git-lfs), or " + again();
            case ANNEX -> "run 'git annex get .' in that folder, or " + again();
            case PAGE, ANSWER -> again();
        };
        return Identity.of(folder, Kind.STAND_IN, what, writer(), remedy);
    }

    /** What it would be if all had been fetched. */
    private String described() {
        Identity settings = ofSettings();
        boolean adapter = settings == null && listing.has(AdapterRecogniser.CONFIG);
        return settings != null ? settings.what() : adapter ? "an adapter" : "a folder";
    }

    private @Nullable String writer() {
        Identity settings = ofSettings();
        return settings == null ? null : settings.writer();
    }

    private String again() {
        return "download the model again, by its name on the hub";
    }

    private @Nullable Identity dangling() throws IOException {
        List<String> names =
                essential().stream().filter(listing.dangling()::contains).toList();
        if (names.isEmpty()) {
            return null;
        }
        String target = Files.readSymbolicLink(listing.resolve(names.get(0))).toString();
        boolean annex = target.contains(".git/annex/");
        String remedy = annex
                ? "run 'git annex get .' in that folder"
                : target.contains("blobs")
                        ? "download the model again; to copy a model of the cache, copy what links lead to, as 'cp -rL' does"
                        : again();
        return Identity.of(
                folder,
                Kind.DANGLING,
                described() + " in which " + shown(names)
                        + (names.size() == 1 ? " is a link to a file that is" : " are links to files that are")
                        + " not there (" + Quote.shown(target, 120) + ")",
                writer(),
                remedy);
    }

    // Formats that are read

    private Identity converted() {
        try {
            ConvertedManifest manifest = ConvertedManifest.read(folder);
            return Identity.of(
                    folder,
                    Kind.CONVERTED,
                    "a checkpoint of " + Settings.of(listing.resolve(CONFIG)).generation() + " converted to "
                            + manifest.precision(),
                    "this library",
                    null);
        } catch (CheckpointException e) {
            return Identity.of(
                    folder, Kind.CONVERTED, "a damaged converted checkpoint", "this library", e.getMessage());
        }
    }

    private Identity bigVision() {
        String archive = listing.ending(".npz").stream()
                .filter(name -> !name.equals(FileRecogniser.MASK_CODEC))
                .findFirst()
                .orElseThrow();
        String remedy = listing.has(TOKENIZERS.toArray(new String[0]))
                ? null
                : Remedies.copy(
                        "tokenizer.json or tokenizer.model",
                        "tokenizer.json",
                        "google/paligemma-3b-pt-224",
                        folder.toString());
        return Identity.of(
                folder,
                remedy == null ? Kind.BIG_VISION : Kind.LACKS_FILES,
                "a checkpoint of big_vision (" + Quote.shown(archive, 80) + ")"
                        + (remedy == null ? "" : " without a tokenizer"),
                "big_vision",
                remedy);
    }

    private @Nullable Identity ofSettings() {
        Settings config = Settings.read(listing.resolve(CONFIG));
        return config == null ? null : SettingsRecogniser.of(folder, config);
    }

    private Identity checkpoint() {
        Identity described = ofSettings();
        if (described == null) {
            return Identity.of(folder, Kind.DAMAGED, "a checkpoint whose config.json cannot be read", null, null);
        }
        if (!isModel(described)) {
            return described;
        }
        Settings config = Settings.of(listing.resolve(CONFIG));
        SafeTensorsFile first = header();
        boolean mlx = first != null && "mlx".equals(first.metadata().get("format"));
        if (first != null
                && mlx
                && first.tensors().keySet().stream().anyMatch(name -> name.endsWith(".scales"))
                && first.tensors().values().stream().anyMatch(tensor -> tensor.dtype() == DType.U32)) {
            return SettingsRecogniser.mlxQuantised(
                    folder, config.generation(), config.object("quantization"), described.writer());
        }
        long shards = listing.has(WeightFiles.SINGLE)
                ? 1
                : listing.ending(".safetensors").size();
        String dtype = config.dtype();
        String what = described.what() + " in " + (mlx ? "MLX" : "Hugging Face") + " format, safetensors in "
                + (shards == 1 ? "1 file" : shards + " files") + (dtype == null ? "" : ", " + dtype);
        String writer = mlx
                ? "MLX (mlx-vlm)" + (described.writer() == null ? "" : " from a folder of " + described.writer())
                : described.writer();
        return completed(described, what, writer, config);
    }

    private static boolean isModel(Identity described) {
        return described.kind() == Kind.CHECKPOINT || described.kind() == Kind.PAGE_ENCODER;
    }

    private @Nullable SafeTensorsFile header() {
        String name = listing.has(WeightFiles.SINGLE)
                ? WeightFiles.SINGLE
                : listing.ending(".safetensors").stream().findFirst().orElse(null);
        try {
            return name == null ? null : SafeTensorsFile.read(listing.resolve(name));
        } catch (CheckpointException e) {
            return null;
        }
    }

    /** Training saves model and state, and leaves tokenizer and processor to whoever knows the base. */
    private Identity completed(Identity described, String what, @Nullable String writer, Settings config) {
        boolean tokenizer = listing.has(TOKENIZERS.toArray(new String[0]));
        boolean processor = listing.has(PROCESSORS.toArray(new String[0]));
        boolean trainer = listing.has("trainer_state.json", "training_args.bin", "optimizer.pt");
        String by = trainer ? (writer == null ? "" : writer + ", ") + "Trainer" : writer;
        if (tokenizer && processor) {
            return Identity.of(folder, described.kind(), what, by, described.remedy());
        }
        String without = (tokenizer ? "" : "tokenizer")
                + (tokenizer || processor ? "" : " and ")
                + (processor ? "" : "image processor settings");
        String missing = (tokenizer ? "" : "tokenizer.json")
                + (tokenizer || processor ? "" : " and ")
                + (processor ? "" : "preprocessor_config.json (processor_config.json serves as well)");
        String files = (tokenizer ? "" : "tokenizer.json ") + (processor ? "" : "preprocessor_config.json");
        return Identity.of(
                folder,
                Kind.LACKS_FILES,
                what + ", without " + without,
                by,
                Remedies.copy(missing, files.strip(), config.base(), folder.toString()));
    }

    private Identity withoutWeights() {
        Settings config = Settings.of(listing.resolve(CONFIG));
        List<String> parts = listing.ending(".incomplete", ".part", ".crdownload", ".aria2", ".tmp", ".download");
        String model = "the settings of " + config.generation() + " without its weights";
        if (!parts.isEmpty()) {
            return Identity.of(
                    folder,
                    Kind.UNFINISHED,
                    model + ", with a download that was cut off (" + shown(parts) + ")",
                    null,
                    again());
        }
        if (listing.any(".safetensors.dvc", ".dvc")) {
            return Identity.of(
                    folder,
                    Kind.UNFINISHED,
                    model + ", which DVC keeps elsewhere",
                    "DVC",
                    "run 'dvc pull' in that folder");
        }
        List<String> safetensors = listing.ending(".safetensors");
        if (!safetensors.isEmpty()) {
            return Identity.of(
                    folder,
                    Kind.UNFINISHED,
                    "a folder of " + config.generation() + " with " + shown(safetensors) + ", but neither "
                            + WeightFiles.SINGLE + " nor " + WeightFiles.INDEX,
                    SettingsRecogniser.writer(folder, config),
                    safetensors.size() == 1
                            ? "rename the file to " + WeightFiles.SINGLE + " if it is the whole model"
                            : "download " + WeightFiles.INDEX + " too");
        }
        return Identity.of(
                folder,
                Kind.SETTINGS_ALONE,
                model + ": it holds neither " + WeightFiles.SINGLE + " nor " + WeightFiles.INDEX,
                SettingsRecogniser.writer(folder, config),
                again());
    }

    static String shown(List<String> names) {
        String first = String.join(
                ", ",
                names.stream()
                        .limit(MOST_SHOWN)
                        .map(name -> Quote.shown(name, 80))
                        .toList());
        return names.size() <= MOST_SHOWN ? first : first + " and " + (names.size() - MOST_SHOWN) + " more";
    }
}
