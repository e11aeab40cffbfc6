package dev.paligemma.training.internal.state;

import dev.paligemma.base.PaliGemmaException;
import dev.paligemma.base.internal.FailureReason;
import dev.paligemma.base.internal.FileTrees;
import dev.paligemma.base.internal.TemporaryFolder;
import dev.paligemma.engine.training.TrainingProgram;
import dev.paligemma.training.recipe.Optimizer;
import dev.paligemma.training.recipe.Recipe;
import dev.paligemma.training.run.Evaluation;
import dev.paligemma.training.run.FineTuningException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The checkpoints of a run in its output folder. Each is written beside its place and renamed when it is complete and on the
 * disk, so that there is none that is broken, whatever ends the process. The newest two and the best are kept.
 */
public final class CheckpointStore {
    /** What names of checkpoints begin with. */
    static final String PREFIX = "checkpoint-";

    /** The numbers of a checkpoint. */
    public static final String NUMBERS = "training_state.safetensors";

    /** All else of a checkpoint. */
    public static final String STATE = "training_state.json";

    private static final Logger LOG = LoggerFactory.getLogger(CheckpointStore.class);
    private static final Pattern NAME = Pattern.compile(PREFIX + "(\\d{6,12})");
    private static final String OLD = ".old";
    private static final String RESULT = ".result";
    private static final int KEPT = 2;

    private final Path folder;
    private final RunIdentity identity;
    private final Output output;
    private final Map<String, String> versions;

    /** The store of a run in a folder that the caller has taken. */
    public CheckpointStore(Path folder, RunIdentity identity, Output output, Map<String, String> versions) {
        this.folder = folder;
        this.identity = identity;
        this.output = output;
        this.versions = Map.copyOf(versions);
    }

    /** Removes what a process left that was killed while it removed an old checkpoint. */
    static void removeRemains(Path folder) throws IOException {
        try (Stream<Path> entries = Files.list(folder)) {
            for (Path path : entries.toList()) {
                if (nameOf(path).startsWith("." + PREFIX) && nameOf(path).endsWith(OLD)) {
                    FileTrees.delete(path);
                }
            }
        }
    }

    /** Whether checkpoints of a recipe hold moments. */
    public static boolean hasMoments(Recipe recipe) {
        return recipe.optimizer() instanceof Optimizer.AdamW;
    }

    /** The checkpoint with the most updates in an output folder; empty if there is none. */
    public static Optional<Path> newest(Path folder) {
        try {
            return all(folder).stream().reduce((first, second) -> second);
        } catch (IOException e) {
            throw new FineTuningException("cannot read " + folder + ": " + FailureReason.of(e, folder), e);
        }
    }

    private static List<Path> all(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.filter(path -> NAME.matcher(nameOf(path)).matches() && Files.isDirectory(path))
                    .sorted(Comparator.comparingLong(CheckpointStore::updatesOf))
                    .toList();
        }
    }

    private static String nameOf(Path path) {
        return String.valueOf(path.getFileName());
    }

    /** How many updates a checkpoint holds, by its name. */
    public static long updatesOf(Path checkpoint) {
        Matcher matcher = NAME.matcher(nameOf(checkpoint));
        return matcher.matches() ? Long.parseLong(matcher.group(1)) : -1;
    }

    private Path place(long updates) {
        return folder.resolve(String.format(Locale.ROOT, PREFIX + "%06d", updates));
    }

    /**
     * Writes a checkpoint of the present state, unless there is one of as many updates: it holds the same numbers.
     *
     * @throws FineTuningException if that fails, as on a full disk; older checkpoints are as they were
     */
    public Path save(TrainingProgram program, RunState state, double epochs) {
        Path target = place(state.updates());
        if (Files.isDirectory(target)) {
            return target;
        }
        try {
            return write(program, state, epochs, target);
        } catch (IOException e) {
            throw failed(target, FailureReason.of(e, target), e);
        } catch (FineTuningException e) {
            throw e;
        } catch (PaliGemmaException e) {
            throw failed(target, String.valueOf(e.getMessage()), e);
        }
    }

    private FineTuningException failed(Path target, String reason, Exception cause) {
        String kept = newest(folder)
                .map(path -> "; the run can be resumed from " + path)
                .orElse("");
        return new FineTuningException("cannot write the checkpoint " + target + ": " + reason + kept, cause);
    }

    private Path write(TrainingProgram program, RunState state, double epochs, Path target) throws IOException {
        try (TemporaryFolder temporary = TemporaryFolder.beside(target)) {
            output.write(program, temporary.path());
            ProgramState.write(
                    program, hasMoments(identity.recipe()), temporary.path().resolve(NUMBERS));
            new StateJson(identity, state).write(temporary.path().resolve(STATE), epochs, versions);
            forceFiles(temporary.path());
            temporary.moveTo(target);
        }
        prune(state);
        return target;
    }

    private static void forceFiles(Path folder) throws IOException {
        for (Path file : filesOf(folder)) {
            FileTrees.forceFile(file);
        }
    }

    private void prune(RunState state) throws IOException {
        List<Path> all = all(folder);
        Set<Path> kept = new HashSet<>(all.subList(Math.max(0, all.size() - KEPT), all.size()));
        state.best().map(Evaluation::update).map(this::place).ifPresent(kept::add);
        List<Path> old = new ArrayList<>(all);
        old.removeAll(kept);
        for (Path checkpoint : old) {
            LOG.debug("removing {}", checkpoint);
            // Renamed first: half a checkpoint must not have the name of a whole one.
            Path hidden = checkpoint.resolveSibling("." + nameOf(checkpoint) + OLD);
            FileTrees.delete(hidden);
            Files.move(checkpoint, hidden, StandardCopyOption.ATOMIC_MOVE);
            FileTrees.delete(hidden);
        }
    }

    /**
     * Puts the result, made of a checkpoint, into the output folder itself, each file renamed when it is complete.
     *
     * @param updates of which checkpoint
     * @throws FineTuningException if that fails; the checkpoint stays
     */
    public void publish(long updates) {
        Path checkpoint = place(updates);
        Path place = folder.resolve(RESULT);
        try {
            FileTrees.delete(place);
            Path result = output.result(checkpoint, place);
            for (Path file : filesOf(result)) {
                String name = nameOf(file);
                if (!name.equals(NUMBERS) && !name.equals(STATE)) {
                    Path complete = result.equals(checkpoint) ? copied(file, name) : file;
                    Files.move(
                            complete,
                            folder.resolve(name),
                            StandardCopyOption.ATOMIC_MOVE,
                            StandardCopyOption.REPLACE_EXISTING);
                }
            }
            FileTrees.delete(place);
        } catch (IOException e) {
            throw unpublished(checkpoint, FailureReason.of(e, folder), e);
        } catch (PaliGemmaException e) {
            throw unpublished(checkpoint, String.valueOf(e.getMessage()), e);
        }
    }

    private FineTuningException unpublished(Path checkpoint, String reason, Exception cause) {
        return new FineTuningException(
                "cannot put the result into " + folder + ": " + reason + "; what was learned is in " + checkpoint,
                cause);
    }

    private Path copied(Path file, String name) throws IOException {
        Path temporary = folder.resolve("." + name + ".tmp");
        Files.copy(file, temporary, StandardCopyOption.REPLACE_EXISTING);
        FileTrees.forceFile(temporary);
        return temporary;
    }

    private static List<Path> filesOf(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(Files::isRegularFile).sorted().toList();
        }
    }

    /** The folder of the run. */
    public Path folder() {
        return folder;
    }
}
