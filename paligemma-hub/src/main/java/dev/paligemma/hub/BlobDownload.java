package dev.paligemma.hub;

import dev.paligemma.base.internal.Quote;
import dev.paligemma.hub.HubException.Kind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Brings one content into the cache. Confined to one thread. */
final class BlobDownload {
    private static final Logger LOG = LoggerFactory.getLogger(BlobDownload.class);

    private static final Pattern CONTENT_RANGE = Pattern.compile("bytes ([0-9]{1,18})-[0-9]{1,18}/([0-9]{1,18}|\\*)");
    private static final long POLL_MILLIS = 100;
    private static final int WRONG_CONTENTS = 2;

    private final Http http;
    private final Refusals refusals;
    private final Timing timing;
    private final CacheRepository repository;
    private final HubModel model;
    private final String commit;
    private final FileMetadata metadata;
    private final ProgressMeter meter;

    /** What the last server called its content, to be sure that a further part is of the same. */
    private @Nullable String validator;

    BlobDownload(
            Http http,
            Refusals refusals,
            Timing timing,
            CacheRepository repository,
            HubModel model,
            String commit,
            FileMetadata metadata,
            ProgressMeter meter) {
        this.http = http;
        this.refusals = refusals;
        this.timing = timing;
        this.repository = repository;
        this.model = model;
        this.commit = commit;
        this.metadata = metadata;
        this.meter = meter;
    }

    /** Makes the file appear in the snapshot, after downloading its content unless that is there. */
    void run() throws InterruptedException {
        try (BlobLock lock = acquire()) {
            if (!repository.has(commit, metadata.file())) {
                boolean isNew = !repository.hasBlob(metadata);
                if (isNew) {
                    download(lock.isExclusive());
                }
                repository.enter(commit, metadata, isNew);
            }
        }
        meter.arrivedAt(metadata.file(), metadata.size());
    }

    private void download(boolean isExclusive) throws InterruptedException {
        boolean canResume = isExclusive && ContentHash.isHash(metadata.etag());
        Path path = isExclusive ? repository.partial(metadata.etag()) : repository.temporary(metadata.etag());
        PartialFile partial = PartialFile.open(repository, path);
        boolean keep = canResume;
        try {
            if (!canResume) {
                partial.restart();
            }
            fill(partial);
            partial.sync();
            partial.close(); // Windows does not move open files
            CacheRepository.move(path, repository.blob(metadata.etag()));
            keep = true;
        } catch (IOException e) {
            throw repository.unwritable(e);
        } catch (HubException e) {
            keep = keep && e.kind() != Kind.CORRUPT;
            throw e;
        } finally {
            if (keep) {
                partial.close();
            } else {
                partial.delete();
            }
        }
    }

    private BlobLock acquire() throws InterruptedException {
        boolean told = false;
        while (true) {
            try {
                BlobLock lock = BlobLock.tryAcquire(repository.lockFile(metadata.etag()));
                if (lock != null) {
                    return lock;
                }
            } catch (IOException e) {
                throw repository.unwritable(e);
            }
            if (!told) {
                LOG.info("waiting for another download of {}/{}", model, metadata.file());
                told = true;
            }
            Thread.sleep(POLL_MILLIS);
        }
    }

    private void fill(PartialFile partial) throws InterruptedException {
        if (!ContentHash.isHash(metadata.etag())) {
            LOG.warn("{} cannot be checked but for its size: the hub gives no checksum of it", what());
        }
        if (partial.length() > metadata.mostBytes()) {
            partial.restart();
        }
        meter.at(metadata.file(), partial.length(), metadata.size());
        Retries retries = new Retries(timing, what());
        int wrong = 0;
        while (true) {
            long before = partial.length();
            try {
                if (partial.length() != metadata.size()) {
                    transfer(partial);
                }
                String problem = ContentHash.problem(partial.path(), metadata.etag());
                if (problem == null) {
                    return;
                }
                restart(partial);
                wrong++;
                if (wrong == WRONG_CONTENTS) {
                    throw new HubException(
                            Kind.CORRUPT,
                            what() + ": " + problem + ", " + wrong
                                    + " times. Something between here and the hub changes what"
                                    + " it sends; nothing of it was kept");
                }
                LOG.info("{}: {}; it is downloaded again", what(), problem);
            } catch (IOException e) {
                retries.failed(e, partial.length() > before);
            }
        }
    }

    private String what() {
        return model + "/" + metadata.file() + " from " + http.endpoint();
    }

    private void restart(PartialFile partial) throws InterruptedException {
        partial.restart();
        validator = null;
        meter.at(metadata.file(), 0, metadata.size());
    }

    /** One request: appends what arrives. */
    private void transfer(PartialFile partial) throws IOException, InterruptedException {
        Map<String, String> headers = new LinkedHashMap<>();
        if (partial.length() > 0) {
            headers.put("Range", "bytes=" + partial.length() + "-");
            if (validator != null) {
                headers.put("If-Range", validator);
            }
        }
        try (Reply reply = http.get(http.endpoint().file(model, commit, metadata.file()), headers)) {
            if (reply.status() == 416) {
                restart(partial);
                throw wrong("the server has no part after the one that was there");
            }
            refusals.requireSuccess(reply, model, "the file " + metadata.file());
            requireIdentity(reply);
            requireSameContent(reply.linkedEtag());
            if (reply.status() == 206) {
                requireNextPart(reply, partial);
            } else if (reply.status() != 200) {
                throw wrong("unexpected HTTP " + reply.status());
            } else if (partial.length() > 0) {
                restart(partial); // the server sends the whole
            }
            requireLength(reply, partial);
            String etag = reply.header("ETag");
            validator = etag != null && etag.startsWith("\"") ? etag : null;
            copy(reply, partial);
        }
    }

    /** Other ETags are not compared, as in Python: mirrors have several for one content. */
    private void requireSameContent(@Nullable String named) throws TransientFailure {
        String before = metadata.linkedEtag();
        if (named != null && before != null && !named.equals(before)) {
            throw wrong("the hub now calls the content '" + Quote.shown(named, 100) + "', before it was " + before);
        }
    }

    private void requireIdentity(Reply reply) throws TransientFailure {
        String encoding = reply.header("Content-Encoding");
        if (encoding != null && !encoding.equalsIgnoreCase("identity")) {
            throw wrong("the content came encoded as " + Quote.shown(encoding, 40) + ", asked was identity");
        }
    }

    private void requireNextPart(Reply reply, PartialFile partial) throws IOException, InterruptedException {
        String range = String.valueOf(reply.header("Content-Range"));
        Matcher matcher = CONTENT_RANGE.matcher(range);
        boolean fits = matcher.matches()
                && Long.parseLong(matcher.group(1)) == partial.length()
                && (metadata.size() < 0
                        || matcher.group(2).equals("*")
                        || Long.parseLong(matcher.group(2)) == metadata.size());
        if (!fits) {
            String problem = "asked was for the bytes from " + partial.length() + " of " + metadata.size() + ", got '"
                    + Quote.shown(range, 80) + "'";
            restart(partial);
            throw wrong(problem);
        }
    }

    private void requireLength(Reply reply, PartialFile partial) throws TransientFailure {
        long announced = reply.size("Content-Length");
        if (announced >= 0 && metadata.size() >= 0 && partial.length() + announced != metadata.size()) {
            throw wrong(announced + " bytes were announced after the first " + partial.length() + ", expected "
                    + metadata.size() + " in all");
        }
    }

    private void copy(Reply reply, PartialFile partial) throws IOException, InterruptedException {
        PolledBody body = reply.body();
        for (ByteBuffer bytes = body.next(); bytes != null; bytes = body.next()) {
            int count = bytes.remaining();
            if (partial.length() + count > metadata.mostBytes()) {
                restart(partial);
                throw wrong("more than the announced " + metadata.mostBytes() + " bytes arrived");
            }
            partial.append(bytes);
            meter.add(metadata.file(), count, metadata.size());
        }
        if (metadata.size() >= 0 && partial.length() < metadata.size()) {
            throw wrong("the body ended after " + partial.length() + " of " + metadata.size() + " bytes");
        }
    }

    private static TransientFailure wrong(String problem) {
        return new TransientFailure(Kind.CORRUPT, problem, null);
    }

    /** The bytes that have to be downloaded, as far as that is known. */
    static long missingBytes(CacheRepository repository, FileMetadata metadata) {
        try {
            if (metadata.size() < 0 || Files.isRegularFile(repository.blob(metadata.etag()))) {
                return 0;
            }
            Path partial = repository.partial(metadata.etag());
            return Files.exists(partial) ? Math.max(0, metadata.size() - Files.size(partial)) : metadata.size();
        } catch (IOException e) {
            return metadata.size();
        }
    }
}
