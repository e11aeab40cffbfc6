package dev.paligemma;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Answers many requests, several at a time: prompts are run one by one, then one run of the network writes a token of every
 * open answer. An answer that ends makes room for the next request. Requests with different adapters do not run together,
 * so those of one adapter take their turn before those of the next. Immutable and thread-safe.
 */
final class BatchGenerator {
    private final TextGenerator generator;

    BatchGenerator(TextGenerator generator) {
        this.generator = generator;
    }

    /** An answer of the batch that is not complete. */
    private record Open(int request, TextGenerator.Answering answering, Cancellation cancellation) {}

    /**
     * Answers all requests.
     *
     * @param together the most that are open at the same time, at least 1
     * @param cancellations one for each request
     * @return the answers in the order of the requests
     */
    List<GenerationResult> generate(List<GenerationRequest> requests, int together, List<Cancellation> cancellations) {
        GenerationResult[] results = new GenerationResult[requests.size()];
        Map<ActiveAdapter, List<Integer>> byAdapter = new LinkedHashMap<>();
        for (int i = 0; i < requests.size(); i++) {
            byAdapter
                    .computeIfAbsent(generator.adapter(requests.get(i)), adapter -> new ArrayList<>())
                    .add(i);
        }
        for (List<Integer> turn : byAdapter.values()) {
            generate(requests, turn, together, cancellations, results);
        }
        return List.of(results);
    }

    /** Answers some of the requests, which all have one adapter. */
    private void generate(
            List<GenerationRequest> requests,
            List<Integer> turn,
            int together,
            List<Cancellation> cancellations,
            GenerationResult[] results) {
        List<Open> open = new ArrayList<>();
        int begun = 0;
        VisionLanguageModel.Sequences sequences = null;
        try {
            while (begun < turn.size() || !open.isEmpty()) {
                List<VisionLanguageModel.Sequences> parts = new ArrayList<>();
                if (sequences != null) {
                    parts.add(sequences);
                }
                while (begun < turn.size() && open.size() < together) {
                    // What was begun is known to the list before anything can fail, and closed by it.
                    int request = turn.get(begun);
                    Open next = new Open(
                            request,
                            generator.begin(requests.get(request), cancellations.get(request)),
                            cancellations.get(request));
                    begun++;
                    open.add(next);
                    if (next.answering
                            .writer()
                            .accept(next.answering.sequences().next(0))) {
                        parts.add(next.answering.sequences());
                    } else {
                        results[next.request] = next.answering.result();
                        next.answering.close();
                        open.remove(next);
                    }
                }
                if (open.isEmpty()) {
                    continue;
                }
                sequences = parts.size() == 1 ? parts.get(0) : generator.model().join(parts);
                write(sequences, open);
                int[] going = advance(sequences, open, results);
                if (going.length == 0) {
                    sequences.close();
                    sequences = null;
                } else {
                    sequences.select(going);
                }
            }
        } finally {
            open.forEach(answer -> answer.answering.close());
            if (sequences != null) {
                sequences.close();
            }
        }
    }

    private static void write(VisionLanguageModel.Sequences sequences, List<Open> open) {
        for (Open answer : open) {
            answer.cancellation.check("after " + answer.answering.writer().count() + " tokens");
        }
        sequences.write(open.stream()
                .mapToInt(answer -> answer.answering.writer().lastToken())
                .toArray());
    }

    /** Takes what the model says about all open answers; gives the places of those that go on. */
    private static int[] advance(VisionLanguageModel.Sequences sequences, List<Open> open, GenerationResult[] results) {
        List<Integer> going = new ArrayList<>();
        List<Open> still = new ArrayList<>();
        for (int place = 0; place < open.size(); place++) {
            Open answer = open.get(place);
            if (answer.answering.writer().accept(sequences.next(place))) {
                going.add(place);
                still.add(answer);
            } else {
                results[answer.request] = answer.answering.writer().result(answer.answering.timings());
            }
        }
        open.clear();
        open.addAll(still);
        return going.stream().mapToInt(Integer::intValue).toArray();
    }
}
