package dev.paligemma.cli.option;

import dev.paligemma.ModelInfo;
import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.catalog.MemoryEstimate;
import dev.paligemma.cli.pictures.PictureNames;
import dev.paligemma.cli.pictures.RowFile;
import dev.paligemma.cli.report.Facts;
import dev.paligemma.cli.report.PictureCount;
import dev.paligemma.cli.report.ProgressDisplay;
import dev.paligemma.cli.report.VisibleControls;
import dev.paligemma.engine.machine.MainMemory;
import dev.paligemma.generation.RequestCancelledException;
import dev.paligemma.vision.RgbImage;
import dev.paligemma.vision.format.ImageException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ExitCode;

/**
 * Asks one thing about each of many pictures, several at a time, and tells the answers in their order. A picture that cannot
 * be read is told among them and stops nothing; anything else that fails would fail for all, so it ends the command. What was
 * told before is complete then, and can be gone on with. Pictures are read as they are needed.
 */
public final class ManyPictures {
    /** More side by side gain little on a CPU. */
    private static final int MOST_TOGETHER = 8;

    /** Pictures that wait for their turn take at most this much memory, unless a single one is larger. */
    private static final long MOST_PIXELS = 64_000_000;

    /** Answers about pictures that could be read, in their order, the same number. */
    public interface Asker {
        List<PictureAnswer> ask(List<NamedPicture> pictures);
    }

    private final PictureOptions options;
    private final PrintWriter out;
    private final PrintWriter err;
    private final boolean asRows;
    private Map<String, String> run = Map.of();
    private long done;
    private long failed;

    /** Will ask about the pictures of these options. */
    public ManyPictures(PictureOptions options) {
        this.options = options;
        this.out = options.command().commandLine().getOut();
        this.err = options.command().commandLine().getErr();
        this.asRows = options.asJson();
    }

    /**
     * Asks about all pictures. Gives the exit code.
     *
     * @param prompt what is asked
     * @param alone whether pictures are asked about one by one
     * @param asker made when the model is there, for as many pictures at a time as are said
     */
    public int answer(String prompt, boolean alone, BiFunction<PaliGemmaPipeline, Integer, Asker> asker) {
        Iterator<String> names = options.names();
        if (!names.hasNext()) {
            throw new IllegalArgumentException(options.emptiness());
        }
        try (ProgressDisplay progress = ProgressDisplay.of(options.command())) {
            run = options.run(prompt, progress);
            try (@Nullable RowFile rows = options.resume == null ? null : RowFile.open(options.resume, run)) {
                Iterator<String> open = rows == null ? names : goOn(names, rows, progress);
                if (open.hasNext()) {
                    try (PaliGemmaPipeline pipeline = options.input.model.open(progress)) {
                        options.hint(progress);
                        int together = alone ? 1 : together(pipeline.info());
                        answer(open, together, asker.apply(pipeline, together), progress, rows);
                    }
                }
                done += rows == null ? 0 : rows.skipped();
            }
        }
        if (failed > 0) {
            err.println("paligemma: " + failed + " of " + done + (done == 1 ? " picture" : " pictures") + " failed");
            return ExitCode.SOFTWARE;
        }
        return ExitCode.OK;
    }

    private Iterator<String> goOn(Iterator<String> names, RowFile rows, ProgressDisplay progress) {
        if (rows.rows() > 0) {
            failed = rows.failed();
            progress.note(
                    "going on after " + rows.rows() + (rows.rows() == 1 ? " row of " : " rows of ") + options.resume);
        }
        return rows.remaining(names);
    }

    private void answer(
            Iterator<String> names, int together, Asker asker, ProgressDisplay progress, @Nullable RowFile rows) {
        boolean shows = progress.showsPictures(options.progress);
        OptionalLong total = shows ? total() : OptionalLong.empty();
        long start = System.nanoTime();
        if (shows) {
            progress.pictures(count(rows, total, 0));
        }
        while (names.hasNext()) {
            List<NamedPicture> pictures = read(names, together);
            List<NamedPicture> readable =
                    pictures.stream().filter(each -> each.problem() == null).toList();
            Iterator<PictureAnswer> answers = ask(asker, readable).iterator();
            StringBuilder told = new StringBuilder();
            for (NamedPicture each : pictures) {
                String problem = each.problem();
                tell(each.name(), problem == null ? answers.next() : PictureAnswer.failed(problem), told, progress);
            }
            write(told.toString(), rows, progress);
            if (shows) {
                progress.pictures(count(rows, total, (System.nanoTime() - start) / 1e9));
            }
        }
    }

    private PictureCount count(@Nullable RowFile rows, OptionalLong total, double seconds) {
        int skipped = rows == null ? 0 : rows.skipped();
        return new PictureCount(done + skipped, skipped, failed, total, seconds);
    }

    /** How many pictures there are; unknown for a list that can be read once only. */
    private OptionalLong total() {
        if (!options.canBeCounted()) {
            return OptionalLong.empty();
        }
        long count = 0;
        for (Iterator<String> all = options.names(); all.hasNext(); all.next()) {
            count++;
        }
        return OptionalLong.of(count);
    }

    /** How many answers are written side by side: their keys and values take a quarter of the free memory at most. */
    private int together(ModelInfo model) {
        if (options.batch != null) {
            return options.batch;
        }
        long one =
                MemoryEstimate.of(model.config(), model.options().precision()).cacheBytes();
        long free = MainMemory.ofThisMachine().map(MainMemory::freeBytes).orElse(0L);
        long usable = Math.min(free, MainMemory.maxDirectBytes()) / 4;
        return (int) Math.max(1, Math.min(MOST_TOGETHER, usable / Math.max(1, one)));
    }

    private static List<NamedPicture> read(Iterator<String> names, int together) {
        List<NamedPicture> pictures = new ArrayList<>();
        long pixels = 0;
        while (names.hasNext() && pictures.size() < together && pixels < MOST_PIXELS) {
            NamedPicture next = read(names.next());
            RgbImage picture = next.picture();
            pixels += picture == null ? 0 : (long) picture.width() * picture.height();
            pictures.add(next);
        }
        return pictures;
    }

    private static NamedPicture read(String name) {
        try {
            Path path = PictureNames.path(name);
            if (Files.isDirectory(path)) {
                String problem = Files.isReadable(path) ? " is a folder, expected a picture" : " cannot be listed";
                return new NamedPicture(name, null, name + problem);
            }
            return new NamedPicture(name, InputOptions.read(path), null);
        } catch (ImageException | IllegalArgumentException e) {
            if (Thread.currentThread().isInterrupted()) {
                throw new RequestCancelledException("the thread was interrupted while " + name + " was read");
            }
            return new NamedPicture(name, null, problem(e));
        }
    }

    private static List<PictureAnswer> ask(Asker asker, List<NamedPicture> pictures) {
        if (pictures.isEmpty()) {
            return List.of();
        }
        try {
            return asker.ask(pictures);
        } catch (RequestCancelledException e) {
            if (Thread.currentThread().isInterrupted()) {
                throw e;
            }
            // A limit of time is for an answer, so with one there is one picture.
            return pictures.stream()
                    .map(picture -> PictureAnswer.failed(problem(e)))
                    .toList();
        }
    }

    private static String problem(RuntimeException e) {
        return String.valueOf(e.getMessage());
    }

    private void tell(String name, PictureAnswer answer, StringBuilder told, ProgressDisplay progress) {
        String error = answer.error();
        done++;
        failed += error == null ? 0 : 1;
        if (asRows) {
            Facts row = new Facts().value("image", name);
            if (error == null) {
                row.all(answer.facts());
            } else {
                row.value("error", error).value("prompt", run.get(RowFile.PROMPT));
            }
            Facts rest = new Facts();
            run.forEach((key, value) -> {
                if (!key.equals(RowFile.PROMPT)) {
                    rest.value(key, value);
                }
            });
            told.append(row.value("run", rest).json()).append('\n');
        } else if (error != null) {
            progress.clear();
            err.println("paligemma: " + VisibleControls.inOneLine(name + ": " + error));
        } else {
            told.append(answer.forPeople(name));
        }
    }

    /** Writes the rows of a batch at once, so that whoever ends the command leaves whole rows. */
    private void write(String told, @Nullable RowFile rows, ProgressDisplay progress) {
        if (rows != null) {
            rows.append(told);
            return;
        }
        progress.clear();
        out.print(told);
        if (out.checkError()) { // flushes, too
            throw new UncheckedIOException(new IOException("nobody reads the answers any more"));
        }
    }
}
