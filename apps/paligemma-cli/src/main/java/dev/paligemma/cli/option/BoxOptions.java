package dev.paligemma.cli.option;

import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.PipelineBuilder;
import dev.paligemma.base.internal.FailureReason;
import dev.paligemma.cli.pictures.PictureNames;
import dev.paligemma.cli.report.BoxReport;
import dev.paligemma.cli.report.Facts;
import dev.paligemma.cli.report.ProgressDisplay;
import dev.paligemma.cli.report.Written;
import dev.paligemma.constraint.TokenConstraints;
import dev.paligemma.detection.Annotations;
import dev.paligemma.detection.DetectionOptions;
import dev.paligemma.detection.DetectionResult;
import dev.paligemma.detection.Segment;
import dev.paligemma.generation.FinishReason;
import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.task.BoxTask;
import dev.paligemma.task.Tasks;
import dev.paligemma.vision.RgbImage;
import dev.paligemma.vision.mask.MaskCodec;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import javax.imageio.ImageIO;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Spec.Target;

/** The options of the commands that find things, and the way from them to the output. */
public final class BoxOptions {
    @Spec(Target.MIXEE)
    CommandSpec command;

    @Parameters(
            paramLabel = "THING",
            arity = "1..*",
            description = "What to find; behind it the pictures, known by names such as cat.jpg or photos/.")
    public List<String> things;

    @Mixin
    public RequestOptions request = new RequestOptions();

    @Option(names = "--raw", description = "Print what the model wrote, in its own notation.")
    boolean raw;

    @Option(
            names = "--out",
            paramLabel = "FILE",
            description =
                    "Draw what was found onto the picture and write it to this file, as PNG; for several pictures "
                            + "a folder.")
    @Nullable
    Path out;

    @Mixin
    DrawingOptions style = new DrawingOptions();

    @Option(
            names = "--min-confidence",
            paramLabel = "SHARE",
            description = "Leave out boxes of which the model is less sure, from 0 to 1 (default: ${DEFAULT-VALUE}).")
    double minConfidence;

    @Option(
            names = "--nms",
            paramLabel = "IOU",
            description = "Of boxes with one name that overlap by more than this intersection over union, from 0 to 1, "
                    + "keep the surest only (default: keep all).")
    double maxIou = 1;

    @Option(
            names = "--any-label",
            description = "Keep boxes also whose name was not asked for; without it they are told apart and not drawn.")
    boolean anyLabel;

    @Option(
            names = "--constrained",
            description = "Allow answers only that are boxes with the given names. Without it the model is free, as in "
                    + "other implementations.")
    boolean constrained;

    /** Why there are no masks; null if there are. */
    private @Nullable String lack;

    /**
     * Asks the model for boxes, perhaps with masks, and prints them. Gives the exit code.
     *
     * @throws IOException if there is no place for the drawing
     */
    public int answer(boolean masks) throws IOException {
        CommandLine commandLine = command.commandLine();
        sortArguments();
        BoxTask<DetectionResult> task = (masks ? Tasks.segment(things).boxes() : Tasks.detect(things))
                .withOptions(DetectionOptions.defaults()
                        .withMinConfidence(minConfidence)
                        .withMaxIou(maxIou));
        InputOptions input = request.pictures.input;
        boolean isMany = request.pictures.isMany();
        if (raw && request.pictures.asJson()) {
            throw new ParameterException(
                    commandLine, "--raw and --json exclude each other; the object has the raw text");
        }
        if (isMany) {
            if (out != null && Files.exists(out) && !Files.isDirectory(out)) {
                throw new FileSystemException(out.toString(), null, "a file, expected a folder for many drawings");
            }
            int exitCode = request.askAll(task, BoxTask.MAX_NEW_TOKENS, commandLine, (pipeline, begun) -> {
                limit(begun, pipeline.constraints(), masks);
                return (picture, asked, written) -> {
                    BoxReport report = report(pipeline, task, asked, written, masks);
                    Path drawing = out == null ? null : placeIn(out, picture.name());
                    draw(drawing, picture.read(), report.segments());
                    noteMasks(pipeline, report);
                    Facts facts = written.facts(asked, pipeline).all(report.facts());
                    if (drawing != null) {
                        facts.value("drawing", drawing);
                    }
                    return raw
                            ? PictureAnswer.line(facts, written.answer().text())
                            : PictureAnswer.table(facts, report.table());
                };
            });
            adviseOnMasks();
            return exitCode;
        }
        GenerationRequest asked = request.request(task, BoxTask.MAX_NEW_TOKENS, commandLine);
        if (asked.images().size() != 1) {
            throw new ParameterException(
                    commandLine,
                    "Boxes need one picture, got " + asked.images().size()
                            + "; for boxes of each name them with --images");
        }
        requirePlace(out);
        PrintWriter print = commandLine.getOut();
        try (ProgressDisplay progress = ProgressDisplay.of(command);
                PaliGemmaPipeline pipeline = input.model.open(progress)) {
            input.hint(progress);
            GenerationRequest limited =
                    limit(asked.toBuilder(), pipeline.constraints(), masks).build();
            Written written = request.ask(pipeline, limited, progress, raw ? print : null);
            BoxReport report = report(pipeline, task, limited, written, masks);
            draw(out, asked.images().get(0), report.segments());
            progress.clear();
            if (input.json) {
                print.println(
                        written.facts(limited, pipeline).all(report.facts()).json());
            } else if (!raw) {
                print.print(report.table());
            }
            noteMasks(pipeline, report);
            adviseOnMasks();
        }
        return ExitCode.OK;
    }

    /** Things and pictures stand side by side: a name such as cat.jpg is no thing. */
    private void sortArguments() {
        request.pictures.begin(
                command, things.stream().filter(PictureNames::isMeant).toList());
        things = things.stream().filter(each -> !PictureNames.isMeant(each)).toList();
        if (things.isEmpty()) {
            throw new ParameterException(
                    command.commandLine(),
                    "Missing what to find: it stands before the pictures, as in 'cat kitchen.jpg'");
        }
    }

    private BoxReport report(
            PaliGemmaPipeline pipeline,
            BoxTask<DetectionResult> task,
            GenerationRequest asked,
            Written written,
            boolean masks) {
        DetectionResult boxes = pipeline.read(task, asked, written.answer());
        Optional<MaskCodec> codec = masks ? pipeline.maskCodec() : Optional.empty();
        boolean cutOff = written.answer().finishReason() == FinishReason.LENGTH;
        return BoxReport.of(boxes, Segment.of(boxes, codec), anyLabel ? List.of() : things, masks, cutOff);
    }

    private GenerationRequest.Builder limit(
            GenerationRequest.Builder begun, TokenConstraints constraints, boolean masks) {
        return constrained
                ? begun.constraint(masks ? constraints.segments(things) : constraints.detections(things))
                : begun;
    }

    private void noteMasks(PaliGemmaPipeline pipeline, BoxReport report) {
        if (report.lacksMasks()) {
            String name = PipelineBuilder.MASK_WEIGHTS;
            lack = pipeline.info().folder() + " has no " + name + "; put that file of Google's big_vision"
                    + " (gs://big_vision/paligemma/" + name + ") there, or name it with --mask-weights";
        }
    }

    private void adviseOnMasks() {
        if (lack != null) {
            command.commandLine().getErr().println("paligemma: masks are left out: " + lack);
        }
    }

    /** A drawing that has no place is refused before the model is loaded. */
    private static void requirePlace(@Nullable Path file) throws FileSystemException {
        Path folder = file == null ? null : file.toAbsolutePath().getParent();
        if (folder != null && !Files.isDirectory(folder)) {
            throw new NotDirectoryException(folder.toString());
        }
        if (file != null && Files.isDirectory(file)) {
            throw new FileSystemException(file.toString(), null, "a folder, expected a file");
        }
    }

    /** The place of a drawing of one of many pictures: the picture's path below the folder, so that no two are one. */
    private static Path placeIn(Path folder, String picture) {
        Path place = folder;
        for (Path part : PictureNames.path(picture)) {
            String name = part.toString();
            place = name.equals(".") || name.equals("..") ? place : place.resolve(name);
        }
        Path file = place.resolveSibling(place.getFileName() + ".png");
        Path parent = file.getParent();
        try {
            Files.createDirectories(parent == null ? folder : parent);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot make the folder of " + file + ": " + FailureReason.of(e, file), e);
        }
        return file;
    }

    private void draw(@Nullable Path file, RgbImage picture, List<Segment> found) {
        if (file == null) {
            return;
        }
        boolean isNew = !Files.exists(file);
        try {
            ByteArrayOutputStream png = new ByteArrayOutputStream();
            ImageIO.write(Annotations.draw(picture, List.of(), found, style.options()), "png", png);
            try {
                Files.write(file, png.toByteArray());
            } catch (IOException e) {
                if (isNew) {
                    Files.deleteIfExists(file);
                }
                throw e;
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write the drawing to " + file + ": " + FailureReason.of(e, file), e);
        }
    }
}
