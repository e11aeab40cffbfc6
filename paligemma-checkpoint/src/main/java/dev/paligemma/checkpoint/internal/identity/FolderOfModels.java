package dev.paligemma.checkpoint.internal.identity;

import dev.paligemma.base.internal.Quote;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Tells of a folder that is no model whether it holds one: of a cache, of training, of an archive. Stateless. */
final class FolderOfModels {
    private static final int MOST_ASKED = 50;

    private FolderOfModels() {}

    static Identity of(Listing listing) throws IOException {
        Path folder = listing.folder();
        String name = String.valueOf(folder.toAbsolutePath().normalize().getFileName());
        if (listing.folders().contains("snapshots")
                && (name.startsWith("models--") || listing.folders().contains("refs"))) {
            return cacheEntry(folder, name);
        }
        List<String> entries = listing.folders().stream()
                .filter(each -> each.startsWith("models--"))
                .toList();
        if (!entries.isEmpty()) {
            return parent(
                    folder,
                    "the cache of the Hugging Face hub, with "
                            + FolderRecogniser.shown(entries.stream()
                                    .map(FolderOfModels::hubName)
                                    .toList()),
                    "give the name of a model in it instead, such as " + hubName(entries.get(0)),
                    null);
        }
        List<String> saves = listing.folders().stream()
                .filter(each -> each.matches("(checkpoint|step|epoch)[-_]\\d{1,12}"))
                .sorted(Comparator.comparingLong(FolderOfModels::step))
                .toList();
        if (!saves.isEmpty()) {
            Path newest = listing.resolve(saves.get(saves.size() - 1));
            return parent(
                    folder,
                    "a folder of training with " + (saves.size() == 1 ? "1 checkpoint" : saves.size() + " checkpoints")
                            + " in it",
                    "give one of them instead, the newest is " + newest,
                    newest);
        }
        if (!listing.any(".safetensors")) {
            List<Path> models = models(listing);
            if (!models.isEmpty()) {
                return parent(
                        folder,
                        models.size() == 1 ? "a folder around a model" : "a folder around several models",
                        "give the folder inside instead: "
                                + FolderRecogniser.shown(
                                        models.stream().map(Path::toString).toList()),
                        models.get(0));
            }
        }
        return alone(listing);
    }

    private static Identity alone(Listing listing) {
        Path folder = listing.folder();
        List<String> safetensors = listing.ending(".safetensors");
        if (!safetensors.isEmpty()) {
            boolean adapter = safetensors.stream().anyMatch(name -> name.startsWith("adapter"));
            return Identity.of(
                    folder,
                    Kind.WEIGHTS_ALONE,
                    (adapter ? "an adapter's weights (" : "weights in safetensors (")
                            + FolderRecogniser.shown(safetensors) + ") without "
                            + (adapter ? AdapterRecogniser.CONFIG : "config.json"),
                    null,
                    adapter
                            ? "copy " + AdapterRecogniser.CONFIG + " into it, which training saved beside them"
                            : "copy config.json, tokenizer.json and preprocessor_config.json of its base model into it");
        }
        if (listing.has(FileRecogniser.MASK_CODEC)) {
            return FileRecogniser.maskCodec(folder);
        }
        List<String> parts = listing.ending(".incomplete", ".part", ".crdownload", ".aria2");
        if (!parts.isEmpty()) {
            return Identity.of(
                    folder,
                    Kind.UNFINISHED,
                    "a download that was cut off (" + FolderRecogniser.shown(parts) + ")",
                    null,
                    Remedies.DOWNLOAD_AGAIN);
        }
        int count = listing.files().size();
        String holds = count + listing.folders().size() == 0
                ? "an empty folder"
                : "a folder without a model (" + (count == 1 ? "1 file" : count + " files")
                        + (count == 0
                                ? ""
                                : ", such as "
                                        + FolderRecogniser.shown(
                                                List.of(listing.files().first())))
                        + "; no config.json)";
        return Identity.of(
                folder,
                Kind.NO_MODEL,
                holds,
                null,
                "give the folder of a checkpoint, which has config.json, model.safetensors and tokenizer.json");
    }

    private static Identity parent(Path folder, String what, String remedy, @Nullable Path target) {
        return new Identity(folder, Kind.PARENT, what, null, remedy, target);
    }

    private static String hubName(String entry) {
        return Quote.shown(entry.replaceFirst("^models--", "").replaceFirst("--", "/"), 120);
    }

    /** The folder that Python makes for each model of the hub: give the commit that main means, or the newest there is. */
    private static Identity cacheEntry(Path folder, String name) throws IOException {
        Path snapshots = folder.resolve("snapshots");
        Path target = null;
        Path main = folder.resolve("refs").resolve("main");
        if (Files.isRegularFile(main) && Files.size(main) <= 200) {
            String commit = Files.readString(main).strip();
            if (commit.matches("[0-9a-f]{1,64}") && Files.isDirectory(snapshots.resolve(commit))) {
                target = snapshots.resolve(commit);
            }
        }
        if (target == null) {
            try (Stream<Path> all = Files.list(snapshots)) {
                target = all.filter(Files::isDirectory)
                        .max(Comparator.comparing(FolderOfModels::modified))
                        .orElse(null);
            }
        }
        String what = "the entry of " + hubName(name) + " in a cache of the Hugging Face hub";
        return new Identity(
                folder,
                Kind.CACHE_ENTRY,
                target == null ? what + ", without a snapshot" : what,
                "huggingface_hub",
                target == null
                        ? "download the model again"
                        : "give its snapshot instead, " + target + ", or the name " + hubName(name),
                target);
    }

    private static long modified(Path file) {
        try {
            return Files.getLastModifiedTime(file).toMillis();
        } catch (IOException e) {
            return 0; // it has just gone
        }
    }

    private static long step(String name) {
        return Long.parseLong(name.replaceAll("\\D", ""));
    }

    private static List<Path> models(Listing listing) {
        return listing.folders().stream()
                .limit(MOST_ASKED)
                .map(listing::resolve)
                .filter(each -> Files.isRegularFile(each.resolve("config.json"))
                        || Files.isRegularFile(each.resolve(AdapterRecogniser.CONFIG)))
                .toList();
    }
}
