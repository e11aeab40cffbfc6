package dev.paligemma.cli.option;

import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.cli.report.ProgressDisplay;
import dev.paligemma.cli.report.Written;
import dev.paligemma.generation.AnswerStream;
import dev.paligemma.generation.BeamSearch;
import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.generation.GenerationResult;
import dev.paligemma.generation.RequestException;
import dev.paligemma.task.Task;
import dev.paligemma.vision.RgbImage;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Mixin;

/** The options of every command that makes the model write, and the way from them to an answer. */
public final class RequestOptions {
    /** Stands for the pictures of requests that are made later. */
    private static final RgbImage ANY = RgbImage.of(1, 1, new byte[3]);

    @Mixin
    public PictureOptions pictures = new PictureOptions();

    @Mixin
    LengthOptions length = new LengthOptions();

    @Mixin
    DecodingOptions decoding = new DecodingOptions();

    /** Begins the request, before the model is loaded: a bad option is reported without waiting for it. */
    GenerationRequest.Builder begin(Task<?> task, int usualLength, CommandLine command) {
        GenerationRequest.Builder request = task.request();
        int longest = length.maxNewTokens(usualLength, command);
        if (length.maxNewTokens != null || usualLength != GenerationRequest.DEFAULT_MAX_NEW_TOKENS) {
            request.maxNewTokens(longest); // the checkpoint may have a say in the default
        }
        decoding.applyTo(request, pictures.asJson(), command);
        return request;
    }

    /** The same with the pictures of one request: a bad one is reported early, too. */
    GenerationRequest request(Task<?> task, int usualLength, CommandLine command) {
        return begin(task, usualLength, command)
                .images(pictures.input.pictures())
                .build();
    }

    /** What a command makes of what was written about one of many pictures. */
    interface Reader {
        PictureAnswer read(NamedPicture picture, GenerationRequest request, Written written);
    }

    /**
     * Asks about each of many pictures. Gives the exit code.
     *
     * @param open adds to the request what needs the loaded model
     */
    int askAll(
            Task<?> task,
            int usualLength,
            CommandLine command,
            BiFunction<PaliGemmaPipeline, GenerationRequest.Builder, Reader> open) {
        GenerationRequest.Builder begun = begin(task, usualLength, command);
        String prompt = begun.image(ANY).build().prompt();
        // A search has the candidates of one picture, and a limit of time is for one answer.
        boolean alone = decoding.search() != null || decoding.timeout != null;
        return new ManyPictures(pictures).answer(prompt, alone, (pipeline, together) -> {
            Reader reader = open.apply(pipeline, begun);
            return asked -> {
                List<GenerationRequest> requests = asked.stream()
                        .map(each -> begun.image(each.read()).build())
                        .toList();
                List<Optional<Written>> written = write(pipeline, requests, together);
                return IntStream.range(0, written.size())
                        .mapToObj(i -> written.get(i)
                                .map(one -> reader.read(asked.get(i), requests.get(i), one))
                                .orElseGet(() -> PictureAnswer.failed(noAnswer(requests.get(i)))))
                        .toList();
            };
        });
    }

    /** What a search finds may be nothing. */
    private List<Optional<Written>> write(PaliGemmaPipeline pipeline, List<GenerationRequest> requests, int together) {
        BeamSearch search = decoding.search();
        if (search != null) {
            return requests.stream()
                    .map(request -> Written.found(pipeline.search(request, search)))
                    .toList();
        }
        return pipeline.generateAll(requests, together).stream()
                .map(answer -> Optional.of(new Written(answer, List.of())))
                .toList();
    }

    private static String noAnswer(GenerationRequest request) {
        return "the search found no answer of up to " + request.maxNewTokens() + " tokens";
    }

    /** Asks the model; {@code out}, if there is one, gets the text as it is written, and a line break. */
    Written ask(
            PaliGemmaPipeline pipeline,
            GenerationRequest request,
            ProgressDisplay progress,
            @Nullable PrintWriter out) {
        progress.step(request.images().size() == 1 ? "reading the picture" : "reading the pictures");
        BeamSearch search = decoding.search();
        if (search == null) {
            try (AnswerStream answer = pipeline.stream(request)) {
                GenerationResult result = out == null ? await(answer, progress) : print(answer, progress, out);
                return new Written(result, List.of());
            }
        }
        Written written = Written.found(pipeline.search(request, search))
                .orElseThrow(() -> new RequestException(noAnswer(request)));
        if (out != null) {
            progress.clear();
            out.println(written.answer().text());
        }
        return written;
    }

    private static GenerationResult await(AnswerStream answer, ProgressDisplay progress) {
        for (int tokens = 1; answer.hasNext(); tokens++) {
            answer.next();
            progress.step("writing, " + tokens + " tokens");
        }
        return answer.result();
    }

    private static GenerationResult print(AnswerStream answer, ProgressDisplay progress, PrintWriter out) {
        boolean inLine = false;
        try {
            while (answer.hasNext()) {
                String text = answer.next().text();
                if (!text.isEmpty()) {
                    progress.clear();
                    out.print(text);
                    inLine = true;
                    if (out.checkError()) { // flushes, too
                        throw new UncheckedIOException(new IOException("nobody reads the answer any more"));
                    }
                }
            }
            inLine = false;
        } finally {
            progress.clear();
            if (inLine) {
                out.println(); // a message about what went wrong begins a line of its own
            }
        }
        out.println();
        return answer.result();
    }
}
