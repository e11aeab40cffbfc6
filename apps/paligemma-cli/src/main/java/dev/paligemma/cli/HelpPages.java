package dev.paligemma.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.Help;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Help.ColorScheme;
import picocli.CommandLine.Help.IOptionRenderer;
import picocli.CommandLine.Help.IParameterRenderer;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.UsageMessageSpec;

/**
 * Help whose lines break between words only, so that {@code ~/.cache} stays in one piece, and whose examples do not break at all,
 * so that they can be copied.
 *
 * <p>picocli breaks lines where a text in prose may break, as after the stop of {@code ~/.cache}. So every mark within a word is
 * shown to it as a letter of a script that nothing here is written in, and turned back afterwards. Stateless.
 */
final class HelpPages {
    private static final char FIRST_LETTER = '\u1401';
    private static final char FIRST_MARK = '!';
    private static final char LAST_MARK = '~';

    private HelpPages() {}

    /** Gives a command and all below it such help. */
    static void install(CommandLine commandLine) {
        UsageMessageSpec usage = commandLine.getCommandSpec().usageMessage();
        usage.description(asLetters(usage.description()));
        commandLine.setHelpFactory(Page::new);
        commandLine.getHelpSectionMap().replaceAll((section, renderer) -> help -> asMarks(renderer.render(help)));
        commandLine.getHelpSectionMap().put(UsageMessageSpec.SECTION_KEY_FOOTER, HelpPages::footer);
        commandLine.getSubcommands().values().forEach(HelpPages::install);
    }

    private static String[] asLetters(String... texts) {
        String[] letters = new String[texts.length];
        for (int i = 0; i < texts.length; i++) {
            letters[i] = asLetters(texts[i]);
        }
        return letters;
    }

    private static String asLetters(String text) {
        return text.chars()
                .map(c -> c < FIRST_MARK || c > LAST_MARK || Character.isLetterOrDigit(c)
                        ? c
                        : c - FIRST_MARK + FIRST_LETTER)
                .mapToObj(Character::toString)
                .collect(Collectors.joining());
    }

    private static String asMarks(String text) {
        return text.chars()
                .map(c -> c < FIRST_LETTER || c > FIRST_LETTER + LAST_MARK - FIRST_MARK
                        ? c
                        : c - FIRST_LETTER + FIRST_MARK)
                .mapToObj(Character::toString)
                .collect(Collectors.joining());
    }

    /** An indented line is an example and stays as it is, however narrow the terminal. */
    private static String footer(Help help) {
        StringBuilder footer = new StringBuilder();
        UsageMessageSpec usage = help.commandSpec().usageMessage();
        List<String> prose = new ArrayList<>();
        for (String line : usage.footer()) {
            if (line.startsWith("  ")) {
                footer.append(wrapped(help, prose)).append(line).append(System.lineSeparator());
                prose.clear();
            } else {
                prose.add(asLetters(line));
            }
        }
        return footer.append(wrapped(help, prose)).toString();
    }

    private static String wrapped(Help help, List<String> prose) {
        UsageMessageSpec usage = help.commandSpec().usageMessage();
        StringBuilder text = new StringBuilder();
        Help.join(
                help.ansi(),
                usage.width(),
                usage.adjustLineBreaksForWideCJKCharacters(),
                prose.toArray(new String[0]),
                text);
        return asMarks(text.toString());
    }

    /** Options and parameters with marks as letters. */
    private static final class Page extends Help {
        Page(CommandSpec command, ColorScheme colours) {
            super(command, colours);
        }

        @Override
        public IOptionRenderer createDefaultOptionRenderer() {
            IOptionRenderer usual = super.createDefaultOptionRenderer();
            return (option, labels, colours) -> lettersInLast(usual.render(option, labels, colours), colours);
        }

        @Override
        public IParameterRenderer createDefaultParameterRenderer() {
            IParameterRenderer usual = super.createDefaultParameterRenderer();
            return (parameter, labels, colours) -> lettersInLast(usual.render(parameter, labels, colours), colours);
        }

        /** The description is what stands in the last column. */
        private static Ansi.Text[][] lettersInLast(Ansi.Text[][] rows, ColorScheme colours) {
            for (Ansi.Text[] row : rows) {
                int last = row.length - 1;
                row[last] = colours.text(asLetters(row[last].plainString()));
            }
            return rows;
        }
    }
}
