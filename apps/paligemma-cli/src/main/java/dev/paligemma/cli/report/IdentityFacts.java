package dev.paligemma.cli.report;

import dev.paligemma.base.internal.Quote;
import dev.paligemma.checkpoint.internal.identity.Identity;
import dev.paligemma.checkpoint.internal.identity.Recogniser;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** What was found where a model was named: what it is, who wrote it, whether it runs, and what to do if it does not. Stateless. */
public final class IdentityFacts {
    private static final int LONGEST_PROBLEM = 2000;

    private IdentityFacts() {}

    /** Of something that opens. */
    static Facts of(Identity identity) {
        boolean runs = identity.runs();
        Facts facts = described(identity).line("runs here", runs ? "yes" : "no").value("runs", runs);
        return remedied(facts, identity);
    }

    /** Of something that does not open; without a problem it is the kind of thing that does not. */
    public static Facts of(Identity identity, @Nullable String problem) {
        Facts facts = new Facts()
                .add("path", "path", identity.path())
                .all(described(identity))
                .line("runs here", identity.kind().isAdapter() ? "not alone, as the adapter of its base" : "no")
                .value("runs", false);
        if (problem != null) {
            String line = problem.replaceAll("\\s*\\R\\s*", " ");
            facts.add("problem", "problem", Quote.shown(SettingNames.inOptions(line), LONGEST_PROBLEM));
        }
        remedied(facts, identity);
        Path target = identity.target();
        if (target != null) {
            Identity inside = Recogniser.of(target);
            facts.line("which is", "%s", inside.what());
        }
        return facts;
    }

    /** Of an adapter that fits the model it was given with. */
    public static Facts ofAdapter(Identity identity, int modules) {
        return new Facts()
                .add("adapter", "path", identity.path())
                .all(described(identity))
                .line("fits the model", "yes, it changes %,d modules", modules)
                .value("modules", modules)
                .value("runs", true);
    }

    private static Facts described(Identity identity) {
        Facts facts = new Facts().value("kind", identity.kind()).add("what it is", "what", identity.what());
        return identity.writer() == null
                ? facts.value("writtenBy", null)
                : facts.add("written by", "writtenBy", identity.writer());
    }

    private static Facts remedied(Facts facts, Identity identity) {
        String remedy = identity.remedy();
        if (remedy == null) {
            return facts.value("remedy", null);
        }
        Path target = identity.target();
        return facts.add("what to do", "remedy", SettingNames.inOptions(remedy))
                .value("target", target == null ? null : target.toString());
    }
}
