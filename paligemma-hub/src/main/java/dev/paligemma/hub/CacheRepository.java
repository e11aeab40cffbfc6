package dev.paligemma.hub;

import dev.paligemma.hub.FileSet.Choice;
import dev.paligemma.hub.FileSet.Presence;
import dev.paligemma.hub.HubException.Kind;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One model in the cache, in the layout of Python's {@code huggingface_hub}: contents in {@code blobs} under the names that
 * the hub gives them, {@code snapshots/<commit>} with links to them, {@code refs/<revision>} with a commit, and
 * {@code .no_exist/<commit>} with empty files for what a commit does not have. Thread-safe.
 *
 * <p>A name in {@code blobs} may be a link itself, into the store that models share in huggingface_hub 2 or into another; a
 * snapshot may lead elsewhere altogether (DVC, Nix, git-annex). Such stores are read and never changed.
 *
 * <p>Everything appears under its name at once and whole: it is written under another name in {@code blobs} first.
 */
final class CacheRepository {
    private static final Logger LOG = LoggerFactory.getLogger(CacheRepository.class);

    private static final int MAX_REF_BYTES = 1_000;
    private static final int MAX_LINKS = 40;
    private static final String INCOMPLETE = ".incomplete";

    private final Path folder;
    private final Path locks;
    private final HubModel model;
    private final boolean avoidsLinks;

    CacheRepository(Path cacheFolder, HubModel model, boolean avoidsLinks) {
        String name = "models--" + model.id().replace("/", "--");
        this.folder = cacheFolder.resolve(name);
        this.locks = cacheFolder.resolve(".locks").resolve(name);
        this.model = model;
        this.avoidsLinks = avoidsLinks;
    }

    /**
     * A snapshot in the cache.
     *
     * @param commit which one it is
     * @param place where the model is in it, or would be: a folder or an archive
     * @param isUsable whether it has everything that is required
     * @param isCertain whether it also has, or is known not to have, everything that is optional
     * @param missing what it lacks of what is required
     */
    record Local(String commit, Path place, boolean isUsable, boolean isCertain, List<String> missing) {}

    /** What there is of a revision; null if it was never seen. */
    @Nullable
    Local find(FileSet files) {
        String commit = model.isPinned() ? model.revision() : readRef();
        return commit == null || !Files.isDirectory(snapshot(commit)) ? null : look(commit, files);
    }

    private Local look(String commit, FileSet wanted) {
        FileSet files = wanted.of(model, names(commit));
        Choice choice = files.choose(name -> has(commit, name)
                ? Presence.THERE
                : Files.exists(absence(commit, name)) ? Presence.ABSENT : Presence.UNKNOWN);
        List<String> missing = new ArrayList<>(choice.missing());
        choice.files().stream()
                .filter(WeightIndex::isIndex)
                .flatMap(index -> WeightIndex.shards(entry(commit, index), index).stream())
                .filter(shard -> !has(commit, shard))
                .forEach(missing::add);
        missing.replaceAll(names -> names + lostTarget(commit, names.replaceFirst(" or .*", "")));
        return new Local(
                commit, place(commit, files), missing.isEmpty(), missing.isEmpty() && choice.certain(), missing);
    }

    /** Where a set is in a snapshot. */
    Path place(String commit, FileSet files) {
        return files.place().isEmpty() ? snapshot(commit) : entry(commit, files.place());
    }

    /** The paths of the files of a snapshot that are there. */
    private List<String> names(String commit) {
        Path snapshot = snapshot(commit);
        try (Stream<Path> files = Files.walk(snapshot, FileNames.MAX_PARTS)) {
            return files.filter(Files::isRegularFile)
                    .map(file -> snapshot.relativize(file).toString().replace('\\', '/'))
                    .toList();
        } catch (IOException | UncheckedIOException e) {
            throw new HubException(Kind.DISK, model + ": cannot read " + snapshot + ": " + e, e);
        }
    }

    /** Where a link leads to whose content is gone, as it may in a store that others clean up; empty if there is none. */
    private String lostTarget(String commit, String file) {
        Path path = entry(commit, file);
        try {
            for (int link = 0; link < MAX_LINKS && Files.isSymbolicLink(path); link++) {
                path = folderOf(path).toRealPath().resolve(Files.readSymbolicLink(path));
            }
        } catch (IOException e) {
            LOG.debug("{}: {}", path, e.toString());
        }
        boolean isLost = !path.equals(entry(commit, file)) && !Files.exists(path);
        return isLost ? " (a link to " + path.normalize() + ", which is gone)" : "";
    }

    Path folder() {
        return folder;
    }

    Path snapshot(String commit) {
        return folder.resolve("snapshots").resolve(commit);
    }

    Path entry(String commit, String file) {
        return snapshot(commit).resolve(file);
    }

    boolean has(String commit, String file) {
        return Files.isRegularFile(entry(commit, file));
    }

    private Path blobs() {
        return folder.resolve("blobs");
    }

    Path blob(String etag) {
        return blobs().resolve(etag);
    }

    /** Where a download is written that can be gone on with later. */
    Path partial(String etag) {
        return blobs().resolve(etag + ".paligemma" + INCOMPLETE);
    }

    /** Where something is written that nobody will find again. */
    Path temporary(String name) {
        return blobs().resolve(name + "." + UUID.randomUUID() + INCOMPLETE);
    }

    /** What is locked while a content is downloaded. Not the file that Python locks, which it may delete. */
    Path lockFile(String etag) {
        return locks.resolve(etag + ".paligemma.lock");
    }

    /** Whether a content is there; one of another size is removed, as it would have to be downloaded again anyway. */
    boolean hasBlob(FileMetadata metadata) {
        Path blob = blob(metadata.etag());
        try {
            if (!Files.isRegularFile(blob)) {
                return false;
            }
            long size = Files.size(blob);
            if (metadata.size() < 0 || size == metadata.size()) {
                return true;
            }
            LOG.warn("{} has {} bytes, expected {}; it is downloaded again", blob, size, metadata.size());
            Files.delete(blob);
            return false;
        } catch (IOException e) {
            throw unwritable(e);
        }
    }

    /**
     * A content that is not what its name says.
     *
     * @param blob where the model has it under the name that the hub gives it
     * @param content the file that it leads to, the same or one of a store that is not ours
     * @param problem what is wrong with it
     */
    record Damage(Path blob, Path content, String problem) {
        boolean isElsewhere() {
            return !blob.equals(content);
        }

        @Override
        public String toString() {
            return blob + (isElsewhere() ? ", a link to " + content + "," : "") + " (" + problem + ")";
        }
    }

    /** The contents of a snapshot that are not what their names say. */
    List<Damage> damaged(FileSet wanted) throws InterruptedException {
        String commit = model.isPinned() ? model.revision() : readRef();
        List<Damage> damaged = new ArrayList<>();
        if (commit == null || !Files.isDirectory(snapshot(commit))) {
            return damaged;
        }
        FileSet files = wanted.of(model, names(commit));
        Set<String> names =
                new LinkedHashSet<>(files.choose(name -> has(commit, name) ? Presence.THERE : Presence.ABSENT)
                        .files());
        for (String index : names.stream().filter(WeightIndex::isIndex).toList()) {
            // What a damaged one names means nothing.
            if (damagedContent(commit, index) == null) {
                names.addAll(WeightIndex.shards(entry(commit, index), index));
            }
        }
        for (String name : names) {
            Damage damage = damagedContent(commit, name);
            if (damage != null) {
                damaged.add(damage);
            }
        }
        return damaged;
    }

    private @Nullable Damage damagedContent(String commit, String file) throws InterruptedException {
        try {
            Path content = entry(commit, file).toRealPath();
            Path blob = blobOf(entry(commit, file));
            if (blob == null) {
                LOG.debug("{} cannot be checked: it is not in {}", content, blobs());
                return null;
            }
            String problem = ContentHash.problem(content, blob.getFileName().toString());
            LOG.debug("{}: {}", content, problem == null ? "as it should be" : problem);
            return problem == null ? null : new Damage(blob, content, problem);
        } catch (NoSuchFileException e) {
            return null;
        } catch (IOException e) {
            throw new HubException(Kind.DISK, model + ": cannot read " + entry(commit, file) + ": " + e, e);
        }
    }

    /**
     * The name in {@code blobs} by which a link leads to its content; null if it leads there by none. The name of the
     * content itself says nothing: other stores have names of their own, which look like checksums too.
     */
    private @Nullable Path blobOf(Path entry) throws IOException {
        if (!Files.isDirectory(blobs())) {
            return null;
        }
        Path own = blobs().toRealPath();
        Path path = entry;
        for (int link = 0; link < MAX_LINKS; link++) {
            path = folderOf(path).toRealPath().resolve(path.getFileName());
            if (own.equals(path.getParent())) {
                return path;
            }
            if (!Files.isSymbolicLink(path)) {
                return null;
            }
            path = path.resolveSibling(Files.readSymbolicLink(path));
        }
        return null;
    }

    /** Makes room for another content under the name of a damaged one; a store that is not ours is left as it is. */
    void discard(Damage damage) {
        if (damage.isElsewhere()) {
            LOG.warn(
                    "{}: {} is damaged ({}). It lies in a store that other models may use and was left there; this model gets"
                            + " a copy of its own. Remove that file, so that nobody else uses it",
                    model,
                    damage.content(),
                    damage.problem());
        } else {
            LOG.warn("{}: {} is damaged ({}); it is downloaded again", model, damage.blob(), damage.problem());
        }
        remove(damage.blob());
    }

    /** What the disk may refuse. */
    @FunctionalInterface
    interface Write {
        void run() throws IOException;
    }

    void writing(Write write) {
        try {
            write.run();
        } catch (IOException e) {
            throw unwritable(e);
        }
    }

    void remove(Path content) {
        writing(() -> Files.deleteIfExists(content));
    }

    void makeFolders() {
        writing(() -> {
            Files.createDirectories(blobs());
            Files.createDirectories(folder.resolve("snapshots"));
            Files.createDirectories(locks);
        });
    }

    /** Makes a content appear in a snapshot; if it is new, nobody else can refer to it yet. */
    void enter(String commit, FileMetadata metadata, boolean isNew) {
        Path entry = entry(commit, metadata.file());
        Path blob = blob(metadata.etag());
        writing(() -> {
            Files.createDirectories(entry.getParent());
            if (avoidsLinks || !link(entry, blob)) {
                place(entry, blob, isNew);
            }
        });
    }

    /** Makes a relative link, so that the cache can be moved; false where that is not possible. */
    private static boolean link(Path entry, Path blob) throws IOException {
        Path target = folderOf(entry).relativize(blob);
        for (int attempt = 0; attempt < 2; attempt++) {
            try {
                Files.createSymbolicLink(entry, target);
                return true;
            } catch (FileAlreadyExistsException e) {
                if (Files.isRegularFile(entry)) {
                    return true; // another process was faster
                }
                Files.deleteIfExists(entry); // a link to nothing
            } catch (UnsupportedOperationException e) {
                return false;
            } catch (FileSystemException e) {
                LOG.debug("no links in {}: {}", entry.getParent(), e.toString());
                return false; // Windows, without the right to make links
            }
        }
        return Files.isRegularFile(entry);
    }

    private static Path folderOf(Path file) {
        return Objects.requireNonNull(file.getParent(), "every path in the cache has a folder");
    }

    private void place(Path entry, Path blob, boolean isNew) throws IOException {
        if (Files.isRegularFile(entry)) {
            return;
        }
        if (isNew) {
            move(blob, entry);
            return;
        }
        Path copy = temporary("copy");
        try {
            Files.copy(blob, copy);
            move(copy, entry);
        } finally {
            Files.deleteIfExists(copy);
        }
    }

    /** Makes a copy of a file of another model appear in a snapshot, which is none of its contents by name. */
    void adopt(String commit, String file, Path content) {
        Path copy = temporary("copy");
        writing(() -> {
            try {
                Files.createDirectories(folderOf(entry(commit, file)));
                Files.createDirectories(blobs());
                Files.copy(content, copy);
                move(copy, entry(commit, file));
            } finally {
                Files.deleteIfExists(copy);
            }
        });
    }

    static void move(Path from, Path to) throws IOException {
        Files.move(from, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    private Path absence(String commit, String file) {
        return folder.resolve(".no_exist").resolve(commit).resolve(file);
    }

    /** Remembers what a commit does not have, so that nobody needs to ask again. */
    void noteAbsent(String commit, Collection<String> files) {
        try {
            for (String file : files) {
                Path mark = absence(commit, file);
                if (!Files.exists(mark)) {
                    Files.createDirectories(mark.getParent());
                    Files.write(mark, new byte[0]);
                }
            }
        } catch (IOException e) {
            LOG.debug("cannot note in {} what is missing: {}", folder, e.toString());
        }
    }

    private Path ref() {
        return folder.resolve("refs").resolve(model.revision());
    }

    /** The commit that the revision was when the hub was last asked; null if that is not known. */
    private @Nullable String readRef() {
        Path ref = ref();
        try {
            if (!Files.isRegularFile(ref)) {
                return null;
            }
            String text = Files.size(ref) > MAX_REF_BYTES
                    ? ""
                    : new String(Files.readAllBytes(ref), StandardCharsets.ISO_8859_1).strip();
            if (HubModel.isCommit(text)) {
                return text;
            }
            LOG.warn("{} is ignored: it should hold a commit of 40 hexadecimal digits", ref);
        } catch (IOException e) {
            LOG.warn("{} cannot be read: {}", ref, e.toString());
        }
        return null;
    }

    /** Remembers which commit the revision is. Without it the snapshot is complete, but is not found offline. */
    void writeRef(String commit) {
        if (commit.equals(Files.exists(ref(), LinkOption.NOFOLLOW_LINKS) ? readRef() : null)) {
            return;
        }
        Path temporary = temporary("ref");
        try {
            Files.createDirectories(ref().getParent());
            Files.createDirectories(blobs());
            Files.writeString(temporary, commit, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
            move(temporary, ref());
        } catch (IOException e) {
            LOG.warn("cannot note in {} that {} is {}: {}", ref(), model, commit, e.toString());
        }
    }

    /** The bytes that can still be written; {@link Long#MAX_VALUE} where that is not known. */
    long room() {
        try {
            long room = Files.getFileStore(blobs()).getUsableSpace();
            return room <= 0 ? Long.MAX_VALUE : room;
        } catch (IOException e) {
            return Long.MAX_VALUE;
        }
    }

    HubException unwritable(IOException cause) {
        String reason = cause instanceof FileSystemException system ? system.getReason() : cause.getMessage();
        return new HubException(
                Kind.DISK,
                model + ": cannot write to " + folder + ": " + (reason == null ? cause : reason)
                        + "; it must be a folder that can be written, with enough room; HF_HOME or HF_HUB_CACHE choose another",
                cause);
    }
}
