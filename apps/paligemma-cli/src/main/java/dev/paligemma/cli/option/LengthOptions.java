package dev.paligemma.cli.option;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** How long an answer may be. */
public final class LengthOptions {
    @Option(
            names = "--max-new-tokens",
            paramLabel = "N",
            description =
                    "Write at most N tokens per answer (default: as the model's generation_config.json says, else 128, for boxes and masks 512).")
    @Nullable
    public Integer maxNewTokens;

    /** The limit, at least 1: the usual one if nothing was chosen. The command refuses one that leaves nothing. */
    public int maxNewTokens(int usual, CommandLine command) {
        int chosen = maxNewTokens == null ? usual : maxNewTokens;
        if (chosen < 1) {
            throw new ParameterException(command, "--max-new-tokens must be at least 1, got " + chosen);
        }
        return chosen;
    }
}
