package dev.paligemma.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paligemma.catalog.KnownModel;
import dev.paligemma.catalog.KnownModels;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;

class HelpPagesTest {
    private static final int WIDTH = 80;

    static Stream<String> commands() {
        return new CommandLine(new PaliGemmaCommand()).getSubcommands().keySet().stream();
    }

    @ParameterizedTest
    @MethodSource("commands")
    void examplesAreWholeAndFitATerminal(String command) {
        CommandLine known =
                new CommandLine(new PaliGemmaCommand()).getSubcommands().get(command);
        List<String> examples = Stream.of(known.getCommandSpec().usageMessage().footer())
                .filter(line -> line.startsWith("  "))
                .toList();

        List<String> help = Outcome.run(command, "--help").out().lines().toList();

        assertThat(help).containsAll(examples).allMatch(line -> line.length() <= WIDTH);
    }

    @Test
    void wordsAreWhole() {
        assertThat(Outcome.run("caption", "--help").out())
                .contains("~/.cache/huggingface/hub", "google/paligemma2-3b-mix-224", "[A-Z]{1,3}")
                .matches(Pattern.compile("[\\p{ASCII}]*"));
        assertThat(Outcome.run("--help").out()).contains("Captions, answers").matches(Pattern.compile("[\\p{ASCII}]*"));
    }

    /** Not every model has every revision. */
    @Test
    void modelsOfExamplesAreThere() {
        Pattern model = Pattern.compile("(google/[\\w.-]+)(?: --revision (\\w+))?");
        assertThat(Stream.concat(Stream.of("--help"), commands().map(each -> each + " --help"))
                        .map(command -> Outcome.run(command.split(" ")).out())
                        .flatMap(help -> model.matcher(help).results()))
                .isNotEmpty()
                .allSatisfy(found -> {
                    KnownModel known = KnownModels.find(found.group(1)).orElseThrow();
                    String revision = found.group(2) == null ? "main" : found.group(2);
                    assertThat(known.revisions())
                            .extracting(KnownModel.Revision::name)
                            .contains(revision);
                });
    }
}
