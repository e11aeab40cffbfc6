package dev.paligemma.cli.command;

import dev.paligemma.cli.option.TextOptions;
import dev.paligemma.task.Tasks;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code paligemma caption}: a picture in words. */
@Command(
        name = "caption",
        description = "Describe a picture.",
        footer = {
            "",
            "Examples:",
            "  paligemma caption cat.jpg --language es --model google/paligemma2-3b-mix-224",
            "  paligemma caption photos/ --jsonl --model google/paligemma2-3b-mix-224"
        })
public final class CaptionCommand implements Callable<Integer> {
    /** The kinds of captions that the models were trained on. */
    enum Style {
        /** As beside pictures of the web. */
        SHORT,
        /** One sentence as in the COCO data set. */
        COCO,
        /** Several sentences. */
        LONG;

        /** The name as it is typed. */
        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    @Parameters(
            paramLabel = "PICTURE",
            arity = "0..*",
            description = "Pictures and folders of pictures; of several, an answer about each.")
    List<String> pictures = List.of();

    @Option(
            names = "--language",
            paramLabel = "CODE",
            description = "Language of the caption (default: ${DEFAULT-VALUE}).")
    String language = "en";

    @Option(
            names = "--style",
            paramLabel = "NAME",
            description = "short: a few words, as on the web; coco: one sentence; long: a description "
                    + "(default: ${DEFAULT-VALUE}).")
    Style style = Style.COCO;

    @Mixin
    TextOptions text = new TextOptions();

    @Override
    public Integer call() {
        return text.about(pictures)
                .answer(
                        switch (style) {
                            case SHORT -> Tasks.cap(language);
                            case COCO -> Tasks.caption(language);
                            case LONG -> Tasks.describe(language);
                        });
    }
}
