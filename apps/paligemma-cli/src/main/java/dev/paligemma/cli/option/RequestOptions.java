package dev.paligemma.cli.option;

import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.cli.report.ProgressDisplay;
import dev.paligemma.cli.report.Written;
import dev.paligemma.generation.AnswerStream;
import dev.paligemma.generation.BeamAnswer;
import dev.paligemma.generation.BeamSearch;
import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.generation.GenerationResult;
import dev.paligemma.generation.RequestException;
import dev.paligemma.task.Task;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Mixin;

/** The options of every command that makes the model write, and the way from them to an answer. */
public final class RequestOptions {
    @Mixin
    public InputOptions input = new InputOptions();

    @Mixin
    LengthOptions length = new LengthOptions();

    @Mixin
    DecodingOptions decoding = new DecodingOptions();

    /** Makes the request, before the model is loaded: a bad option or picture is reported without waiting for it. */
    GenerationRequest request(Task<?> task, int usualLength, CommandLine command) {
        GenerationRequest.Builder request = task.request();
        int longest = length.maxNewTokens(usualLength, command);
        if (length.maxNewTokens != null || usualLength != GenerationRequest.DEFAULT_MAX_NEW_TOKENS) {
            request.maxNewTokens(longest); // the checkpoint may have a say in the default
        }
        decoding.applyTo(request, command);
        return request.images(input.pictures()).build();
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
        List<BeamAnswer> found = pipeline.search(request, search);
        if (found.isEmpty()) {
            throw new RequestException("the search found no answer of up to " + request.maxNewTokens() + " tokens");
        }
        Written written = new Written(found.get(0).answer(), found);
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
