package dev.paligemma.examples;

import dev.paligemma.GenerationRequest;
import dev.paligemma.GenerationResult;
import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.tokenizer.ControlTokens;
import dev.paligemma.vision.RgbImage;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The options of every command that makes the model write, and the way from them to the output. */
final class RequestOptions {
    @Mixin
    ModelOptions model = new ModelOptions();

    @Option(
            names = "--image",
            paramLabel = "FILE",
            description = "Picture to look at; may be repeated (default: the bundled picture).")
    List<Path> images = List.of();

    @Option(
            names = "--max-new-tokens",
            paramLabel = "N",
            description = "Write at most N tokens (default: ${DEFAULT-VALUE}).")
    int maxNewTokens = GenerationRequest.DEFAULT_MAX_NEW_TOKENS;

    @Option(names = "--json", description = "Print one JSON object with the text and the figures behind it.")
    boolean json;

    /**
     * Asks the model and prints what it wrote.
     *
     * @param prompt the whole prompt
     * @param controlTokens what {@code <loc0001>} and the like in the prompt mean
     * @param command where to print
     */
    void answer(String prompt, ControlTokens controlTokens, CommandLine command) {
        // The request comes first: a bad option or picture is reported without waiting for the model.
        List<Path> files = model.checkpoint.pictures(images);
        GenerationRequest request = GenerationRequest.builder()
                .images(files.stream().map(RgbImage::read).toList())
                .prompt(prompt)
                .controlTokens(controlTokens)
                .maxNewTokens(maxNewTokens)
                .build();
        try (PaliGemmaPipeline pipeline = model.open(command.getErr())) {
            GenerationResult result = pipeline.generate(request);
            command.getOut()
                    .println(json ? Json.of(prompt, result, pipeline.info().loadMs()) : result.text());
        }
    }
}
