package dev.paligemma.hub;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/**
 * Processes that are killed, or run out of disk, while they download. {@code -Dhub.kill.rounds=100} kills more of them, and
 * {@code -Dhub.kill.seed} chooses other moments.
 */
class KilledDownloadTest {
    private static final int PROCESSES = 2;
    private static final int MOST_REQUESTS = 26;
    private static final int LONGEST_DELAY_MILLIS = 400;
    private static final int PIECE_BYTES = 20_000;
    private static final int PIECE_MILLIS = 2;

    @TempDir
    Path folder;

    @Test
    @Timeout(value = 3, unit = TimeUnit.HOURS)
    void whatAKilledProcessLeavesIsNeverWrongAndIsGoneOnWith() throws IOException, InterruptedException {
        int rounds = Integer.getInteger("hub.kill.rounds", 2);
        Random random = new Random(Long.getLong("hub.kill.seed", 1));
        int completed = 0;
        try (FakeHub hub = sharded()) {
            Path cache = folder.resolve("cache");
            for (int round = 0; round < rounds; round++) {
                List<Process> processes = new ArrayList<>();
                int before = requests(hub);
                for (int i = 0; i < 1 + random.nextInt(PROCESSES); i++) {
                    processes.add(start(hub, cache));
                }
                for (Process process : processes) {
                    awaitReady(process);
                }
                awaitRequests(hub, before + random.nextInt(MOST_REQUESTS), processes);
                Thread.sleep(random.nextInt(LONGEST_DELAY_MILLIS));
                for (Process process : processes) {
                    process.destroyForcibly().waitFor();
                }
                assertNothingWrong(hub, cache);
                if (isComplete(cache)) {
                    completed++;
                    delete(cache);
                } else if (random.nextInt(4) == 0) {
                    Process process = start(hub, cache);
                    assertThat(process.waitFor()).as("round %d", round).isZero();
                    assertNothingWrong(hub, cache);
                    assertThat(isComplete(cache)).isTrue();
                    delete(cache);
                }
            }
            Process last = start(hub, cache);
            assertThat(last.waitFor()).isZero();
            assertNothingWrong(hub, cache);
            assertThat(isComplete(cache)).isTrue();
            assertThat(cache.resolve("models--owner--tiny-model/blobs"))
                    .isDirectoryNotContaining(each -> each.toString().endsWith(".paligemma.incomplete"));
            long resumed = hub.cdn().requests().stream()
                    .filter(each -> each.header("range") != null)
                    .count();
            LoggerFactory.getLogger(KilledDownloadTest.class)
                    .info(
                            "{} rounds, {} complete before they were killed, {} downloads gone on with",
                            rounds,
                            completed,
                            resumed);
        }
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    @Timeout(120)
    void diskThatFillsUpIsToldAndTheNextProcessGoesOn() throws IOException, InterruptedException {
        try (FakeHub hub = sharded()) {
            Path cache = folder.resolve("cache");
            Process full = start(hub, cache, "bash", "-c", "ulimit -f 2000 && exec \"$0\" \"$@\"");

            assertThat(full.waitFor()).isEqualTo(1);

            assertThat(Files.readString(folder.resolve("errors.txt")))
                    .contains(
                            "HubException",
                            "owner/tiny-model: cannot write to " + cache,
                            "File too large",
                            "enough room",
                            "HF_HOME");
            assertNothingWrong(hub, cache);
            assertThat(isComplete(cache)).isFalse();
            int before = hub.cdn().requests().size();

            assertThat(start(hub, cache).waitFor()).isZero();

            assertThat(isComplete(cache)).isTrue();
            assertNothingWrong(hub, cache);
            assertThat(hub.cdn().requests().stream().skip(before))
                    .anySatisfy(each -> assertThat(each.headers()).containsKey("range"));
        }
    }

    private static int requests(FakeHub hub) {
        return hub.hub().requests().size() + hub.cdn().requests().size();
    }

    /** Counts requests and not seconds, so that a busy machine kills at the same stages as an idle one. */
    private static void awaitRequests(FakeHub hub, int count, List<Process> processes) throws InterruptedException {
        while (requests(hub) < count && processes.stream().anyMatch(Process::isAlive)) {
            Thread.sleep(5);
        }
    }

    private static FakeHub sharded() throws IOException {
        FakeHub hub = FakeHub.withCheckpoint();
        hub.remove("model.safetensors");
        hub.put(
                "model.safetensors.index.json",
                "{\"weight_map\": {\"a\": \"m-1.safetensors\", \"b\": \"m-2.safetensors\", \"c\": \"m-3.safetensors\"}}");
        hub.put("m-1.safetensors", FakeHub.content(1, 3_000_000));
        hub.put("m-2.safetensors", FakeHub.content(2, 5_000_000));
        hub.put("m-3.safetensors", FakeHub.content(3, 1_000_000));
        Random random = new Random(1);
        hub.onCdn((request, out) -> {
            byte[] content = hub.get(request.path().replaceAll("\\?.*", "").replaceAll(".*/", ""));
            String range = request.header("range");
            int from = range == null ? 0 : Integer.parseInt(range.replaceAll("\\D", ""));
            FakeServer.head(
                    out,
                    from == 0 ? 200 : 206,
                    Map.of(
                            "Content-Length",
                            content.length - from,
                            "Content-Range",
                            "bytes " + from + "-" + (content.length - 1) + "/" + content.length));
            int end = random.nextInt(4) == 0 ? from + random.nextInt(content.length - from) : content.length;
            for (int at = from; at < end; at += PIECE_BYTES) {
                out.write(content, at, Math.min(PIECE_BYTES, end - at));
                out.flush();
                Thread.sleep(PIECE_MILLIS);
            }
            return true;
        });
        return hub;
    }

    /** @param prefix of the command */
    private Process start(FakeHub hub, Path cache, String... prefix) throws IOException {
        List<String> command = new ArrayList<>(List.of(prefix));
        command.addAll(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-Xshare:auto",
                "-cp",
                System.getProperty("java.class.path"),
                "dev.paligemma.hub.DownloadingProcess",
                hub.address(),
                cache.toString()));
        return new ProcessBuilder(command)
                .redirectError(folder.resolve("errors.txt").toFile())
                .start();
    }

    private void awaitReady(Process process) throws IOException {
        BufferedReader out = process.inputReader(StandardCharsets.UTF_8);
        assertThat(out.readLine())
                .as(Files.readString(folder.resolve("errors.txt")))
                .isEqualTo("ready");
    }

    /** Whatever has a name has its content. */
    private static void assertNothingWrong(FakeHub hub, Path cache) throws IOException {
        Path store = cache.resolve("models--owner--tiny-model");
        if (!Files.exists(store)) {
            return;
        }
        Path snapshot = store.resolve("snapshots").resolve(FakeHub.COMMIT);
        if (Files.exists(snapshot)) {
            try (Stream<Path> files = Files.list(snapshot)) {
                assertThat(files)
                        .allSatisfy(each -> assertThat(each)
                                .hasBinaryContent(hub.get(each.getFileName().toString())));
            }
        }
        try (Stream<Path> blobs = Files.list(store.resolve("blobs"))) {
            assertThat(blobs.filter(each -> !each.toString().endsWith(".incomplete")))
                    .allSatisfy(each -> assertThat(
                                    ContentHash.problem(each, each.getFileName().toString()))
                            .isNull());
        }
        Path ref = store.resolve("refs/main");
        if (Files.exists(ref)) {
            assertThat(ref).hasContent(FakeHub.COMMIT);
            assertThat(isComplete(cache)).isTrue();
        }
    }

    private static boolean isComplete(Path cache) {
        CacheRepository repository = new CacheRepository(cache, HubModel.parse(FakeHub.ID), false);
        CacheRepository.Local local = repository.find(FileSet.CHECKPOINT);
        return local != null && local.isUsable() && Files.exists(local.place().resolve("m-3.safetensors"));
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
