package dev.paligemma;

import dev.paligemma.task.Tasks;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells those who chat with a pre-trained checkpoint that it was not made for that, once for each model. Thread-safe. */
final class Advice {
    /** Names of published checkpoints that were not tuned: {@code paligemma2-3b-pt-224}. */
    private static final Pattern PRETRAINED = Pattern.compile("(?i)paligemma[^/\\\\]*-pt(-|\\b)");

    private static final Logger LOG = LoggerFactory.getLogger(PaliGemmaPipeline.class);

    private final Path folder;
    private final boolean isPretrained;
    private final AtomicBoolean advised = new AtomicBoolean();

    Advice(Path folder) {
        this.folder = folder;
        this.isPretrained = PRETRAINED.matcher(folder.toString()).find();
    }

    /** Looks at a prompt. */
    void onPrompt(String prompt) {
        if (isPretrained) {
            Tasks.hint(prompt)
                    .filter(hint -> advised.compareAndSet(false, true))
                    .ifPresent(hint -> LOG.info("{} looks like a pre-trained checkpoint (pt): {}", folder, hint));
        }
    }
}
