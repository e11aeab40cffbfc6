package dev.paligemma.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;

/** The examples of {@code paligemma} commands that users read: in the README, in docs, and in {@code --help}. */
final class Examples {
    private static final Path ROOT = Path.of("../..");
    private static final Pattern BLOCK =
            Pattern.compile("^ *```(?:sh|bash|shell|console)\\R(.*?)^ *```", Pattern.MULTILINE | Pattern.DOTALL);
    private static final Pattern COMMAND = Pattern.compile("(?:^|.* )(?:paligemma|-jar \\S*paligemma\\.jar) (.*)");

    private Examples() {}

    /** The arguments of each command, and the first place where it is shown. */
    static Map<List<String>, String> all() throws IOException {
        Map<List<String>, String> examples =
                new TreeMap<>((a, b) -> a.toString().compareTo(b.toString()));
        for (Path document : documents()) {
            Matcher block = BLOCK.matcher(Files.readString(document));
            while (block.find()) {
                add(examples, ROOT.relativize(document).toString(), block.group(1));
            }
        }
        CommandLine root = new CommandLine(new PaliGemmaCommand());
        addHelp(examples, root.getCommandSpec());
        root.getSubcommands().values().forEach(command -> addHelp(examples, command.getCommandSpec()));
        return examples;
    }

    private static List<Path> documents() throws IOException {
        try (Stream<Path> docs = Files.walk(ROOT.resolve("docs"))) {
            return Stream.concat(Stream.of(ROOT.resolve("README.md")), docs)
                    .filter(file -> file.toString().endsWith(".md"))
                    .sorted()
                    .toList();
        }
    }

    private static void addHelp(Map<List<String>, String> examples, CommandSpec command) {
        String place = command.qualifiedName() + " --help";
        add(examples, place, String.join("\n", command.usageMessage().description()));
        add(examples, place, String.join("\n", command.usageMessage().footer()));
    }

    private static void add(Map<List<String>, String> examples, String place, String lines) {
        lines.replaceAll("\\\\\\R\\s*", "")
                .lines()
                .map(COMMAND::matcher)
                .filter(Matcher::matches)
                .forEach(matcher -> examples.putIfAbsent(words(matcher.group(1)), place));
    }

    /** Splits as a shell does, as far as the examples need it, up to where another command, a file or a comment follows. */
    private static List<String> words(String line) {
        Matcher word =
                Pattern.compile("(?:\"([^\"]*)\"|'([^']*)'|([^\\s\"']+))").matcher(line);
        List<String> words = new ArrayList<>();
        while (word.find()) {
            if (word.group(3) == null) {
                words.add(word.group(1) == null ? word.group(2) : word.group(1));
            } else if (word.group(3).matches("[|#<>&;].*|\\d?>.*")) {
                break;
            } else {
                words.add(word.group(3));
            }
        }
        return words;
    }
}
