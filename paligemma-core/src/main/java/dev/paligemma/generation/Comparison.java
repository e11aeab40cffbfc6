package dev.paligemma.generation;

import java.util.List;

/**
 * How closely one pipeline follows another on given images and prompts. Immutable and thread-safe.
 *
 * <p>{@link dev.paligemma.PaliGemmaPipeline#compare} makes it: every prompt is asked about every image alone, as
 * {@link GenerationRequest#of} does. The reference answers greedily. At each position of its answer, up to and including its
 * end-of-sequence token, both pipelines give probabilities for the next token after the same image, prompt and tokens of the
 * reference: p(i) and q(i), the softmax of the raw logits over the whole vocabulary. From these:
 *
 * <ul>
 *   <li>token agreement: the share of positions at which the most likely token is the same;
 *   <li>mean KL: the mean over positions of {@code sum over i of p(i) * ln(p(i) / q(i))}, in nats, computed in double
 *       precision.
 * </ul>
 *
 * <p>Then the other pipeline answers on its own, and the two answers are compared:
 *
 * <ul>
 *   <li>same answers: the share of requests with the same written tokens;
 *   <li>mean IoU: boxes are four codes {@code <locNNNN>} (top, left, bottom, right in 1/1024 of the image) and a label.
 *       Overlapping boxes with equal labels are paired one to one, the largest intersection over union first; the mean
 *       is taken over all pairs and all boxes of either side that stay alone, which count 0.
 * </ul>
 *
 * @param requests every prompt about the first image, then every prompt about the second, and so on; not empty
 */
public record Comparison(List<ComparedRequest> requests) {
    /** Copies the list; an {@link IllegalArgumentException} if it is empty. */
    public Comparison {
        requests = List.copyOf(requests);
        if (requests.isEmpty()) {
            throw new IllegalArgumentException("a comparison needs at least one request, got none");
        }
    }

    /**
     * The figures of all requests together: means are taken over all positions and over all boxes, so long answers
     * count more than short ones.
     */
    public Agreement total() {
        return requests.stream().map(ComparedRequest::agreement).reduce(new Agreement(0, 0, 0, 0, 0), Agreement::plus);
    }

    /** The share of requests that both pipelines, each on its own, answer with the same tokens, from 0 to 1. */
    public double sameAnswers() {
        return (double) requests.stream().filter(ComparedRequest::sameAnswer).count() / requests.size();
    }
}
