package dev.paligemma.task;

import dev.paligemma.generation.GenerationRequest;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * A question about pictures whose answer is read as a value: a prompt, rules for decoding, and a parser. The tasks that the
 * models were trained on are in {@link Tasks}; others are a class like this one:
 *
 * <pre>{@code
 * record CountTask(String thing) implements Task<Integer> {
 *     public GenerationRequest.Builder request() {
 *         return Tasks.answer("en", "how many " + thing + "?").request().maxNewTokens(4);
 *     }
 *
 *     public Integer read(TaskAnswer answer) {
 *         return Integer.valueOf(answer.text().strip());
 *     }
 * }
 * int cats = pipeline.run(new CountTask("cats"), image);
 * }</pre>
 *
 * <p>Implementations are immutable and thread-safe.
 *
 * @param <R> what the answer is read as
 */
public interface Task<R> {
    /**
     * Begins a request without pictures in a new builder: the prompt and the rules by which the answer is written, such
     * as its length or a constraint. Whoever asks adds the pictures, and may change everything else.
     */
    GenerationRequest.Builder request();

    /** Reads an answer. What it throws, whoever runs the task gets. */
    R read(TaskAnswer answer);

    /**
     * Refuses requests whose answers could not be read. It is called before anything is computed.
     *
     * @throws IllegalArgumentException if it is not one for this task
     */
    default void check(GenerationRequest request) {}

    /**
     * The answers that the model is to judge instead of writing one: different answers; empty, as by default, to let it
     * write.
     */
    default List<String> givenAnswers() {
        return List.of();
    }

    /**
     * This task with further rules, for example {@code with(request -> request.maxNewTokens(500).adapter("receipts"))}.
     *
     * @param options changes each request after this task began it
     * @throws IllegalArgumentException if the options cannot be
     */
    default Task<R> with(Consumer<GenerationRequest.Builder> options) {
        return new DerivedTask<>(this, options, Function.identity());
    }

    /**
     * This task with its result turned into another one by a thread-safe function, for example {@code
     * map(GenerationResult::text)}.
     */
    default <T> Task<T> map(Function<? super R, ? extends T> function) {
        return new DerivedTask<>(this, request -> {}, function);
    }
}
