package dev.paligemma.training.internal.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.paligemma.training.run.FineTuningException;
import dev.paligemma.training.run.FineTuningListener;
import dev.paligemma.training.run.FineTuningResult;
import dev.paligemma.training.run.FineTuningStoppedException;
import dev.paligemma.training.run.UpdateReport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainingLoopTest {
    @TempDir
    Path folder;

    @TempDir
    Path other;

    @Test
    void makesAllUpdatesAtTheRatesOfTheSchedule() throws IOException {
        FineTuningResult result = new FakeRun(folder).run();

        assertThat(result.losses()).hasSize(20).allMatch(Double::isFinite);
        assertThat(result.learningRates().get(0)).isZero();
        assertThat(result.learningRates().get(3)).isEqualTo(0.1);
        assertThat(names(folder)).containsExactly("adapter.txt", "checkpoint-000015", "checkpoint-000020");
    }

    @Test
    void aStoppedRunThatIsResumedEndsWithTheSameBits() {
        FakeRun whole = new FakeRun(other);
        FineTuningResult expected = whole.run();
        FakeRun begun = new FakeRun(folder);
        begun.listener = stopAt(begun, 7);

        assertThatThrownBy(begun::run)
                .isInstanceOf(FineTuningStoppedException.class)
                .hasMessageContaining("after update 7 of 20")
                .hasMessageContaining("checkpoint-000007");
        FakeRun resumed = new FakeRun(folder);
        FineTuningResult result = resumed.resume();

        assertThat(resumed.program.values()).isEqualTo(whole.program.values());
        assertThat(result.losses()).isEqualTo(expected.losses());
        assertThat(result.gradientNorms()).isEqualTo(expected.gradientNorms());
        assertThat(result.learningRates()).isEqualTo(expected.learningRates());
    }

    private static FineTuningListener stopAt(FakeRun run, long update) {
        return new FineTuningListener() {
            @Override
            public void onUpdate(UpdateReport report) {
                if (report.update() == update) {
                    run.stop.request();
                }
            }
        };
    }

    @Test
    void anInterruptStopsToo() {
        FakeRun run = new FakeRun(folder);
        Thread.currentThread().interrupt();

        assertThatThrownBy(run::run).isInstanceOf(FineTuningStoppedException.class);
        assertThat(Thread.interrupted()).isTrue();
        assertThat(folder.resolve("checkpoint-000000/training_state.json")).exists();
    }

    @Test
    void aLossThatIsNoNumberEndsTheRunAndNamesTheExample() {
        FakeRun run = new FakeRun(folder);
        run.poisoned = 12;

        assertThatThrownBy(run::run)
                .isInstanceOf(FineTuningException.class)
                .hasMessageContaining("update 13: the loss is NaN, with line 999;")
                .hasMessageContaining("the last checkpoint is " + folder.resolve("checkpoint-000010"));
        assertThat(run.program.values()).doesNotContain(Float.NaN);
    }

    @Test
    void theBestStateIsTheResultAndItsCheckpointIsKept() throws IOException {
        FakeRun run = new FakeRun(folder);
        run.pace = new Pace(2, 100, 0);
        run.evaluator = FakeRun.evaluator(5, 1, 3, 4, 2, 6, 7, 8, 9, 10);

        FineTuningResult result = run.run();

        assertThat(result.best().orElseThrow().update()).isEqualTo(4);
        assertThat(result.evaluations()).hasSize(10);
        assertThat(names(folder)).containsExactly("adapter.txt", "checkpoint-000004", "checkpoint-000020");
    }

    @Test
    void endsWhenEvaluationsGetNoBetter() {
        FakeRun run = new FakeRun(folder);
        run.pace = new Pace(2, 100, 2);
        run.evaluator = FakeRun.evaluator(5, 1, 3, 4, 2);

        FineTuningResult result = run.run();

        assertThat(result.stoppedEarly()).isTrue();
        assertThat(result.losses()).hasSize(8);
        assertThat(folder.resolve("checkpoint-000008")).isDirectory();
    }

    @Test
    void aRunThatHasEndedGivesItsResultAgain() {
        FineTuningResult first = new FakeRun(folder).run();

        assertThat(new FakeRun(folder).resume().losses()).isEqualTo(first.losses());
    }

    @Test
    void aCheckpointThatCannotBeWrittenLeavesTheOthers() throws IOException {
        FakeRun run = new FakeRun(folder);
        run.output = (program, target) -> {
            FakeRun.OUTPUT.write(program, target);
            if (target.toString().contains("checkpoint-000010")) {
                throw new IOException("No space left on device");
            }
        };

        assertThatThrownBy(run::run)
                .isInstanceOf(FineTuningException.class)
                .hasMessageContaining("cannot write the checkpoint")
                .hasMessageContaining("No space left on device")
                .hasMessageContaining("resumed from " + folder.resolve("checkpoint-000005"));
        assertThat(names(folder)).containsExactly("checkpoint-000005");
        assertThat(new FakeRun(folder).resume().losses()).hasSize(20);
    }

    private static List<String> names(Path folder) throws IOException {
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.map(path -> path.getFileName().toString()).sorted().toList();
        }
    }
}
