package dev.paligemma.hub;

import dev.paligemma.base.internal.Quote;
import dev.paligemma.hub.FileSet.Choice;
import dev.paligemma.hub.FileSet.Presence;
import dev.paligemma.hub.HubException.Kind;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;

/** Completes one snapshot. Used once. */
record SnapshotDownload(
        Http http, Refusals refusals, Timing timing, CacheRepository repository, HubModel model, WorkerPool pool) {
    private static final long SPARE_BYTES = 16L << 20;
    private static final int MAX_SHOWN_FILES = 12;

    /** Asks the hub which commit the revision is, and which files that has; if patient, more than once. */
    RepositoryListing list(boolean isPatient) throws InterruptedException {
        URI uri = http.endpoint().listing(model);
        String where = model + " on " + http.endpoint();
        RepositoryListing listing = Retries.ofFirstRequest(timing, isPatient, where)
                .until(() -> {
                    try (Reply reply = http.ask(uri, isPatient)) {
                        refusals.requireSuccess(reply, model, "the list of files");
                        return RepositoryListing.parse(bounded(reply, where), where);
                    }
                });
        if (model.isPinned() && !listing.commit().equals(model.revision())) {
            throw new HubException(
                    Kind.BAD_ANSWER, where + ": asked was for this commit, the answer is of " + listing.commit());
        }
        return listing;
    }

    private static byte[] bounded(Reply reply, String where) throws IOException, InterruptedException {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        PolledBody body = reply.body();
        for (ByteBuffer bytes = body.next(); bytes != null; bytes = body.next()) {
            byte[] copy = new byte[bytes.remaining()];
            bytes.get(copy);
            all.writeBytes(copy);
            if (all.size() > RepositoryListing.MAX_BYTES) {
                throw new HubException(
                        Kind.BAD_ANSWER,
                        where + ": the list of files has more than " + RepositoryListing.MAX_BYTES + " bytes");
            }
        }
        return all.toByteArray();
    }

    /** What of a set a commit has. */
    static Choice choose(FileSet files, RepositoryListing listing) {
        return files.choose(name -> listing.files().contains(name) ? Presence.THERE : Presence.ABSENT);
    }

    /** Downloads what the cache lacks; impatiently, if it has what is required. */
    void complete(RepositoryListing listing, FileSet files, Choice choice, DownloadListener listener, boolean isPatient)
            throws InterruptedException {
        String commit = listing.commit();
        if (!choice.missing().isEmpty()) {
            throw lacks(listing, files, choice.missing());
        }
        List<String> wanted = new ArrayList<>(choice.files());
        List<String> indexes = wanted.stream().filter(WeightIndex::isIndex).toList();
        fetch(commit, indexes, DownloadListener.NONE, isPatient);
        for (String index : indexes) {
            List<String> shards = WeightIndex.shards(repository.entry(commit, index), index);
            List<String> missing = shards.stream()
                    .filter(each -> !listing.files().contains(each))
                    .toList();
            if (!missing.isEmpty()) {
                throw lacks(listing, files, missing);
            }
            wanted.addAll(shards);
        }
        fetch(commit, wanted, listener, isPatient);
        repository.noteAbsent(commit, choice.absent());
        if (!model.isPinned()) {
            repository.writeRef(commit);
        }
    }

    private HubException lacks(RepositoryListing listing, FileSet files, List<String> missing) {
        List<String> shown = shown(listing.files().stream().limit(MAX_SHOWN_FILES));
        String folder = files.place().isEmpty() ? "" : files.place() + "/";
        String hint = "";
        if (listing.files().contains(folder + "adapter_config.json") && files.isA(FileSet.CHECKPOINT)) {
            hint = "; it looks like an adapter, not a whole model";
        } else if (listing.files().contains(folder + "config.json") && files.isA(FileSet.ADAPTER)) {
            hint = "; it looks like a whole model, not an adapter";
        } else {
            String config = files.isA(FileSet.ADAPTER) ? "/adapter_config.json" : "/config.json";
            List<String> folders = shown(listing.files().stream()
                    .filter(name -> name.endsWith(config))
                    .map(name -> name.substring(0, name.length() - config.length()))
                    .filter(name -> !name.equals(files.place()))
                    .limit(MAX_SHOWN_FILES));
            List<String> archives = shown(listing.files().stream()
                    .filter(name -> name.endsWith(".npz") && !name.endsWith("vae-oid.npz"))
                    .limit(MAX_SHOWN_FILES));
            if (!archives.isEmpty() && !files.isA(FileSet.CHECKPOINT)) {
                hint = "; it holds big_vision's archives " + archives
                        + ", of which the whole is needed: download the model";
            } else if (!folders.isEmpty()) {
                hint = "; folders of it that may be meant are " + folders + ", as in " + model.id() + "/"
                        + folders.get(0);
            }
        }
        return new HubException(
                Kind.NOT_FOUND,
                model + " on " + http.endpoint() + " is not " + files + " that can be read: it lacks "
                        + shown(missing.stream())
                        + hint + "; among its " + listing.files().size() + " files are " + shown);
    }

    private static List<String> shown(Stream<String> names) {
        return names.map(name -> Quote.shown(name, 60)).toList();
    }

    private void fetch(String commit, List<String> names, DownloadListener listener, boolean isPatient)
            throws InterruptedException {
        List<String> needed = names.stream()
                .distinct()
                .filter(name -> !repository.has(commit, FileNames.requireSafePath(name, model.toString())))
                .toList();
        if (needed.isEmpty()) {
            return;
        }
        repository.makeFolders();
        List<FileMetadata> known = pool.all(
                needed.stream().map(name -> describing(commit, name, isPatient)).toList());
        requireRoom(known);
        long total = known.stream().mapToLong(each -> Math.max(0, each.size())).reduce(0, Math::addExact);
        ProgressMeter meter = new ProgressMeter(model, listener, total);
        pool.all(known.stream().map(each -> downloading(commit, each, meter)).toList());
        FileMetadata last = known.get(known.size() - 1);
        meter.finish(last.file(), last.size());
    }

    private Callable<FileMetadata> describing(String commit, String name, boolean isPatient) {
        URI uri = http.endpoint().file(model, commit, name);
        String where = model + "/" + name + " on " + http.endpoint();
        Retries retries = isPatient ? new Retries(timing, where) : Retries.ofFirstRequest(timing, false, where);
        return () -> retries.until(() -> {
            try (Reply reply = http.head(uri, isPatient)) {
                refusals.requireSuccess(reply, model, "the file " + name);
                return FileMetadata.of(reply, model, commit, name);
            }
        });
    }

    private Callable<FileMetadata> downloading(String commit, FileMetadata metadata, ProgressMeter meter) {
        return () -> {
            new BlobDownload(http, refusals, timing, repository, model, commit, metadata, meter).run();
            return metadata;
        };
    }

    private void requireRoom(List<FileMetadata> known) {
        long needed = SPARE_BYTES;
        for (FileMetadata each : known) {
            needed = Math.addExact(needed, BlobDownload.missingBytes(repository, each));
        }
        long room = repository.room();
        if (needed > room) {
            throw new HubException(
                    Kind.DISK,
                    model + " needs " + needed + " more bytes in " + repository.folder() + ", where " + room
                            + " are free; make room there, or choose another folder with HF_HOME or HF_HUB_CACHE");
        }
    }
}
