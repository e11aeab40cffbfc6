package dev.paligemma.cli.option;

import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.PipelineBuilder;
import dev.paligemma.base.internal.FailureReason;
import dev.paligemma.cli.report.BoxReport;
import dev.paligemma.cli.report.ProgressDisplay;
import dev.paligemma.cli.report.Written;
import dev.paligemma.constraint.TokenConstraints;
import dev.paligemma.detection.Annotations;
import dev.paligemma.detection.Detection;
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

    @Parameters(paramLabel = "THING", arity = "1..*", description = "What to find.")
    public List<String> things;

    @Mixin
    public RequestOptions request = new RequestOptions();

    @Option(names = "--raw", description = "Print what the model wrote, in its own notation.")
    boolean raw;

    @Option(
            names = "--out",
            paramLabel = "FILE",
            description = "Draw what was found onto the picture and write it to this file, as PNG.")
    @Nullable
    Path out;

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
            names = "--constrained",
            description = "Allow answers only that are boxes with the given names. Without it the model is free, as in "
                    + "other implementations.")
    boolean constrained;

    /**
     * Asks the model for boxes, perhaps with masks, and prints them.
     *
     * @throws IOException if there is no place for the drawing
     */
    public void answer(boolean masks) throws IOException {
        CommandLine commandLine = command.commandLine();
        things.stream().filter(PictureArguments::isNamed).findFirst().ifPresent(picture -> {
            throw new ParameterException(commandLine, PictureArguments.advice(picture));
        });
        BoxTask<DetectionResult> task = (masks ? Tasks.segment(things).boxes() : Tasks.detect(things))
                .withOptions(DetectionOptions.defaults()
                        .withMinConfidence(minConfidence)
                        .withMaxIou(maxIou));
        boolean json = request.input.json;
        if (raw && json) {
            throw new ParameterException(
                    commandLine, "--raw and --json exclude each other; the object has the raw text");
        }
        GenerationRequest asked = request.request(task, BoxTask.MAX_NEW_TOKENS, commandLine);
        if (asked.images().size() != 1) {
            throw new ParameterException(
                    commandLine, "Boxes need one picture, got " + asked.images().size());
        }
        requirePlace(out);
        RgbImage picture = asked.images().get(0);
        PrintWriter print = commandLine.getOut();
        try (ProgressDisplay progress = ProgressDisplay.of(command);
                PaliGemmaPipeline pipeline = request.input.model.open(progress)) {
            GenerationRequest limited = constrained ? limited(asked, pipeline.constraints(), masks) : asked;
            Written written = request.ask(pipeline, limited, progress, raw ? print : null);
            DetectionResult boxes = pipeline.read(task, limited, written.answer());
            Optional<MaskCodec> codec = masks ? pipeline.maskCodec() : Optional.empty();
            boolean cutOff = written.answer().finishReason() == FinishReason.LENGTH;
            BoxReport report = new BoxReport(boxes, Segment.of(boxes, codec), masks, cutOff);
            draw(picture, report.segments());
            progress.clear();
            if (json) {
                print.println(written.facts(limited, pipeline.info().loadMs())
                        .all(report.facts())
                        .json());
            } else if (!raw) {
                print.print(report.table());
            }
            if (masks && codec.isEmpty() && boxes.detections().stream().anyMatch(Detection::hasMask)) {
                commandLine.getErr().println("paligemma: masks are left out: " + adviceOnMasks(pipeline));
            }
        }
    }

    private GenerationRequest limited(GenerationRequest asked, TokenConstraints constraints, boolean masks) {
        return asked.toBuilder()
                .constraint(masks ? constraints.segments(things) : constraints.detections(things))
                .build();
    }

    private static String adviceOnMasks(PaliGemmaPipeline pipeline) {
        String name = PipelineBuilder.MASK_WEIGHTS;
        return pipeline.info().folder() + " has no " + name + "; put that file of Google's big_vision"
                + " (gs://big_vision/paligemma/" + name + ") there, or name it with --mask-weights";
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

    private void draw(RgbImage picture, List<Segment> found) throws IOException {
        Path file = out;
        if (file != null) {
            ByteArrayOutputStream png = new ByteArrayOutputStream();
            ImageIO.write(Annotations.draw(picture, List.of(), found), "png", png);
            boolean isNew = !Files.exists(file);
            try {
                Files.write(file, png.toByteArray());
            } catch (IOException e) {
                if (isNew) {
                    Files.deleteIfExists(file);
                }
                throw new UncheckedIOException(
                        "cannot write the drawing to " + file + ": " + FailureReason.of(e, file), e);
            }
        }
    }
}
