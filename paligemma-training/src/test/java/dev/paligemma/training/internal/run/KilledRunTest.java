package dev.paligemma.training.internal.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paligemma.training.internal.state.CheckpointStore;
import dev.paligemma.training.internal.state.RunFolder;
import dev.paligemma.training.run.FineTuningListener;
import dev.paligemma.training.run.FineTuningResult;
import dev.paligemma.training.run.UpdateReport;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Processes that are killed while they write checkpoints; {@code -Dkills=50} for more of them than in every build. */
class KilledRunTest {
    private static final int KILLS = Integer.getInteger("kills", 4);
    private static final int UPDATES = 2000;

    @TempDir
    Path folder;

    @TempDir
    Path other;

    /** Begins or resumes a run that writes a checkpoint after every update, and says so by a byte each. */
    public static final class Child {
        private Child() {}

        /** Runs; the argument is the output folder. */
        public static void main(String[] args) {
            FakeRun run = longRun(Path.of(args[0]));
            run.listener = new FineTuningListener() {
                @Override
                public void onUpdate(UpdateReport report) {
                    System.out.write('.');
                    System.out.flush();
                }
            };
            try (RunFolder taken = RunFolder.take(run.folder, true)) {
                assert taken.path().isAbsolute();
                goOn(run);
            }
        }
    }

    private static FineTuningResult goOn(FakeRun run) {
        return CheckpointStore.newest(run.folder).isPresent() ? run.resume() : run.run();
    }

    @Test
    @Timeout(300)
    void leavesNoBrokenCheckpoint() throws Exception {
        Random random = new Random(7);
        for (int kill = 0; kill < KILLS; kill++) {
            Process child = start();
            try (InputStream updates = child.getInputStream()) {
                for (int i = 5 + random.nextInt(40); i > 0 && updates.read() >= 0; i--) {
                    // As many updates are waited for.
                }
                child.destroyForcibly().waitFor();
            }
            assertThat(CheckpointStore.newest(folder)).isPresent();
        }
        FakeRun whole = longRun(other);
        whole.pace = new Pace(0, UPDATES, 0);

        FakeRun resumed = longRun(folder);
        resumed.pace = whole.pace;
        FineTuningResult result;
        try (RunFolder taken = RunFolder.take(folder, true)) {
            assertThat(taken.path()).isAbsolute();
            result = goOn(resumed);
        }

        assertThat(result.losses()).isEqualTo(whole.run().losses());
        assertThat(resumed.program.values()).isEqualTo(whole.program.values());
    }

    private static FakeRun longRun(Path folder) {
        FakeRun run = new FakeRun(folder);
        run.recipe = FakeRun.RECIPE.steps(UPDATES);
        run.count = UPDATES;
        run.pace = new Pace(0, 1, 0);
        return run;
    }

    private Process start() throws IOException {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xshare:auto",
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Child.class.getName(),
                        folder.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }
}
