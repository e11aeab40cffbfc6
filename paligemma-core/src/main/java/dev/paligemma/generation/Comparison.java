package dev.paligemma.generation;

import java.util.List;

/**
 * How closely one pipeline follows another on given images and prompts. Immutable and thread-safe.
 *
 * <p>{@link dev.paligemma.PaliGemmaPipeline#compare(PaliGemmaPipeline, List, List, int)} makes it and defines the measures.
 *
 * @param requests every prompt about the first image, then every prompt about the second, and so on; not empty
 */
public record Comparison(List<ComparedRequest> requests) {
    /**
     * Copies the list.
     *
     * @param requests at least one request
     * @throws IllegalArgumentException if there is none
     */
    public Comparison {
        requests = List.copyOf(requests);
        if (requests.isEmpty()) {
            throw new IllegalArgumentException("a comparison needs at least one request, got none");
        }
    }

    /**
     * The figures of all requests together: means are taken over all positions and over all boxes, so long answers
     * count more than short ones.
     *
     * @return the sums
     */
    public Agreement total() {
        return requests.stream().map(ComparedRequest::agreement).reduce(new Agreement(0, 0, 0, 0, 0), Agreement::plus);
    }

    /**
     * The share of requests that both pipelines, each on its own, answer with the same tokens.
     *
     * @return from 0 to 1
     */
    public double sameAnswers() {
        return (double) requests.stream().filter(ComparedRequest::sameAnswer).count() / requests.size();
    }
}
