package dev.paligemma.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.paligemma.hub.FakeServer.Request;
import dev.paligemma.hub.HubException.Kind;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Lines that break and servers that lie; several calls at once, and their ends. */
class HubConnectionTest extends HubTest {
    // Bad lines

    private void cutting(int attempts, int bytes) {
        AtomicInteger cut = new AtomicInteger();
        hub.onCdn((request, out) -> {
            if (cut.getAndIncrement() >= attempts) {
                return false;
            }
            part(request, out, bytes);
            return true;
        });
    }

    /** Answers rightly, but for the end of the body. */
    private void part(Request request, OutputStream out, int bytes) throws IOException {
        byte[] content = hub.get(WEIGHTS);
        String range = request.header("range");
        int from = range == null ? 0 : Integer.parseInt(range.replaceAll("\\D", ""));
        Map<String, Object> headers = new LinkedHashMap<>();
        headers.put("ETag", "\"cdn-" + hub.etag(WEIGHTS).substring(0, 8) + '"');
        headers.put("Content-Length", content.length - from);
        if (range != null) {
            headers.put("Content-Range", "bytes " + from + "-" + (content.length - 1) + "/" + content.length);
        }
        FakeServer.head(out, range == null ? 200 : 206, headers);
        out.write(content, from, bytes);
        out.flush();
    }

    @Test
    void droppedConnectionsAreTakenUpWhereTheyBroke() {
        cutting(2, 100_000);

        assertComplete(download());

        List<Request> parts = hub.cdn().requests();
        assertThat(parts)
                .extracting(each -> each.header("range"))
                .containsExactly(null, "bytes=100000-", "bytes=200000-");
        assertThat(parts.get(1).header("if-range"))
                .isEqualTo("\"cdn-" + hub.etag(WEIGHTS).substring(0, 8) + '"');
    }

    @Test
    void aLineThatAlwaysBreaksIsGivenUp() {
        hub.onCdn((request, out) -> {
            FakeServer.head(out, 200, Map.of("Content-Length", 300_000));
            return true;
        });

        HubException failure = failure();

        assertThat(failure).hasMessageContaining("given up after 6 attempts");
        assertThat(hub.cdn().requests()).hasSize(6);
    }

    @Test
    void whatHasArrivedIsKeptForTheNextCall() throws IOException {
        AtomicInteger parts = new AtomicInteger();
        hub.onCdn((request, out) -> {
            if (parts.getAndIncrement() > 0) {
                return refuse(out, 503, null);
            }
            part(request, out, 123_456);
            return true;
        });
        assertThat(failure().kind()).isEqualTo(Kind.UNREACHABLE);
        hub.onCdn((request, out) -> false);
        int before = hub.cdn().requests().size();

        assertComplete(download());

        assertThat(hub.cdn().requests().get(before).header("range")).isEqualTo("bytes=123456-");
    }

    @Test
    void aDamagedPartOfAnEarlierRunIsThrownAway() throws IOException {
        Files.createDirectories(store().resolve("blobs"));
        Path partial = store().resolve("blobs").resolve(hub.etag(WEIGHTS) + ".paligemma.incomplete");
        Files.write(partial, FakeHub.content(99, 1234));

        assertComplete(download());
    }

    @ParameterizedTest
    @ValueSource(ints = {300_000, 300_001, 900_000})
    void aPartThatIsTooLongIsThrownAway(int size) throws IOException {
        Files.createDirectories(store().resolve("blobs"));
        Path partial = store().resolve("blobs").resolve(hub.etag(WEIGHTS) + ".paligemma.incomplete");
        Files.write(partial, FakeHub.content(99, size));

        assertComplete(download());
    }

    @Test
    void stalledBodiesAreCutAndTakenUp() {
        AtomicInteger stalls = new AtomicInteger();
        CountDownLatch end = new CountDownLatch(1);
        hub.onCdn((request, out) -> {
            if (stalls.getAndIncrement() > 0) {
                return false;
            }
            part(request, out, 50_000);
            end.await(60, TimeUnit.SECONDS);
            return true;
        });

        Path snapshot = builder()
                .stallTimeout(Duration.ofSeconds(2))
                .build()
                .snapshot(MODEL, FileSet.CHECKPOINT, DownloadListener.NONE);
        end.countDown();

        assertComplete(snapshot);
        assertThat(hub.cdn().requests().get(1).header("range")).isEqualTo("bytes=50000-");
    }

    @Test
    void aByteNowAndThenIsAsGoodAsSilence() {
        AtomicInteger answers = new AtomicInteger();
        CountDownLatch end = new CountDownLatch(1);
        hub.onCdn((request, out) -> {
            if (answers.getAndIncrement() > 0) {
                return false;
            }
            FakeServer.head(out, 200, Map.of("Content-Length", hub.get(WEIGHTS).length));
            for (int i = 0; i < 600 && !end.await(100, TimeUnit.MILLISECONDS); i++) {
                out.write(hub.get(WEIGHTS)[i]);
                out.flush();
            }
            return true;
        });

        Path snapshot = builder()
                .stallTimeout(Duration.ofSeconds(2))
                .build()
                .snapshot(MODEL, FileSet.CHECKPOINT, DownloadListener.NONE);
        end.countDown();

        assertComplete(snapshot);
        assertThat(hub.cdn().requests()).hasSize(2);
    }

    @Test
    void answersThatNeverComeAreNotWaitedFor() {
        AtomicInteger silences = new AtomicInteger();
        CountDownLatch end = new CountDownLatch(1);
        hub.onHub((request, out) -> {
            if (silences.getAndIncrement() > 0) {
                return false;
            }
            end.await(60, TimeUnit.SECONDS);
            return true;
        });

        Path snapshot = builder()
                .connectTimeout(Duration.ofSeconds(1))
                .stallTimeout(Duration.ofSeconds(2))
                .build()
                .snapshot(MODEL, FileSet.CHECKPOINT, DownloadListener.NONE);
        end.countDown();

        assertComplete(snapshot);
    }

    @Test
    void aHubThatNeverAnswersCostsOneWaitIfTheModelIsThere() {
        Path snapshot = download();
        CountDownLatch end = new CountDownLatch(1);
        hub.onHub((request, out) -> {
            end.await(60, TimeUnit.SECONDS);
            return true;
        });
        int before = hub.hub().requests().size();
        HubClient client = builder(Map.of("HF_HUB_ETAG_TIMEOUT", "1")).build();
        long start = System.nanoTime();

        assertThat(client.snapshot(MODEL, FileSet.CHECKPOINT, DownloadListener.NONE))
                .isEqualTo(snapshot);

        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(8));
        assertThat(hub.hub().requests()).hasSize(before + 1);
        end.countDown();
    }

    @Test
    void aHubThatStopsInTheMiddleOfItsListIsNotWaitedForEither() {
        Path snapshot = download();
        CountDownLatch end = new CountDownLatch(1);
        hub.onHub((request, out) -> {
            FakeServer.head(out, 200, Map.of("Content-Length", 1000));
            end.await(60, TimeUnit.SECONDS);
            return true;
        });

        Path again = builder()
                .answerTimeout(Duration.ofMillis(500))
                .build()
                .snapshot(MODEL, FileSet.CHECKPOINT, DownloadListener.NONE);
        end.countDown();

        assertThat(again).isEqualTo(snapshot);
    }

    @Test
    void tooManyRequestsAreAnsweredWithPatience() {
        AtomicInteger requests = new AtomicInteger();
        AtomicReference<Long> refused = new AtomicReference<>();
        AtomicReference<Long> asked = new AtomicReference<>();
        hub.onHub((request, out) -> {
            if (requests.getAndIncrement() > 0) {
                asked.compareAndSet(null, System.nanoTime());
                return false;
            }
            refused.set(System.nanoTime());
            FakeServer.head(out, 429, Map.of("Retry-After", "1", "Content-Length", 0));
            return true;
        });

        assertComplete(download());

        // The server asked for a second; our own pauses are shorter than a fiftieth of it here.
        assertThat(asked.get() - refused.get()).isGreaterThan(900_000_000L);
    }

    @ParameterizedTest
    @ValueSource(ints = {408, 429, 500, 502, 503, 504})
    void failuresThatMayPassAreRepeated(int status) {
        AtomicInteger onHub = new AtomicInteger();
        AtomicInteger onCdn = new AtomicInteger();
        hub.onHub((request, out) -> onHub.getAndIncrement() % 3 == 0 && refuse(out, status, null));
        hub.onCdn((request, out) -> onCdn.getAndIncrement() == 0 && refuse(out, status, null));

        assertComplete(download());
    }

    @Test
    void anAddressThatIsTooOldIsAskedForAnew() {
        AtomicInteger requests = new AtomicInteger();
        hub.onCdn((request, out) -> requests.getAndIncrement() == 0 && refuse(out, 403, null));

        assertComplete(download());
    }

    @Test
    void damagedContentIsDownloadedAgain() {
        AtomicInteger requests = new AtomicInteger();
        hub.onCdn((request, out) -> requests.getAndIncrement() == 0 && damaged(out));

        assertComplete(download());
    }

    private boolean damaged(OutputStream out) throws IOException {
        byte[] content = hub.get(WEIGHTS).clone();
        content[content.length / 2] ^= 1;
        FakeServer.head(out, 200, Map.of("Content-Length", content.length));
        out.write(content);
        return true;
    }

    @Test
    void contentThatIsAlwaysDamagedIsRefusedAndNotKept() throws IOException {
        hub.onCdn((request, out) -> damaged(out));

        HubException failure = failure();

        assertThat(failure.kind()).isEqualTo(Kind.CORRUPT);
        assertThat(failure).hasMessageContaining("SHA-256").hasMessageContaining(hub.etag(WEIGHTS));
        assertThat(names(store().resolve("blobs"))).noneMatch(each -> each.contains(hub.etag(WEIGHTS)));
    }

    @Test
    void smallFilesAreVerifiedToo() {
        hub.onHub((request, out) -> {
            if (!request.isFor("GET", "config.json")) {
                return false;
            }
            byte[] content = hub.get("config.json").clone();
            content[3] ^= 1;
            FakeServer.head(out, 200, Map.of("Content-Length", content.length));
            out.write(content);
            return true;
        });

        assertThat(failure()).hasMessageContaining("git blob id");
    }

    @Test
    void aServerThatKnowsNoPartsSendsTheWhole() {
        AtomicInteger requests = new AtomicInteger();
        hub.onCdn((request, out) -> {
            if (requests.getAndIncrement() == 0) {
                part(request, out, 70_000);
            } else {
                FakeServer.head(out, 200, Map.of("Content-Length", 300_000));
                out.write(hub.get(WEIGHTS));
            }
            return true;
        });

        assertComplete(download());
    }

    @Test
    void aPartOfSomethingElseIsNotAppended() {
        AtomicInteger requests = new AtomicInteger();
        hub.onCdn((request, out) -> {
            if (requests.getAndIncrement() == 0) {
                part(request, out, 70_000);
                return true;
            }
            if (request.header("range") == null) {
                return false;
            }
            FakeServer.head(out, 206, Map.of("Content-Range", "bytes 60000-299999/300000", "Content-Length", 240_000));
            out.write(hub.get(WEIGHTS), 60_000, 240_000);
            return true;
        });

        assertComplete(download());
    }

    @Test
    void aContentThatChangesBetweenTwoPartsIsBegunAnew() {
        AtomicInteger requests = new AtomicInteger();
        hub.onCdn((request, out) -> {
            if (requests.getAndIncrement() > 0) {
                return false;
            }
            // Another content of the same length; its ETag is not the one that later parts have.
            FakeServer.head(out, 200, Map.of("ETag", "\"other\"", "Content-Length", 300_000));
            out.write(FakeHub.content(5, 70_000));
            return true;
        });

        assertComplete(download());
        assertThat(hub.cdn().requests().get(1).header("if-range")).isEqualTo("\"other\"");
    }

    @Test
    void moreThanAnnouncedIsCutOff() {
        hub.onCdn((request, out) -> {
            FakeServer.head(out, 200, Map.of());
            byte[] content = hub.get(WEIGHTS);
            while (true) {
                out.write(content);
            }
        });

        HubException failure = failure();

        assertThat(failure.kind()).isEqualTo(Kind.CORRUPT);
        assertThat(failure).hasMessageContaining("more than the announced 300000 bytes");
    }

    @ParameterizedTest
    @ValueSource(ints = {299_999, 300_001, 0, 2_000_000_000})
    void anotherLengthThanAnnouncedIsRefused(int length) {
        hub.onCdn((request, out) -> {
            FakeServer.head(out, 200, Map.of("Content-Length", length));
            out.write(hub.get(WEIGHTS), 0, Math.min(length, 300_000));
            return true;
        });

        assertThat(failure()).hasMessageContaining(length + " bytes were announced");
    }

    @Test
    void aContentThatGetsAnotherNameIsRefused() {
        hub.onHub((request, out) -> {
            if (!request.isFor("GET", WEIGHTS)) {
                return false;
            }
            FakeServer.head(
                    out,
                    302,
                    Map.of(
                            "Location",
                            hub.cdn().address() + "/contents/" + WEIGHTS,
                            "X-Linked-Etag",
                            "\"" + "a".repeat(64) + "\"",
                            "Content-Length",
                            0));
            return true;
        });

        assertThat(failure()).hasMessageContaining("the hub now calls the content 'aaaa");
    }

    @Test
    void encodedContentIsRefused() {
        hub.onCdn((request, out) -> {
            FakeServer.head(out, 200, Map.of("Content-Encoding", "gzip", "Content-Length", 10));
            out.write(new byte[10]);
            return true;
        });

        assertThat(failure()).hasMessageContaining("gzip");
    }

    @Test
    void sizesMayBeUnknown() {
        hub.onHub((request, out) -> {
            if (!request.isFor("HEAD", "config.json")) {
                return false;
            }
            FakeServer.head(
                    out, 200, Map.of("X-Repo-Commit", FakeHub.COMMIT, "ETag", "W/\"" + hub.etag("config.json") + '"'));
            return true;
        });

        assertComplete(download());
    }

    // Several at once, progress, and ends before the end

    @Test
    void severalCallsDownloadEachContentOnce() {
        HubClient client = builder().build();
        List<CompletableFuture<Path>> calls = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            calls.add(CompletableFuture.supplyAsync(
                    () -> client.snapshot(MODEL, FileSet.CHECKPOINT, DownloadListener.NONE),
                    task -> new Thread(task).start()));
        }

        calls.forEach(call -> assertComplete(call.join()));

        assertThat(hub.cdn().requests()).hasSize(1);
    }

    @Test
    void progressGrowsToTheEnd() {
        List<DownloadProgress> heard = new ArrayList<>();

        builder().build().snapshot(MODEL, FileSet.CHECKPOINT, heard::add);

        long total = NEEDED.stream().mapToLong(each -> hub.get(each).length).sum();
        assertThat(heard).allSatisfy(each -> {
            assertThat(each.bytesTotal()).isEqualTo(total);
            assertThat(each.model()).isEqualTo(MODEL);
            assertThat(each.bytesDone()).isBetween(0L, total);
        });
        assertThat(heard).extracting(DownloadProgress::bytesDone).isSorted();
        DownloadProgress last = heard.get(heard.size() - 1);
        assertThat(last.finished()).isTrue();
        assertThat(last.bytesDone()).isEqualTo(total);
        assertThat(heard.stream().filter(DownloadProgress::finished)).hasSize(1);
    }

    @Test
    void nothingIsHeardWhenNothingIsDownloaded() {
        download();
        List<DownloadProgress> heard = new ArrayList<>();

        builder().build().snapshot(MODEL, FileSet.CHECKPOINT, heard::add);

        assertThat(heard).isEmpty();
    }

    @Test
    void aListenerCanEndTheDownload() {
        HubClient client = builder().build();

        IllegalStateException failure = catchThrowableOfType(
                IllegalStateException.class,
                () -> client.snapshot(MODEL, FileSet.CHECKPOINT, progress -> {
                    throw new IllegalStateException("enough");
                }));

        assertThat(failure).hasMessage("enough");
        assertComplete(download());
    }

    @Test
    void anInterruptEndsTheCallAndItsThreads() throws InterruptedException, ExecutionException, TimeoutException {
        CountDownLatch stalled = new CountDownLatch(1);
        CountDownLatch end = new CountDownLatch(1);
        hub.onCdn((request, out) -> {
            part(request, out, 60_000);
            stalled.countDown();
            end.await(100, TimeUnit.SECONDS);
            return true;
        });
        CompletableFuture<Boolean> flag = new CompletableFuture<>();
        AtomicReference<HubException> failure = new AtomicReference<>();
        Thread caller = new Thread(() -> {
            failure.set(failure(builder().stallTimeout(Duration.ofSeconds(90)).build(), MODEL));
            flag.complete(Thread.currentThread().isInterrupted());
        });
        caller.start();
        stalled.await();
        caller.interrupt();

        assertThat(flag.get(60, TimeUnit.SECONDS)).isTrue();
        end.countDown();
        assertThat(failure.get().kind()).isEqualTo(Kind.INTERRUPTED);
        assertThat(workers()).isEmpty();
    }

    @Test
    void noThreadsAreLeftBehind() throws InterruptedException {
        download();

        for (int i = 0; i < 600 && !workers("paligemma-hub-http").isEmpty(); i++) {
            Thread.sleep(50);
        }

        assertThat(workers("paligemma-hub-http")).isEmpty();
        assertThat(workers()).isEmpty();
    }

    private static List<String> workers() {
        return workers("paligemma-hub");
    }

    private static List<String> workers(String name) {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(Thread::isAlive)
                .map(Thread::getName)
                .filter(name::equals)
                .toList();
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void othersMayReadWhatWasDownloaded() throws IOException {
        assertThat(FileSystems.getDefault().supportedFileAttributeViews()).contains("posix");
        Path ordinary = Files.writeString(folder.resolve("ordinary"), "x");

        Path snapshot = download();

        for (Path file : Arrays.asList(snapshot.resolve(WEIGHTS), store().resolve("refs/main"))) {
            assertThat(Files.getPosixFilePermissions(file)).isEqualTo(Files.getPosixFilePermissions(ordinary));
        }
    }

    @Test
    void theTokenIsNotShown() {
        assertThat(builder().build().toString()).doesNotContain(TOKEN).contains(hub.address());
        assertThat(Stream.of("a b", "a\nb", "ä", "")
                        .map(each -> catchThrowableOfType(
                                IllegalArgumentException.class, () -> builder().token(each))))
                .allSatisfy(
                        each -> assertThat(each).hasMessageNotContaining("a b").hasMessageNotContaining("ä"));
        assertThat(Stream.of(
                                "ftp://x",
                                "nothing",
                                "https://user:secret@x",
                                "https://x?y",
                                "https:///x",
                                "://",
                                "http://x:99999")
                        .map(each -> catchThrowableOfType(
                                IllegalArgumentException.class, () -> builder().endpoint(each)))
                        .map(Throwable::getMessage)
                        .collect(Collectors.joining()))
                .doesNotContain("secret");
    }
}
