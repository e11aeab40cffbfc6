package dev.paligemma.spark;

import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.generation.GenerationResult;
import dev.paligemma.generation.RequestCancelledException;
import dev.paligemma.generation.RequestException;
import dev.paligemma.spark.AnswerSettings.Answered;
import dev.paligemma.task.Task;
import dev.paligemma.task.TaskRunner;
import dev.paligemma.vision.format.ImageException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.function.BooleanSupplier;
import org.apache.spark.TaskKilledException;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.jspecify.annotations.Nullable;

/** The rows of a partition with their answers, in their order, a batch at a time. For one thread. */
final class PartitionAnswers implements Iterator<Row> {
    private final PartitionTask task;
    private final Iterator<Row> rows;
    private final TaskRunner runner;
    private final BooleanSupplier killed;
    private final Deque<Row> ready = new ArrayDeque<>();

    PartitionAnswers(PartitionTask task, Iterator<Row> rows, TaskRunner runner, BooleanSupplier killed) {
        this.task = task;
        this.rows = rows;
        this.runner = runner;
        this.killed = killed;
    }

    /** A row and what is asked about it, or why nothing can be. */
    private static final class Asked {
        final Row row;

        @Nullable
        Task<Answered> question;

        @Nullable
        GenerationRequest request;

        @Nullable
        GenerationResult result;

        @Nullable
        RuntimeException failure;

        Asked(Row row) {
            this.row = row;
        }
    }

    @Override
    public boolean hasNext() {
        while (ready.isEmpty() && rows.hasNext()) {
            answerBatch();
        }
        return !ready.isEmpty();
    }

    @Override
    public Row next() {
        if (!hasNext()) {
            throw new NoSuchElementException("no more rows in this partition");
        }
        return ready.remove();
    }

    private void answerBatch() {
        if (killed.getAsBoolean()) {
            throw new TaskKilledException("the task was killed between two batches of pictures");
        }
        List<Asked> batch = new ArrayList<>();
        while (batch.size() < task.settings().batchSize() && rows.hasNext()) {
            batch.add(ask(rows.next()));
        }
        try {
            answer(batch.stream().filter(each -> each.failure == null).toList());
        } catch (RequestCancelledException e) {
            if (killed.getAsBoolean()) {
                throw new TaskKilledException("the task was killed while pictures were answered");
            }
            throw e;
        }
        batch.forEach(this::finish);
    }

    private Asked ask(Row row) {
        Asked asked = new Asked(row);
        try {
            String prompt = prompt(row);
            Task<Answered> question =
                    task.settings().task(prompt, task.pictures().hash(row, prompt));
            asked.request = question.request().image(task.pictures().read(row)).build();
            question.check(asked.request);
            asked.question = question;
        } catch (ImageException | RequestException | IllegalArgumentException e) {
            asked.failure = e;
        }
        return asked;
    }

    private @Nullable String prompt(Row row) {
        Integer index = task.promptIndex();
        if (index == null) {
            return null;
        }
        if (row.isNullAt(index)) {
            throw new IllegalArgumentException("the row has no prompt: the column is null");
        }
        return row.getString(index);
    }

    private void answer(List<Asked> all) {
        if (all.isEmpty()) {
            return;
        }
        List<GenerationRequest> requests =
                all.stream().map(each -> Objects.requireNonNull(each.request)).toList();
        try {
            List<GenerationResult> results =
                    runner.generateAll(requests, task.settings().batchSize());
            for (int i = 0; i < results.size(); i++) {
                all.get(i).result = results.get(i);
            }
        } catch (RequestException | IllegalArgumentException e) {
            if (all.size() == 1) {
                all.get(0).failure = e;
            } else {
                // One prompt is at fault, and the others are not to suffer for it.
                all.forEach(each -> answer(List.of(each)));
            }
        }
    }

    private void finish(Asked asked) {
        if (asked.failure == null) {
            Answered answered = runner.read(
                    Objects.requireNonNull(asked.question),
                    Objects.requireNonNull(asked.request),
                    Objects.requireNonNull(asked.result));
            task.counters().answered(answered.generation().tokens().size());
            ready.add(with(asked.row, AnswerRows.of(answered)));
            return;
        }
        String reason = Objects.requireNonNullElse(asked.failure.getMessage(), asked.failure.toString());
        task.counters().failed();
        switch (task.settings().onError()) {
            case KEEP -> ready.add(with(asked.row, AnswerRows.failed(reason)));
            case DROP -> {}
            case FAIL ->
                throw new PaliGemmaSparkException(
                        "a row cannot be answered: " + reason
                                + "; with onError KEEP it would be a row with this error, with DROP it would be left out",
                        asked.failure);
        }
    }

    private static Row with(Row row, Row answer) {
        Object[] values = new Object[row.length() + 1];
        for (int i = 0; i < row.length(); i++) {
            values[i] = row.get(i);
        }
        values[row.length()] = answer;
        return RowFactory.create(values);
    }
}
