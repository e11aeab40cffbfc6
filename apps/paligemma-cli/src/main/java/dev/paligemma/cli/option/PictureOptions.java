package dev.paligemma.cli.option;

import dev.paligemma.base.internal.FailureReason;
import dev.paligemma.cli.pictures.PathLines;
import dev.paligemma.cli.pictures.PictureNames;
import dev.paligemma.cli.pictures.PictureWalk;
import dev.paligemma.cli.pictures.RowFile;
import dev.paligemma.cli.report.ProgressDisplay;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** The options of every task: one request about one picture or several, or a request about each of many. */
public final class PictureOptions {
    static final String STANDARD_INPUT = "-";

    /** Options that change no answer, and those whose effect is told otherwise. */
    private static final Set<String> WITHOUT_EFFECT = Set.of(
            "--adapter",
            "--batch",
            "--cache-dir",
            "--debug",
            "--device",
            "--engine",
            "--hub-cache",
            "--hub-endpoint",
            "--image",
            "--images",
            "--images-from",
            "--json",
            "--jsonl",
            "--model",
            "--offline",
            "--out",
            "--progress",
            "--prompt",
            "--question",
            "--quiet",
            "--recursive",
            "--resume",
            "--revision",
            "--threads");

    @Mixin
    public InputOptions input = new InputOptions();

    @Option(
            names = "--images",
            arity = "1..*",
            paramLabel = "PATH",
            description = "Pictures and folders of pictures: an answer about each.")
    List<String> images = List.of();

    @Option(
            names = "--images-from",
            paramLabel = "FILE",
            description = "List of pictures, one path a line, - for standard input: an answer about each.")
    @Nullable
    String imagesFrom;

    @Option(names = "--recursive", description = "Look into the folders of a folder, too.")
    boolean recursive;

    @Option(
            names = "--jsonl",
            description = "Print a line of JSON for each picture: image, and the fields of --json or an error.")
    boolean jsonl;

    @Option(
            names = "--resume",
            paramLabel = "FILE",
            description = "Write those lines to this file, and go on where an earlier run has ended.")
    @Nullable
    Path resume;

    @Option(
            names = "--batch",
            paramLabel = "N",
            description = "Answer about N pictures side by side (default: what memory allows, at most 8).")
    @Nullable
    Integer batch;

    @Option(
            names = ProgressDisplay.PROGRESS,
            description = "Show how many pictures are done also where standard error is no terminal.")
    boolean progress;

    /** The pictures that stood among the arguments without an option, before those of --images. */
    private List<String> named = List.of();

    private @Nullable CommandSpec begun;

    private final Map<String, String> further = new LinkedHashMap<>();

    /** Whether answers are printed, or written to a file, as JSON. */
    boolean asJson() {
        return input.json || jsonl || resume != null;
    }

    /** Begins a command with the pictures that stood among its arguments without an option. */
    public void begin(CommandSpec whose, List<String> pictures) {
        begun = whose;
        named = List.copyOf(pictures);
    }

    /** The command whose options these are, once it has begun. */
    CommandSpec command() {
        return Objects.requireNonNull(begun, "the command has not begun");
    }

    /** Adds to what answers depend on. */
    public void dependOn(String what, String value) {
        further.put(what, value);
    }

    private List<String> sources() {
        List<String> all = new ArrayList<>(named);
        all.addAll(images);
        return all;
    }

    /**
     * Whether there is an answer about each of many pictures, or at least rows that look as if; else there is one request, about
     * the pictures of {@link #input}.
     */
    public boolean isMany() {
        CommandLine commandLine = command().commandLine();
        List<String> sources = sources();
        if (batch != null && batch < 1) {
            throw new ParameterException(commandLine, "--batch must be at least 1, got " + batch);
        }
        for (String each : sources) {
            if (each.isBlank()) {
                throw new ParameterException(commandLine, "expected a picture, got an empty text");
            }
        }
        if (STANDARD_INPUT.equals(imagesFrom) && sources.contains(STANDARD_INPUT)) {
            throw new ParameterException(commandLine, "standard input is either a picture or a list of pictures");
        }
        boolean each = imagesFrom != null || !sources.isEmpty();
        boolean rows = jsonl || resume != null;
        if (each && !input.images.isEmpty()) {
            String other = sources.isEmpty() ? "--images-from" : "'" + sources.get(0) + "'";
            throw new ParameterException(
                    commandLine,
                    "both --image and " + other + ": for an answer about each picture leave --image out; for one "
                            + "answer about several write --image before each of them");
        }
        if (rows && input.images.size() > 1) {
            throw new ParameterException(
                    commandLine,
                    (jsonl ? "--jsonl" : "--resume") + " is for an answer about each picture, and "
                            + input.images.size() + " --image are one request; name the pictures without --image");
        }
        if (rows || imagesFrom != null || sources.size() > 1 || sources.stream().anyMatch(this::isSeveral)) {
            return true;
        }
        if (!sources.isEmpty()) {
            input.images = List.of(PictureNames.path(sources.get(0)));
        }
        return false;
    }

    private boolean isSeveral(String source) {
        try {
            Path path = PictureNames.path(source);
            return Files.isDirectory(path) || (source.matches(".*[*?].*") && !Files.exists(path));
        } catch (IllegalArgumentException e) {
            return false; // said when it is read
        }
    }

    /** The names of all pictures, which can be had several times unless they come from standard input. */
    Iterator<String> names() {
        if (imagesFrom == null) {
            return new PictureWalk(given(), recursive);
        }
        Iterator<String> walk = new PictureWalk(sources(), recursive);
        PathLines lines = lines(imagesFrom);
        return new Iterator<>() {
            @Override
            public boolean hasNext() {
                return walk.hasNext() || lines.hasNext();
            }

            @Override
            public String next() {
                return walk.hasNext() ? walk.next() : lines.next();
            }
        };
    }

    /** As {@link InputOptions#hint}, of many pictures. */
    void hint(ProgressDisplay shown) {
        if (imagesFrom == null && sources().isEmpty()) {
            input.hint(shown);
        } else {
            input.hintAtOwnPictures(shown);
        }
    }

    /**
     * What answers depend on, by which rows of other runs are known: command, prompt, model, adapter, and the options that
     * change answers, as they were typed.
     */
    Map<String, String> run(String prompt, ProgressDisplay shown) {
        Path folder = input.model.checkpoint.folder(shown);
        Map<String, String> run = new LinkedHashMap<>();
        run.put("command", command().name());
        run.put(RowFile.PROMPT, prompt);
        run.put("model", input.model.checkpoint.label(folder) + " " + ContentDigest.of(folder));
        String adapter = input.model.adapter;
        if (adapter != null) {
            run.put("adapter", adapter + " " + ContentDigest.of(input.model.checkpoint.adapter(adapter, shown)));
        }
        run.put("options", options());
        run.putAll(further);
        return run;
    }

    private String options() {
        return command().commandLine().getParseResult().matchedOptions().stream()
                .filter(option -> !WITHOUT_EFFECT.contains(option.longestName()))
                .map(option -> option.longestName()
                        + option.originalStringValues().stream()
                                .map(value -> "=" + value)
                                .collect(Collectors.joining()))
                .distinct()
                .sorted()
                .collect(Collectors.joining(" "));
    }

    /** Whether the names can be had a second time, to count them. */
    boolean canBeCounted() {
        return !STANDARD_INPUT.equals(imagesFrom);
    }

    /** What was given, for a message that it stands for no picture. */
    String emptiness() {
        return imagesFrom == null
                ? PictureWalk.emptiness(given(), recursive)
                : "no picture in the list " + (imagesFrom.equals(STANDARD_INPUT) ? "on standard input" : imagesFrom);
    }

    private List<String> given() {
        List<String> sources = sources();
        return sources.isEmpty() ? input.files().stream().map(Path::toString).toList() : sources;
    }

    private static PathLines lines(String file) {
        if (file.equals(STANDARD_INPUT)) {
            return new PathLines(System.in, "the list of pictures on standard input");
        }
        try {
            return new PathLines(Files.newInputStream(PictureNames.path(file)), file);
        } catch (IOException e) {
            throw new IllegalArgumentException(
                    "cannot read the list of pictures " + file + ": " + FailureReason.of(e, PictureNames.path(file)),
                    e);
        }
    }
}
