package dev.paligemma.hub;

import dev.paligemma.hub.CacheRepository.Damage;
import dev.paligemma.hub.CacheRepository.Local;
import dev.paligemma.hub.FileSet.Choice;
import dev.paligemma.hub.HubException.Kind;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Downloads models from the Hugging Face hub into the cache that Python's {@code huggingface_hub} uses too, and finds them
 * there again.
 *
 * <pre>{@code
 * Path folder = HubClient.create()
 *         .snapshot(HubModel.parse("google/paligemma2-3b-mix-224"), FileSet.CHECKPOINT, DownloadListener.NONE);
 * }</pre>
 *
 * <p>Settings come from the environment variables of the Python library, unless the builder is told otherwise:
 * {@code HF_ENDPOINT}, {@code HF_HOME}, {@code HF_HUB_CACHE}, {@code HF_TOKEN}, {@code HF_TOKEN_PATH},
 * {@code HF_HUB_OFFLINE}, {@code HF_HUB_ETAG_TIMEOUT}, {@code HF_HUB_DOWNLOAD_TIMEOUT}, {@code HF_HUB_DISABLE_SYMLINKS}.
 *
 * <p>Content appears in the cache under its name only when it is complete and, where the hub names contents by a checksum,
 * verified. A download that was broken off, in whatever way, is gone on with by the next call. Several threads and processes,
 * Python's among them, may use one cache at once. The token is sent to the endpoint's own host and port only, and is part of
 * no message.
 *
 * <p>Immutable and thread-safe. Threads of a call end with it; nothing is kept open between calls.
 */
public final class HubClient {
    private static final Logger LOG = LoggerFactory.getLogger(HubClient.class);

    private static final String JAX = "-jax";
    private static final String TOKENIZER = "tokenizer.json";
    private static final String TOKENIZER_MODEL = "tokenizer.model";

    private final Endpoint endpoint;
    private final Path cacheFolder;
    private final @Nullable AccessToken token;
    private final Path tokenFile;
    private final boolean offline;
    private final boolean avoidsLinks;
    private final boolean checksCache;
    private final int parallelDownloads;
    private final Timing timing;

    private HubClient(Builder builder) {
        this.endpoint = builder.endpoint;
        this.cacheFolder = builder.cacheFolder;
        this.token = builder.token;
        this.tokenFile = builder.tokenFile;
        this.offline = builder.offline;
        this.checksCache = builder.checksCache;
        this.avoidsLinks = builder.avoidsLinks;
        this.parallelDownloads = builder.parallelDownloads;
        this.timing = builder.timing;
    }

    /** As {@link #builder}, built at once. */
    public static HubClient create() {
        return builder().build();
    }

    /**
     * A builder with the settings of the environment.
     *
     * @throws IllegalArgumentException if a variable is not what it should be
     */
    public static Builder builder() {
        return new Builder(HubEnvironment.ofThisProcess());
    }

    /**
     * Finds the files of a model in the cache, after downloading those that are missing.
     *
     * <p>A commit whose files are all in the cache is found without the network. For a branch or a tag, one request asks the
     * hub which commit it is now; if the hub does not answer in time, or refuses, and the cache has the commit that it was
     * before, that is used and a warning is logged. Offline, the cache is all there is.
     *
     * <p>Requests that fail for a reason that may pass (dropped and stalled connections, HTTP 408, 429, 5xx) are repeated
     * with growing pauses, a limited number of times; with the model in the cache, not at all. Interrupting the thread ends
     * the call soon; what has arrived is kept.
     *
     * @param model the model and its revision
     * @param files what is needed of it
     * @param listener hears of progress; {@link DownloadListener#NONE} for nobody
     * @return the folder of the snapshot, or that of the model in it, absolute; the file of a model that is an archive of
     *     big_vision. Its files are links into the cache where the system has links. They must not be changed
     * @throws HubException if it cannot be had; {@link HubException#kind} says why
     */
    public Path snapshot(HubModel model, FileSet files, DownloadListener listener) {
        Objects.requireNonNull(model, "model");
        Objects.requireNonNull(files, "files");
        Objects.requireNonNull(listener, "listener");
        CacheRepository repository = new CacheRepository(cacheFolder, model, avoidsLinks);
        try {
            if (checksCache) {
                removeDamaged(repository, model, files);
            }
            return find(repository, model, files, listener);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new HubException(
                    Kind.INTERRUPTED, "interrupted while downloading " + model + "; what has arrived is kept", e);
        }
    }

    private void removeDamaged(CacheRepository repository, HubModel model, FileSet files) throws InterruptedException {
        List<Damage> damaged = repository.damaged(files);
        if (offline && !damaged.isEmpty()) {
            throw new HubException(
                    Kind.CORRUPT,
                    model + ": the cache holds contents that are not what their names say, " + damaged
                            + ", and the network is switched off (HF_HUB_OFFLINE or offline(...) of the builder)."
                            + " Switch it on to have them downloaded again");
        }
        damaged.forEach(repository::discard);
    }

    private Path find(CacheRepository repository, HubModel model, FileSet files, DownloadListener listener)
            throws InterruptedException {
        Local cached = repository.find(files);
        if (cached != null && cached.isUsable() && (offline || (model.isPinned() && cached.isCertain()))) {
            return cached.place();
        }
        if (offline) {
            throw offline(model, cached);
        }
        try {
            return download(repository, model, files, listener, cached);
        } catch (HubException e) {
            throw withoutToken(e);
        }
    }

    /** Whoever was shown the token may repeat it, even as the name of a file. */
    private HubException withoutToken(HubException failure) {
        return token == null ? failure : token.removeFrom(failure);
    }

    private Path download(
            CacheRepository repository,
            HubModel model,
            FileSet files,
            DownloadListener listener,
            @Nullable Local cached)
            throws InterruptedException {
        boolean isCached = cached != null && cached.isUsable();
        ExecutorService clientThreads = Executors.newCachedThreadPool(WorkerPool.daemons("paligemma-hub-http"));
        try (WorkerPool pool = new WorkerPool(parallelDownloads)) {
            Http http = new Http(endpoint, token, timing, clientThreads);
            Refusals refusals = new Refusals(endpoint, token, tokenFile);
            SnapshotDownload job = new SnapshotDownload(http, refusals, timing, repository, model.repository(), pool);
            RepositoryListing listing;
            try {
                listing = job.list(!isCached);
            } catch (HubException e) {
                if (cached == null || !isCached || e.kind() == Kind.NO_SUCH_REVISION) {
                    throw e;
                }
                LOG.warn(
                        "{} is used as it was downloaded before, it may be out of date: {}",
                        model,
                        withoutToken(e).getMessage());
                return cached.place();
            }
            boolean isComplete = cached != null && isCached && cached.commit().equals(listing.commit());
            try {
                FileSet set = files.of(model, listing.files());
                Choice choice = SnapshotDownload.choose(set, listing);
                if (set.isA(FileSet.TOKENIZER)
                        && !choice.missing().isEmpty()
                        && model.id().endsWith(JAX)) {
                    return tokenizer(model);
                }
                if (set.lacksTokenizerOnly(choice)) {
                    choice = withTokenizer(repository, model, listing.commit(), choice);
                }
                job.complete(listing, set, choice, listener, !isComplete);
                return repository.place(listing.commit(), set);
            } catch (HubException e) {
                if (cached == null || !isComplete || !(e.kind() == Kind.UNREACHABLE || e.kind() == Kind.DISK)) {
                    throw e;
                }
                LOG.warn(
                        "{} is used as it was downloaded before, without files that it can do without: {}",
                        model,
                        withoutToken(e).getMessage());
                return cached.place();
            }
        } finally {
            clientThreads.shutdown();
        }
    }

    /** Archives of big_vision lie in repositories without a tokenizer; that of the same model in another format has it. */
    private Choice withTokenizer(CacheRepository repository, HubModel model, String commit, Choice choice)
            throws InterruptedException {
        if (!model.id().endsWith(JAX)) {
            return choice;
        }
        String folder = model.path().substring(0, model.path().lastIndexOf('/') + 1);
        if (!repository.has(commit, folder + TOKENIZER) && !repository.has(commit, folder + TOKENIZER_MODEL)) {
            Path found = tokenizer(model);
            Path file = Stream.of(TOKENIZER, TOKENIZER_MODEL)
                    .map(found::resolve)
                    .filter(Files::isRegularFile)
                    .findFirst()
                    .orElseThrow();
            repository.adopt(commit, folder + file.getFileName(), file);
        }
        return new Choice(choice.files(), choice.absent(), List.of(), choice.certain());
    }

    private Path tokenizer(HubModel model) {
        HubModel other = HubModel.parse(model.id().substring(0, model.id().length() - JAX.length()));
        LOG.info("{} has no tokenizer; that of {} is taken", model, other);
        try {
            return snapshot(other, FileSet.TOKENIZER, DownloadListener.NONE);
        } catch (HubException e) {
            throw new HubException(
                    e.kind(),
                    model + " has no tokenizer, and that of " + other + " cannot be had: " + e.getMessage()
                            + ". An archive that is a file can be used with any tokenizer.json beside it",
                    e);
        }
    }

    /** Whether this client asks nobody, and gives only what was downloaded before. */
    public boolean isOffline() {
        return offline;
    }

    private HubException offline(HubModel model, @Nullable Local cached) {
        String found = cached == null ? "it is not in the cache" : "the cache lacks " + cached.missing();
        return new HubException(
                Kind.OFFLINE,
                model + ": " + found + " (" + cacheFolder + "), and the network is switched off (HF_HUB_OFFLINE or"
                        + " offline(...) of the builder). Download it once while it is on, or choose the right cache with HF_HOME or"
                        + " HF_HUB_CACHE");
    }

    /** Shows the settings, but for the token. */
    @Override
    public String toString() {
        return "HubClient[endpoint=" + endpoint + ", cache=" + cacheFolder + ", token="
                + (token == null ? "none" : "***") + ", offline=" + offline + "]";
    }

    /** Collects the settings of a {@link HubClient}. Confined to one thread. */
    public static final class Builder {
        private static final int DEFAULT_PARALLEL = 4;
        private static final int MAX_PARALLEL = 64;

        private Endpoint endpoint;
        private Path cacheFolder;
        private @Nullable AccessToken token;
        private final Path tokenFile;
        private boolean offline;
        private final boolean avoidsLinks;
        private boolean checksCache;
        private int parallelDownloads = DEFAULT_PARALLEL;
        private Timing timing;

        Builder(HubEnvironment environment) {
            this.endpoint = environment.endpoint();
            this.cacheFolder = environment.cacheFolder();
            this.tokenFile = environment.tokenFile();
            this.offline = environment.isOffline();
            this.avoidsLinks = environment.avoidsLinks();
            this.timing =
                    Timing.DEFAULT.withAnswer(environment.answerTimeout()).withStall(environment.downloadTimeout());
            token(environment.token());
        }

        /**
         * Chooses the hub, by an http or https address without query or password; by default {@code HF_ENDPOINT}, or the
         * public one. Another address is refused.
         */
        public Builder endpoint(String address) {
            this.endpoint = new Endpoint(address);
            return this;
        }

        /**
         * Chooses the folder with the caches of all models; by default {@code HF_HUB_CACHE}, or {@code hub} in
         * {@code HF_HOME}, which is {@code ~/.cache/huggingface} unless it is set. It is made when needed.
         */
        public Builder cacheFolder(Path folder) {
            this.cacheFolder = folder.toAbsolutePath().normalize();
            return this;
        }

        /**
         * Chooses the token, null for none; by default {@code HF_TOKEN}, or what the file {@code HF_TOKEN_PATH} holds. One
         * with characters that no token has is refused, in a message that does not repeat it.
         */
        public Builder token(@Nullable String newToken) {
            this.token = newToken == null ? null : new AccessToken(newToken);
            return this;
        }

        /** Chooses whether to do without the network and use the cache only; by default {@code HF_HUB_OFFLINE}. */
        public Builder offline(boolean isOffline) {
            this.offline = isOffline;
            return this;
        }

        /**
         * Chooses whether contents that are in the cache already are compared with their checksums, too; by default they
         * are believed. Those that are damaged are downloaded again, or if that is not possible refused. It takes some
         * seconds for the weights of a model.
         */
        public Builder checkCache(boolean isChecked) {
            this.checksCache = isChecked;
            return this;
        }

        /** Chooses how many files are downloaded at once, 1 to 64, 4 by default; another number is refused. */
        public Builder parallelDownloads(int count) {
            if (count < 1 || count > MAX_PARALLEL) {
                throw new IllegalArgumentException(
                        "parallelDownloads must be from 1 to " + MAX_PARALLEL + ", got " + count);
            }
            this.parallelDownloads = count;
            return this;
        }

        /** Chooses how long to wait for a connection, 10 seconds by default; it must be positive. */
        public Builder connectTimeout(Duration timeout) {
            this.timing = timing.withConnect(positive(timeout, "connectTimeout"));
            return this;
        }

        /**
         * Chooses how long to wait for what the hub says of a model that is in the cache, the connection included; by
         * default {@code HF_HUB_ETAG_TIMEOUT} in seconds, or 10 seconds. Then the cache is used. It must be positive.
         */
        public Builder answerTimeout(Duration timeout) {
            this.timing = timing.withAnswer(positive(timeout, "answerTimeout"));
            return this;
        }

        /**
         * Chooses how long to wait for the next byte before the connection is broken off and made anew; by default
         * {@code HF_HUB_DOWNLOAD_TIMEOUT} in seconds, or 30 seconds. It must be positive.
         */
        public Builder stallTimeout(Duration timeout) {
            this.timing = timing.withStall(positive(timeout, "stallTimeout"));
            return this;
        }

        /** Chooses the pauses between attempts. */
        Builder backoff(Duration first, Duration longest) {
            this.timing = timing.withBackoff(first, longest);
            return this;
        }

        private static Duration positive(Duration duration, String name) {
            if (duration.isNegative() || duration.isZero()) {
                throw new IllegalArgumentException(name + " must be positive, got " + duration);
            }
            return duration;
        }

        /** Makes the client. */
        public HubClient build() {
            if (token != null && endpoint.isExposed()) {
                LOG.warn("the token is sent unencrypted to {}; an https endpoint would protect it", endpoint);
            }
            return new HubClient(this);
        }
    }
}
