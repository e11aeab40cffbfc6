package dev.paligemma.cli.validation;

import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.base.PaliGemmaException;
import dev.paligemma.base.internal.FailureReason;
import dev.paligemma.base.internal.Sha256;
import dev.paligemma.cli.validation.Outcome.Verdict;
import dev.paligemma.cli.validation.Recipe.Check;
import dev.paligemma.cli.validation.Recipe.KnownFile;
import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.vision.RgbImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/** Compares files and answers with a recipe. Stateless. */
public final class Validation {
    private Validation() {}

    /** Compares a file's SHA-256. */
    public static Outcome file(Path folder, KnownFile known) {
        Path file = folder.resolve(known.name());
        String asked = "SHA-256 of " + known.name();
        try {
            String got = Sha256.of(file);
            Verdict verdict = got.equals(known.sha256()) ? Verdict.PASS : Verdict.DIFFERS;
            return new Outcome(known.name(), verdict, asked, known.sha256(), got);
        } catch (IOException e) {
            return new Outcome(
                    known.name(), Verdict.NOT_RUN, asked, known.sha256(), file + ": " + FailureReason.of(e, file));
        }
    }

    /** Asks the model, or its tokenizer, and compares. */
    public static Outcome check(PaliGemmaPipeline pipeline, Check check, Pictures pictures) {
        if (!check.tokenIds().isEmpty()) {
            return tokens(pipeline, check);
        }
        List<RgbImage> shown;
        try {
            shown = check.pictures().stream().map(pictures::get).toList();
        } catch (PaliGemmaException e) {
            return new Outcome(
                    check.id(), Verdict.NOT_RUN, check.prompt(), check.answer(), String.valueOf(e.getMessage()));
        }
        String answer = pipeline.generate(GenerationRequest.builder()
                        .images(shown)
                        .prompt(check.prompt())
                        .maxNewTokens(check.maxNewTokens())
                        .build())
                .text();
        Verdict verdict = check.match().holds(check.answer(), answer) ? Verdict.PASS : Verdict.DIFFERS;
        return new Outcome(check.id(), verdict, check.prompt(), check.answer(), answer);
    }

    private static Outcome tokens(PaliGemmaPipeline pipeline, Check check) {
        List<Integer> got = Arrays.stream(pipeline.tokenizer().encode(check.prompt()))
                .boxed()
                .toList();
        Verdict verdict = got.equals(check.tokenIds()) ? Verdict.PASS : Verdict.DIFFERS;
        return new Outcome(check.id(), verdict, "token ids of " + check.prompt(), text(check.tokenIds()), text(got));
    }

    private static String text(List<Integer> ids) {
        return ids.stream().map(String::valueOf).collect(Collectors.joining(" "));
    }
}
