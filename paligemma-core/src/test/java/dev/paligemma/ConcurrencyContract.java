package dev.paligemma;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paligemma.engine.contract.ContractLedger;
import dev.paligemma.engine.contract.TestedEngine;
import dev.paligemma.generation.AnswerStream;
import dev.paligemma.generation.BeamSearch;
import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.generation.GenerationResult;
import dev.paligemma.generation.ImageEmbeddings;
import dev.paligemma.generation.Sampling;
import dev.paligemma.generation.TextPiece;
import dev.paligemma.task.Tasks;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Threads that do different things with one pipeline get what one thread gets. */
@ExtendWith(ContractLedger.class)
@Timeout(180)
public abstract class ConcurrencyContract {
    private static final int THREADS = 8;

    private final Golden golden = Golden.of("pg1-mqa-fp32");

    private GenerationRequest request(int index) {
        return golden.requests().get(index % golden.requests().size()).toGenerationRequest();
    }

    private GenerationRequest random(int index) {
        return request(index).toBuilder()
                .sampling(Sampling.temperature(1).topP(0.95).seed(index))
                .maxNewTokens(20)
                .build();
    }

    /** Things to do, by name; what they give can be compared number by number. */
    private Map<String, Function<PaliGemmaPipeline, Object>> tasks() {
        Map<String, Function<PaliGemmaPipeline, Object>> tasks = new TreeMap<>();
        for (int i = 0; i < golden.requests().size(); i++) {
            int index = i;
            tasks.put("generate " + i, one -> one.generate(request(index)).tokens());
            tasks.put("sample " + i, one -> one.generate(random(index)).tokens());
        }
        tasks.put(
                "batch",
                one -> one.generateAll(List.of(request(0), random(1), request(2), random(3)), 3).stream()
                        .map(GenerationResult::tokens)
                        .toList());
        tasks.put(
                "several",
                one -> one.generateSeveral(random(4), 3).stream()
                        .map(GenerationResult::tokens)
                        .toList());
        tasks.put(
                "search",
                one -> one.search(request(1), BeamSearch.of(3)).stream()
                        .map(answer -> List.of(answer.score(), answer.answer().tokens()))
                        .toList());
        tasks.put(
                "score",
                one -> one.score(request(1), List.of("cat", "a dog", "what is this?")).stream()
                        .map(each -> List.of(
                                each.answer(),
                                each.logProbability(),
                                each.share(),
                                each.generation().tokens()))
                        .toList());
        tasks.put("detect", one -> {
            GenerationRequest boxes = random(2).toBuilder()
                    .constraint(one.constraints().detections(List.of("cat", "dog")))
                    .build();
            return one.run(Tasks.detect("cat"), boxes).parts();
        });
        tasks.put(
                "matching",
                one -> one.generate(request(3).toBuilder()
                                .constraint(one.constraints().matching("[a-z]{3,5}"))
                                .build())
                        .tokens());
        tasks.put("encode", one -> {
            ImageEmbeddings images = one.encode(request(0).images());
            return one.generate(request(0).toBuilder().images(images).build()).tokens();
        });
        tasks.put("half a stream", one -> {
            List<TextPiece> pieces = new ArrayList<>();
            try (AnswerStream answer = one.stream(request(3))) {
                while (pieces.size() < 6) {
                    pieces.add(answer.next());
                }
            }
            return pieces;
        });
        tasks.put("given up", one -> {
            CompletableFuture<GenerationResult> future;
            ExecutorService executor = Executors.newSingleThreadExecutor();
            try {
                GenerationRequest endless = request(3).toBuilder()
                        .maxNewTokens(1_000_000)
                        .stopTokenIds(Set.of(Integer.MAX_VALUE))
                        .build();
                future = one.generateAsync(endless, executor);
            } finally {
                executor.shutdown();
            }
            return future.cancel(true);
        });
        return tasks;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 4})
    void everyThreadGetsWhatOneThreadGets(int maxConcurrentRequests) throws Exception {
        Probe probe = new Probe();
        ExecutorService executor = Executors.newFixedThreadPool(THREADS);
        try (PaliGemmaPipeline pipeline =
                ProbedEngineProvider.load(TestedEngine.of(getClass()), golden, probe, maxConcurrentRequests)) {
            Map<String, Function<PaliGemmaPipeline, Object>> tasks = tasks();
            Map<String, Object> expected = new TreeMap<>();
            tasks.forEach((name, task) -> expected.put(name, task.apply(pipeline)));

            List<Future<?>> threads = new ArrayList<>();
            for (int thread = 0; thread < THREADS; thread++) {
                List<String> names = new ArrayList<>(tasks.keySet());
                Collections.shuffle(names, new Random(thread));
                threads.add(executor.submit(() -> {
                    for (String name : names) {
                        Object result = Objects.requireNonNull(tasks.get(name)).apply(pipeline);
                        Golden.assertSame(Map.of(name, result), Map.of(name, expected.get(name)));
                    }
                }));
            }
            for (Future<?> thread : threads) {
                thread.get(120, TimeUnit.SECONDS);
            }
            // Requests that were given up may be in their last run.
            while (probe.open() > 0) {
                Thread.sleep(5);
            }
        } finally {
            executor.shutdownNow();
        }
    }

    @Test
    void noMoreRequestsRunAtOnceThanAllowed() throws Exception {
        Probe probe = new Probe();
        ExecutorService executor = Executors.newFixedThreadPool(THREADS);
        try (PaliGemmaPipeline pipeline = ProbedEngineProvider.load(TestedEngine.of(getClass()), golden, probe, 2)) {
            List<Future<?>> threads = new ArrayList<>();
            for (int thread = 0; thread < THREADS; thread++) {
                threads.add(executor.submit(() -> {
                    for (int i = 0; i < 4; i++) {
                        pipeline.generate(request(i));
                        assertThat(probe.open()).isLessThanOrEqualTo(2);
                    }
                }));
            }
            for (Future<?> thread : threads) {
                thread.get(120, TimeUnit.SECONDS);
            }
            assertThat(probe.mostOpen()).isEqualTo(2);
            assertThat(probe.open()).isZero();
        } finally {
            executor.shutdownNow();
        }
    }
}
