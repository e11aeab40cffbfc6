package dev.paligemma.task;

import dev.paligemma.generation.GenerationRequest;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.Function;

/** A task with options that change each request, and a function that changes each result. */
record DerivedTask<Q, R>(
        Task<Q> task, Consumer<GenerationRequest.Builder> options, Function<? super Q, ? extends R> function)
        implements Task<R> {
    DerivedTask {
        Objects.requireNonNull(function, "function");
        // Options that cannot be are refused now and not at the first picture.
        options.accept(task.request());
    }

    @Override
    public GenerationRequest.Builder request() {
        GenerationRequest.Builder request = task.request();
        options.accept(request);
        return request;
    }

    @Override
    public R read(TaskAnswer answer) {
        return function.apply(task.read(answer));
    }

    @Override
    public void check(GenerationRequest request) {
        task.check(request);
    }

    @Override
    public List<String> givenAnswers() {
        return task.givenAnswers();
    }
}
