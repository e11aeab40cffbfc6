package dev.paligemma.cli.command;

import dev.paligemma.base.PaliGemmaException;
import dev.paligemma.cli.option.PageEncoderOptions;
import dev.paligemma.cli.pages.PdfPages;
import dev.paligemma.cli.pictures.PictureNames;
import dev.paligemma.cli.report.ProgressDisplay;
import dev.paligemma.cli.report.VisibleControls;
import dev.paligemma.retrieval.PageEncoder;
import dev.paligemma.retrieval.PageIndex;
import dev.paligemma.retrieval.RowPooling;
import dev.paligemma.retrieval.Rows;
import dev.paligemma.vision.RgbImage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code paligemma index}: rows of all pages in a folder, as a file. */
@Command(
        name = "index",
        description = {
            "Make pages searchable: PDF files and pictures, as one file for 'paligemma find'.",
            "A page takes seconds on a CPU, and 136 kB of the index. A damaged file is named and left out; then the exit"
                    + " code is 1.",
            "Needs a ColPali checkpoint, such as vidore/colpali-v1.3-hf; the bundled model writes text and finds no pages."
        },
        footer = {
            "",
            "Examples:",
            "  paligemma index documents/ --model vidore/colpali-v1.3-hf --out docs.pages",
            "  paligemma find \"how did revenue grow\" --index docs.pages"
        })
public final class IndexCommand implements Callable<Integer> {
    @Spec
    CommandSpec spec;

    @Parameters(
            paramLabel = "PATH",
            arity = "1..*",
            description = "Folders, with the folders inside, PDF files and pictures.")
    List<Path> paths = List.of();

    @Option(names = "--out", paramLabel = "FILE", required = true, description = "The index to write.")
    Path out;

    @Option(
            names = "--pool",
            paramLabel = "N",
            description = "Make one row of about N that are alike; 2 or 3 make the index so much smaller (default: 1).")
    int pool = 1;

    @Mixin
    PageEncoderOptions encoderOptions = new PageEncoderOptions();

    private int failed;

    @Override
    public Integer call() {
        String model = encoderOptions.model();
        if (model == null) {
            throw new ParameterException(
                    spec.commandLine(),
                    "index needs --model with a ColPali checkpoint, such as " + PageEncoderOptions.EXAMPLE
                            + "; the bundled model writes text and finds no pages");
        }
        if (pool < 1) {
            throw new ParameterException(spec.commandLine(), "--pool must be at least 1, got " + pool);
        }
        List<Path> files = files();
        if (files.isEmpty()) {
            throw new IllegalArgumentException(
                    "no PDF and no picture in " + paths + " (names that end in .pdf or " + PictureNames.KNOWN + ")");
        }
        PageIndex index;
        try (ProgressDisplay progress = ProgressDisplay.of(spec);
                PageEncoder encoder = encoderOptions.open(model, null, progress)) {
            List<PageIndex.Page> pages = new ArrayList<>();
            long start = System.nanoTime();
            for (Path file : files) {
                encode(file, encoder, pages, progress, start);
            }
            index = PageIndex.of(recorded(model), encoder, pages);
        }
        if (index.size() == 0) {
            throw new IllegalArgumentException("none of " + files.size() + " files could be read; no index is written");
        }
        index.write(out);
        spec.commandLine()
                .getOut()
                .printf(
                        Locale.ROOT,
                        "%s: %d pages%s%n",
                        out,
                        index.size(),
                        failed == 0 ? "" : ", " + failed + " left out");
        return failed == 0 ? ExitCode.OK : ExitCode.SOFTWARE;
    }

    /** The whole place of a model on this machine, so that the index can be used from anywhere. */
    private static String recorded(String model) {
        return Files.exists(Path.of(model))
                ? Path.of(model).toAbsolutePath().normalize().toString()
                : model;
    }

    private List<Path> files() {
        List<Path> files = new ArrayList<>();
        for (Path path : paths) {
            if (!Files.isDirectory(path)) {
                files.add(path);
                continue;
            }
            try (Stream<Path> inside = Files.walk(path)) {
                inside.filter(Files::isRegularFile)
                        .filter(file -> isMeant(String.valueOf(file.getFileName())))
                        .sorted()
                        .forEach(files::add);
            } catch (IOException | UncheckedIOException e) {
                throw new IllegalArgumentException("cannot list the folder " + path + ": " + e.getMessage(), e);
            }
        }
        return files;
    }

    private static boolean isMeant(String name) {
        return PdfPages.isMeant(name) || PictureNames.isOfAFolder(name);
    }

    private void encode(
            Path file, PageEncoder encoder, List<PageIndex.Page> pages, ProgressDisplay progress, long start) {
        if (!PdfPages.isMeant(String.valueOf(file.getFileName()))) {
            add(file, 0, () -> RgbImage.read(file), encoder, pages, progress, start);
            return;
        }
        try (PdfPages document = PdfPages.open(file)) {
            for (int page = 0; page < document.count(); page++) {
                int index = page;
                add(file, page + 1, () -> document.draw(index), encoder, pages, progress, start);
            }
        } catch (PaliGemmaException e) {
            leaveOut(e, progress);
        }
    }

    /** What makes a picture of a page. */
    private interface Drawing {
        RgbImage draw();
    }

    private void add(
            Path file,
            int number,
            Drawing drawing,
            PageEncoder encoder,
            List<PageIndex.Page> pages,
            ProgressDisplay progress,
            long start) {
        RgbImage picture;
        try {
            picture = drawing.draw();
        } catch (PaliGemmaException e) {
            leaveOut(e, progress);
            return;
        }
        Rows rows = RowPooling.pool(encoder.page(picture), pool);
        pages.add(new PageIndex.Page(file.toString(), number, rows));
        double seconds = (System.nanoTime() - start) / 1e9;
        progress.count(
                String.format(Locale.ROOT, "%d pages, %.1f s each, now %s", pages.size(), seconds / pages.size(), file),
                seconds,
                false);
    }

    private void leaveOut(PaliGemmaException failure, ProgressDisplay progress) {
        failed++;
        progress.clear();
        String message = String.valueOf(failure.getMessage()).replaceAll("\\s*\\R\\s*", " ");
        spec.commandLine().getErr().println("paligemma: left out: " + VisibleControls.inOneLine(message));
    }
}
