package dev.paligemma.training.recipe;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Which numbers of a model are trained. */
public sealed interface Method {

    /**
     * Two slim matrices beside each target, whose product is added: LoRA (arXiv 2106.09685). All weights of the model stay as
     * they are. Immutable.
     *
     * @param rank the width of the matrices, from 1 to 4096
     * @param alpha the product is multiplied by {@code alpha / rank}, or by {@code alpha / sqrt(rank)} if it is
     *     rank-stabilised
     * @param targets names of modules or ends of them, as {@code target_modules} of PEFT; one element that is no name is a
     *     regular expression for whole names; {@code all-linear} alone means every matrix of the towers
     * @param towers in which parts of the model targets are looked for
     * @param dropout with which probability a number that enters the product is dropped, from 0 on and below 1
     * @param rankStabilised whether the factor is that of rsLoRA (arXiv 2312.03732)
     * @param dora whether the lengths of weights are trained apart from their directions: DoRA (arXiv 2402.09353)
     * @param trainedProjector whether the projector between image encoder and decoder is trained as a whole besides
     * @param initial a folder of an adapter saved by PEFT to go on from; its settings take the place of these
     */
    record Lora(
            int rank,
            double alpha,
            List<String> targets,
            Set<Tower> towers,
            double dropout,
            boolean rankStabilised,
            boolean dora,
            boolean trainedProjector,
            Optional<Path> initial)
            implements Method {
        /** The seven projections of a block of the decoder. */
        public static final List<String> PROJECTIONS =
                List.of("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj");

        private static final int MAX_RANK = 4096;

        /** Copies the collections; an {@link IllegalArgumentException} if a number is out of range or a name is missing. */
        public Lora {
            targets = List.copyOf(targets);
            towers = Set.copyOf(towers);
            if (rank < 1 || rank > MAX_RANK) {
                throw new IllegalArgumentException("rank must be from 1 to " + MAX_RANK + ", got " + rank);
            }
            if (!(alpha > 0 && alpha < Double.POSITIVE_INFINITY)) {
                throw new IllegalArgumentException("alpha must be above 0, got " + alpha);
            }
            if (!(dropout >= 0 && dropout < 1)) {
                throw new IllegalArgumentException("dropout must be from 0 on and below 1, got " + dropout);
            }
            if (targets.isEmpty() || targets.stream().anyMatch(String::isBlank)) {
                throw new IllegalArgumentException("targets must name at least one module, got " + targets);
            }
            if (towers.isEmpty()) {
                throw new IllegalArgumentException("towers must name at least one part of the model");
            }
        }
    }

    /** The whole language model and the projector in front of it, while the image encoder stays as it is. */
    record DecoderAndProjector() implements Method {}

    /** The four matrices of each attention of the language model. */
    record AttentionOnly() implements Method {}
}
