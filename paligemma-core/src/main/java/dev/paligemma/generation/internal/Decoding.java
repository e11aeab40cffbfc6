package dev.paligemma.generation.internal;

import dev.paligemma.network.internal.NextTokens;
import dev.paligemma.network.internal.VisionLanguageModel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiFunction;
import java.util.stream.IntStream;

/**
 * The loop that writes answers: all that are open, of one prompt or of many, are written side by side, a token of each in
 * one run of the network. What is written is a {@link Strategy}'s choice. Confined to one thread.
 *
 * <p>Whether a request was given up is asked once its prompt has been run and before every further run. What has ended is
 * freed at once, everything else by {@link #close}.
 */
final class Decoding implements AutoCloseable {
    /** Writes after one prompt: one answer, or several that share it. Confined to one thread. */
    interface Strategy {
        /**
         * Chooses how to go on.
         *
         * @param said what the model says about the next token of each of the strategy's sequences, until this returns: of
         *     the prompt at first, then of those that were chosen last, in their order
         * @return the sequences to go on with; none if all has been written
         */
        List<Continuation> choose(List<NextTokens> said);

        /** What is counted when a message says how far this came. */
        default String unit() {
            return "tokens";
        }
    }

    /** One answer, which may also be written beside others. Confined to one thread. */
    interface Answer extends Strategy {
        /**
         * Takes what the model says about the next token; true if {@link #lastToken} is to be run and the answer goes
         * on.
         */
        boolean accept(NextTokens said);

        /** The token that was chosen last. */
        int lastToken();

        @Override
        default List<Continuation> choose(List<NextTokens> said) {
            return accept(said.get(0)) ? List.of(new Continuation(0, lastToken())) : List.of();
        }
    }

    /**
     * How a sequence, by its place in what the strategy was asked about, goes on: the token to write behind it. Several
     * continuations may follow one sequence.
     */
    record Continuation(int sequence, int token) {}

    /** Is told of an answer that cannot go on, so that those beside it can. */
    interface Failures {
        /** Takes the failure of a request, whose answer is dropped; or throws it, which ends all that is written here. */
        void failed(Cancellation request, RuntimeException failure);
    }

    /** Something that is not complete. */
    private static final class Open {
        final Strategy strategy;
        final Cancellation cancellation;
        /** How each of its sequences goes on; at first there is that of the prompt. */
        List<Continuation> chosen = List.of(new Continuation(0, 0));

        int tokens;

        Open(Strategy strategy, Cancellation cancellation) {
            this.strategy = strategy;
            this.cancellation = cancellation;
        }

        /** Goes on as it has chosen, unless its request was given up. */
        List<Continuation> check() {
            cancellation.check("after " + tokens + " " + strategy.unit());
            return IntStream.range(0, chosen.size())
                    .mapToObj(i -> new Continuation(i, chosen.get(i).token()))
                    .toList();
        }

        List<Continuation> choose(List<NextTokens> said) {
            List<Continuation> next = strategy.choose(said);
            tokens++;
            return next;
        }
    }

    private final VisionLanguageModel model;
    private final Failures failures;
    private final List<Open> open = new ArrayList<>();
    /** The sequences of all that are open, in their order; several states if prompts were added since the last run. */
    private final List<VisionLanguageModel.Sequences> parts = new ArrayList<>();

    /** A loop with nothing to write yet, which ends when one of its answers fails. */
    Decoding(VisionLanguageModel model) {
        this(model, (request, failure) -> {
            throw failure;
        });
    }

    /** A loop with nothing to write yet, which goes on without the answers that fail. */
    Decoding(VisionLanguageModel model, Failures failures) {
        this.model = model;
        this.failures = failures;
    }

    /** How much of what was added is not complete. */
    int open() {
        return open.size();
    }

    /**
     * Adds what is to be written after a prompt that has run, of the same adapter as what is open, and lets it choose
     * its first tokens. The prompt is closed by this, also if this fails.
     */
    void add(VisionLanguageModel.Sequences prompt, Strategy strategy, Cancellation cancellation) {
        parts.add(prompt);
        List<Open> added = new ArrayList<>(List.of(new Open(strategy, cancellation)));
        goOn(prompt, added, (each, said) -> each.check());
        goOn(prompt, added, Open::choose);
        cancellation.trace().firstToken();
        open.addAll(added);
    }

    /** Writes the tokens that were chosen last, and lets all that is open choose the next. */
    boolean step() {
        if (parts.size() > 1) {
            VisionLanguageModel.Sequences joined = model.join(parts);
            parts.clear();
            parts.add(joined);
        }
        if (!open.isEmpty()) {
            goOn(parts.get(0), open, (each, said) -> each.check());
        }
        if (open.isEmpty()) {
            return false;
        }
        VisionLanguageModel.Sequences sequences = parts.get(0);
        sequences.write(open.stream()
                .flatMap(each -> each.chosen.stream())
                .mapToInt(Continuation::token)
                .toArray());
        goOn(sequences, open, Open::choose);
        return !open.isEmpty();
    }

    /** Asks all that is written in some sequences how it goes on, and keeps what does. */
    private void goOn(
            VisionLanguageModel.Sequences sequences,
            List<Open> written,
            BiFunction<Open, List<NextTokens>, List<Continuation>> how) {
        if (written.isEmpty()) {
            return;
        }
        IntStream.Builder going = IntStream.builder();
        int end = 0;
        for (Open each : written) {
            int start = end;
            end += each.chosen.size();
            try {
                each.chosen = how.apply(each, sequences.next().subList(start, end));
            } catch (RuntimeException e) {
                each.chosen = List.of();
                failures.failed(each.cancellation, e);
            }
            each.chosen.forEach(continuation -> going.add(start + continuation.sequence()));
        }
        written.removeIf(each -> each.chosen.isEmpty());
        int[] kept = going.build().toArray();
        if (written.isEmpty()) {
            parts.remove(sequences);
            sequences.close();
        } else if (!Arrays.equals(kept, IntStream.range(0, end).toArray())) {
            sequences.select(kept);
        }
    }

    @Override
    public void close() {
        parts.forEach(VisionLanguageModel.Sequences::close);
        parts.clear();
        open.clear();
    }
}
