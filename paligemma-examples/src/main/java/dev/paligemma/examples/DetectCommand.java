package dev.paligemma.examples;

import dev.paligemma.tokenizer.ControlTokens;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code paligemma detect}: boxes around things, as the model writes them. */
@Command(
        name = "detect",
        description = {
            "Find things in a picture.",
            "Prints the model's own notation: four codes <locNNNN> per box (top, left, bottom, right, each in 1/1024 "
                    + "of the picture's height or width), then the name; several boxes are separated by ' ; '."
        },
        sortOptions = false,
        usageHelpAutoWidth = true,
        footer = {"", "Example:", "  paligemma detect cat \"food bowl\" --image kitchen.jpg"})
final class DetectCommand implements Runnable {
    @Spec
    CommandSpec spec;

    @Parameters(paramLabel = "THING", arity = "1..*", description = "What to find.")
    List<String> things;

    @Mixin
    RequestOptions request = new RequestOptions();

    @Override
    public void run() {
        request.answer("detect " + String.join(" ; ", things), ControlTokens.AS_TEXT, spec.commandLine());
    }
}
