package dev.paligemma;

import dev.paligemma.engine.contract.TestedEngine;
import dev.paligemma.generation.AnswerStream;
import dev.paligemma.generation.BeamSearch;
import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.generation.ImageEmbeddings;
import dev.paligemma.generation.RequestCancelledException;
import dev.paligemma.generation.Sampling;
import dev.paligemma.task.Tasks;
import java.io.IOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * Asks a small model many things of all kinds and tells how much memory the process has. Run it by hand from the test class
 * path, with a heap that does not grow, so that all growth is outside it:
 * {@code java -Xms128m -Xmx128m -XX:+AlwaysPreTouch dev.paligemma.ManyRequests 10000 ONNX_FLOAT32 20}. After the first few
 * hundred requests the numbers should stay.
 */
public final class ManyRequests implements AutoCloseable {
    /** After so many requests they repeat. */
    static final int PERIOD = 60;

    private final Golden golden;
    private final PaliGemmaPipeline pipeline;
    private final ImageEmbeddings encoded;
    private int done;

    ManyRequests(TestedEngine engine, String checkpoint) {
        this.golden = Golden.of(checkpoint);
        this.pipeline = golden.load(engine);
        this.encoded = pipeline.encode(golden.requests().get(0).images());
    }

    /**
     * What the process holds outside the Java heap.
     *
     * @param directBuffers buffers that the collector has not freed
     * @param directBytes their memory
     * @param residentBytes of the whole process, the Java heap included; 0 where the system does not tell
     */
    record Memory(long directBuffers, long directBytes, long residentBytes) {

        /** Waits until garbage is collected and buffers are freed, which the collector leaves to another thread. */
        static Memory afterCollection() throws IOException, InterruptedException {
            Memory least = now();
            for (int i = 0; i < 8; i++) {
                System.gc();
                Thread.sleep(30);
                Memory now = now();
                least = now.directBytes < least.directBytes ? now : least;
            }
            return least;
        }

        private static Memory now() throws IOException {
            BufferPoolMXBean direct = ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
                    .filter(pool -> pool.getName().equals("direct"))
                    .findFirst()
                    .orElseThrow();
            return new Memory(direct.getCount(), direct.getMemoryUsed(), resident());
        }

        private static long resident() throws IOException {
            Path status = Path.of("/proc/self/status");
            if (!Files.exists(status)) {
                return 0;
            }
            return Files.readAllLines(status).stream()
                    .filter(line -> line.startsWith("VmRSS:"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024)
                    .findFirst()
                    .orElse(0);
        }

        @Override
        public String toString() {
            return String.format(
                    Locale.ROOT,
                    "%d direct buffers, %.2f MiB; resident %.1f MiB",
                    directBuffers,
                    directBytes / 1048576.0,
                    residentBytes / 1048576.0);
        }
    }

    /** Asks so many more things. */
    void run(int count) {
        for (int i = 0; i < count; i++) {
            ask(done++);
        }
    }

    private void ask(int number) {
        GenerationRequest request =
                golden.requests().get(number % golden.requests().size()).toGenerationRequest();
        GenerationRequest random = request.toBuilder()
                .sampling(Sampling.temperature(1).seed(number % 12))
                .maxNewTokens(1 + number % 20)
                .build();
        switch (number % 10) {
            case 0 -> pipeline.generateAll(List.of(request, random, request), 2);
            case 1 -> pipeline.search(request, BeamSearch.of(3));
            case 2 -> pipeline.score(request, List.of("a cat", "dog"));
            case 3 -> pipeline.generateSeveral(random, 3);
            case 4 -> {
                try (AnswerStream answer = pipeline.stream(request)) {
                    answer.next();
                }
            }
            case 5 -> pipeline.generate(request.toBuilder().images(encoded).build());
            case 6 ->
                pipeline.run(
                        Tasks.detect("cat"),
                        random.toBuilder()
                                .constraint(pipeline.constraints().detections(List.of("cat")))
                                .build());
            case 7 -> {
                cancel(request);
                try {
                    pipeline.generate(
                            request.toBuilder().prompt("<image><image>").build());
                    throw new IllegalStateException("a request with a marker too many was answered");
                } catch (IllegalArgumentException e) {
                    // So it should be.
                }
            }
            default -> pipeline.generate(random);
        }
    }

    /** Gives up a request that would go on for ever, at some moment. */
    private void cancel(GenerationRequest request) {
        GenerationRequest endless = request.toBuilder()
                .maxNewTokens(1_000_000)
                .stopTokenIds(Set.of(Integer.MAX_VALUE))
                .timeout(Duration.ofMillis(30))
                .build();
        try {
            pipeline.generate(endless);
            throw new IllegalStateException("a request without end has ended");
        } catch (RequestCancelledException e) {
            // So it should be.
        }
    }

    @Override
    public void close() {
        pipeline.close();
    }

    /**
     * Asks, and prints what the process has some times in between.
     *
     * @param args how many requests; a row of {@link TestedEngine}; how many lines to print
     */
    public static void main(String[] args) throws IOException, InterruptedException {
        int total = Integer.parseInt(args[0]);
        int lines = Integer.parseInt(args[2]);
        try (ManyRequests requests = new ManyRequests(TestedEngine.valueOf(args[1]), "pg2-gqa")) {
            for (int line = 1; line <= lines; line++) {
                requests.run(Math.toIntExact((long) total * line / lines) - requests.done);
                System.out.println(requests.done + " requests: " + Memory.afterCollection());
            }
        }
    }
}
