import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.PipelineBuilder;
import dev.paligemma.engine.Precision;
import dev.paligemma.generation.AnswerScore;
import dev.paligemma.generation.AnswerStream;
import dev.paligemma.generation.BeamAnswer;
import dev.paligemma.generation.BeamSearch;
import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.generation.GenerationResult;
import dev.paligemma.generation.ImageEmbeddings;
import dev.paligemma.generation.RequestCancelledException;
import dev.paligemma.generation.Sampling;
import dev.paligemma.task.Tasks;
import dev.paligemma.tiny.TinyModel;
import dev.paligemma.vision.RgbImage;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;

/**
 * Asks one pipeline from many threads for a long time, with requests that are given up at random moments among them, and
 * compares every answer with that of one thread alone. Memory, threads and open files must not grow.
 *
 * <p>One source file that a JDK runs as it is, with nothing but the runnable archive on the class path; docs/reliability.md
 * says how and what came out.
 */
public final class Soak {
    /** How much of the resident memory after the first fifth of the time the rest of the time may add. */
    private static final double GROWTH = 0.03;

    private final PaliGemmaPipeline pipeline;
    private final List<Task> tasks = new ArrayList<>();
    private final AtomicLong answered = new AtomicLong();
    private final AtomicLong givenUp = new AtomicLong();
    private final ConcurrentLinkedQueue<String> wrong = new ConcurrentLinkedQueue<>();

    /**
     * Something to ask.
     *
     * @param name for messages
     * @param ask gives what must be the same each time
     */
    private record Task(String name, Question ask) {}

    private interface Question {
        Object answer();
    }

    private Soak(PaliGemmaPipeline pipeline) {
        this.pipeline = pipeline;
    }

    /**
     * Runs the program; ends with exit code 1 if something was wrong or has grown.
     *
     * @param args {@code [--minutes 10] [--threads 8] [--engine NAME] [--precision NAME] [--seed N] [--adapter DIR]}
     * @throws Exception if it cannot run at all
     */
    public static void main(String[] args) throws Exception {
        Map<String, String> options = new HashMap<>();
        for (int i = 0; i + 1 < args.length; i += 2) {
            options.put(args[i], args[i + 1]);
        }
        double minutes = Double.parseDouble(options.getOrDefault("--minutes", "10"));
        int threads = Integer.parseInt(options.getOrDefault("--threads", "8"));
        long seed = Long.parseLong(options.getOrDefault("--seed", "1"));
        PipelineBuilder builder = PaliGemmaPipeline.builder()
                .checkpoint(TinyModel.folder())
                .engine(options.getOrDefault("--engine", "onnx"))
                .precision(Precision.parse(options.getOrDefault("--precision", "float32")))
                .maxConcurrentRequests(threads);
        if (options.containsKey("--adapter")) {
            builder.adapter("soak", Path.of(options.get("--adapter")));
        }
        boolean good;
        try (PaliGemmaPipeline pipeline = builder.build()) {
            good = new Soak(pipeline).run(minutes, threads, seed);
        }
        System.out.println(good ? "SOAK ok" : "SOAK FAILED");
        if (!good) {
            System.exit(1);
        }
    }

    private boolean run(double minutes, int threads, long seed) throws Exception {
        makeTasks();
        List<Object> expected = new ArrayList<>();
        for (Task task : tasks) {
            expected.add(task.ask().answer());
        }
        System.out.println(tasks.size() + " tasks recorded with one thread: "
                + pipeline.info().engine() + ", " + pipeline.info().options());
        long start = System.nanoTime();
        long end = start + (long) (minutes * 60e9);
        ExecutorService executor = Executors.newFixedThreadPool(threads);
        List<Future<?>> running = new ArrayList<>();
        for (int thread = 0; thread < threads; thread++) {
            Random random = new Random(seed * 1000 + thread);
            running.add(executor.submit(() -> {
                while (System.nanoTime() < end) {
                    step(random, expected);
                }
                return null;
            }));
        }
        List<State> states = new ArrayList<>();
        int samples = 20;
        for (int sample = 1; sample <= samples; sample++) {
            long until = start + (end - start) / samples * sample;
            while (System.nanoTime() < until) {
                Thread.sleep(50);
            }
            State state = State.now();
            states.add(state);
            System.out.printf(
                    Locale.ROOT,
                    "%5.1f min: %d answered, %d given up, %d wrong; %s%n",
                    minutes * sample / samples,
                    answered.get(),
                    givenUp.get(),
                    wrong.size(),
                    state);
        }
        executor.shutdown();
        boolean ended = executor.awaitTermination(2, TimeUnit.MINUTES);
        for (Future<?> each : running) {
            each.get();
        }
        wrong.stream().limit(10).forEach(System.out::println);
        return ended & wrong.isEmpty() & isFlat(states);
    }

    /** Compares the middle of the second fifth with that of the last: single moments are noisy. */
    private static boolean isFlat(List<State> states) {
        int fifth = states.size() / 5;
        List<State> early = states.subList(fifth, 2 * fifth);
        List<State> late = states.subList(states.size() - fifth, states.size());
        double growth = (double) median(late, State::resident) / median(early, State::resident) - 1;
        long threads = median(late, State::threads) - median(early, State::threads);
        long files = median(late, State::files) - median(early, State::files);
        System.out.printf(
                Locale.ROOT, "resident memory %+.2f %%, threads %+d, open files %+d%n", 100 * growth, threads, files);
        return growth <= GROWTH && threads <= 0 && files <= 0;
    }

    private static long median(List<State> states, java.util.function.ToLongFunction<State> value) {
        return states.stream().mapToLong(value).sorted().toArray()[states.size() / 2];
    }

    private void step(Random random, List<Object> expected) {
        int index = random.nextInt(tasks.size());
        Task task = tasks.get(index);
        if (random.nextInt(5) == 0) {
            giveUp(random);
            return;
        }
        Object got;
        try {
            got = task.ask().answer();
        } catch (RuntimeException e) {
            wrong.add(task.name() + ": " + e);
            return;
        }
        answered.incrementAndGet();
        if (!expected.get(index).equals(got)) {
            wrong.add(task.name() + ": expected " + expected.get(index) + ", got " + got);
        }
    }

    /** Asks without end and gives up at a random moment, in one of several ways. */
    private void giveUp(Random random) {
        GenerationRequest endless = GenerationRequest.builder()
                .image(picture(random.nextInt(4)))
                .prompt("caption en")
                .maxNewTokens(100_000)
                .stopTokenIds(java.util.Set.of(Integer.MAX_VALUE))
                .timeout(Duration.ofMillis(1 + random.nextInt(60)))
                .build();
        try {
            switch (random.nextInt(3)) {
                case 0 -> pipeline.generate(endless);
                case 1 -> pipeline.generateAll(List.of(endless, endless), 2);
                default -> {
                    try (AnswerStream answer = pipeline.stream(
                            endless.toBuilder().timeout(Duration.ofMinutes(1)).build())) {
                        int pieces = random.nextInt(6);
                        for (int i = 0; i < pieces && answer.hasNext(); i++) {
                            answer.next();
                        }
                    }
                    givenUp.incrementAndGet();
                    return;
                }
            }
            wrong.add("a request without end has ended");
        } catch (RequestCancelledException e) {
            givenUp.incrementAndGet();
        } catch (RuntimeException e) {
            wrong.add("giving up: " + e);
        }
    }

    private void makeTasks() {
        RgbImage bundled = RgbImage.read(TinyModel.picture());
        List<RgbImage> images =
                Stream.concat(Stream.of(bundled), Stream.of(0, 1, 2).map(Soak::picture)).toList();
        for (int i = 0; i < images.size(); i++) {
            RgbImage image = images.get(i);
            for (String prompt : List.of("caption en", "ocr", "answer en what word is written?", "detect blue square")) {
                GenerationRequest request = GenerationRequest.of(image, prompt);
                add(prompt + " " + i, () -> text(pipeline.generate(request)));
                if (!pipeline.adapters().isEmpty()) {
                    GenerationRequest adapted =
                            request.toBuilder().adapter("soak").maxNewTokens(20).build();
                    add("adapter " + prompt + " " + i, () -> text(pipeline.generate(adapted)));
                }
            }
            GenerationRequest caption = GenerationRequest.of(image, "caption en");
            ImageEmbeddings seen = pipeline.encode(image);
            add("encoded " + i, () -> text(pipeline.generate(GenerationRequest.of(seen, "caption en"))));
            add("beams " + i, () -> pipeline.search(caption, BeamSearch.of(3)).stream()
                    .map(BeamAnswer::answer)
                    .map(Soak::text)
                    .toList());
            add("scores " + i, () -> {
                List<AnswerScore> scores = pipeline.score(caption, List.of("a red circle", "a blue square", "hotel"));
                return scores.stream()
                        .map(score -> Math.round(score.logProbability() * 1000))
                        .toList();
            });
            GenerationRequest sampled = caption.toBuilder()
                    .sampling(Sampling.temperature(1.2).topK(20).seed(i))
                    .build();
            add("sampled " + i, () -> text(pipeline.generate(sampled)));
            add("streamed " + i, () -> {
                StringBuilder text = new StringBuilder();
                try (AnswerStream answer = pipeline.stream(caption)) {
                    answer.forEachRemaining(piece -> text.append(piece.text()));
                }
                return text.toString();
            });
            add("boxes " + i, () -> pipeline
                    .run(
                            Tasks.detect("word"),
                            GenerationRequest.builder()
                                    .image(image)
                                    .prompt("detect word")
                                    .constraint(pipeline.constraints().detections(List.of("word")))
                                    .build())
                    .rawText());
            add("masks " + i, () -> pipeline.segment(image, "blue square").segments().size());
            add("together " + i, () -> pipeline
                    .generateAll(Stream.of("caption en", "ocr", "answer en what word is written?")
                            .map(prompt -> GenerationRequest.of(seen, prompt))
                            .toList(), 3)
                    .stream()
                    .map(Soak::text)
                    .toList());
        }
    }

    private void add(String name, Question question) {
        tasks.add(new Task(name, question));
    }

    private static List<Integer> text(GenerationResult result) {
        return Arrays.stream(result.tokenIds()).boxed().toList();
    }

    /** A picture of one of the kinds that the bundled model knows. */
    private static RgbImage picture(int kind) {
        BufferedImage image = new BufferedImage(200 + 40 * kind, 240, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = image.createGraphics();
        graphics.setColor(Color.WHITE);
        graphics.fillRect(0, 0, image.getWidth(), image.getHeight());
        graphics.setColor(List.of(Color.BLUE, Color.RED, Color.GREEN, Color.YELLOW).get(kind % 4));
        if (kind % 2 == 0) {
            graphics.fillRect(30 + 10 * kind, 40, 80, 80);
        } else {
            graphics.fillOval(60, 90, 90, 90);
        }
        graphics.dispose();
        return RgbImage.of(image);
    }

    /**
     * What the process holds.
     *
     * @param resident memory in bytes
     * @param threads of Java and of native code
     * @param files open ones, sockets and pipes among them
     * @param heap bytes in use
     */
    private record State(long resident, long threads, long files, long heap) {
        static State now() throws IOException, InterruptedException {
            System.gc();
            Thread.sleep(100);
            Map<String, Long> status = new HashMap<>();
            for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
                if (line.matches("(VmRSS|Threads):.*")) {
                    status.put(line.replaceAll(":.*", ""), Long.parseLong(line.replaceAll("\\D", "")));
                }
            }
            long files;
            try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
                files = open.count();
            }
            long heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
            return new State(status.get("VmRSS") * 1024, status.get("Threads"), files, heap);
        }

        @Override
        public String toString() {
            return String.format(
                    Locale.ROOT,
                    "resident %.1f MB, heap %.1f MB, %d threads, %d files",
                    resident / 1e6,
                    heap / 1e6,
                    threads,
                    files);
        }
    }
}
