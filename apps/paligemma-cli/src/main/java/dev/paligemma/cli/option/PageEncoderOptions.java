package dev.paligemma.cli.option;

import dev.paligemma.base.internal.Quote;
import dev.paligemma.cli.report.ProgressDisplay;
import dev.paligemma.hub.HubModel;
import dev.paligemma.retrieval.PageEncoder;
import dev.paligemma.retrieval.PageEncoderBuilder;
import dev.paligemma.retrieval.PromptLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** The options that choose a page encoder and how it runs. */
public final class PageEncoderOptions extends EngineOptions {
    /** A page encoder that runs as it is. */
    public static final String EXAMPLE = "vidore/colpali-v1.3-hf";

    @Option(
            names = "--adapter",
            paramLabel = "MODEL",
            description =
                    "Adapter of colpali_engine for --model, a folder or the name of one on the hub; --model takes an adapter "
                            + "that names its base as well.")
    @Nullable
    String adapter;

    @Option(
            names = "--layout",
            paramLabel = "NAME",
            converter = LayoutConverter.class,
            description =
                    "How texts around pages and queries are laid out: transformers or colpali-engine; pages and queries "
                            + "need the same (default: as the library that wrote the checkpoint).")
    @Nullable
    PromptLayout layout;

    /** What was typed as the model; null if nothing was. */
    public @Nullable String model() {
        return checkpoint.model();
    }

    /** Loads the page encoder of that name or folder; the caller closes it. A layout is what was typed, or else the given one. */
    public PageEncoder open(String typed, @Nullable PromptLayout usual, ProgressDisplay progress) {
        progress.step("loading " + typed);
        PageEncoderBuilder builder = pageEncoder(progress);
        if (Files.exists(Path.of(typed))) {
            if (checkpoint.revision != null) {
                throw new IllegalArgumentException(
                        "--revision is for models of the hub, and " + typed + " is on this machine");
            }
            builder.checkpoint(Path.of(typed));
        } else if (HubModel.isName(typed)) {
            builder.model(HubModel.parse(typed, checkpoint.revision).toString());
        } else {
            throw new IllegalArgumentException("there is no folder " + typed
                    + ", and it is not the name of a model on the hub (owner/name, such as " + EXAMPLE + ")");
        }
        String lora = adapter;
        if (lora != null) {
            builder.adapter(checkpoint.adapter(lora, progress));
        }
        PromptLayout chosen = layout == null ? usual : layout;
        if (chosen != null) {
            builder.layout(chosen);
        }
        return builder.build();
    }

    /** Reads the name of a layout. */
    static final class LayoutConverter implements ITypeConverter<PromptLayout> {
        @Override
        public PromptLayout convert(String text) {
            return switch (text) {
                case "transformers" -> PromptLayout.TRANSFORMERS;
                case "colpali-engine" -> PromptLayout.COLPALI_ENGINE;
                default ->
                    throw new TypeConversionException(
                            "expected transformers or colpali-engine, got " + Quote.quote(text));
            };
        }
    }
}
