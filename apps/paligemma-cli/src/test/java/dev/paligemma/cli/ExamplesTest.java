package dev.paligemma.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import dev.paligemma.PipelineBuilder;
import dev.paligemma.tiny.TinyModel;
import dev.paligemma.tokenizer.PaliGemmaTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;
import picocli.CommandLine.ParseResult;

/**
 * Every example of a command is understood; every one that needs nothing but this project is run, about the bundled picture,
 * and says something sensible.
 *
 * <p>An example that names a model, an adapter or a download needs more than this project has, and is only read. All others
 * are for the bundled model, so that what they ask has to be in its language. Pictures that an example names are the bundled
 * one here, whatever they are called.
 */
class ExamplesTest {
    /** Options and commands with which an example needs what this project does not have, or minutes, or does not end. */
    private static final Set<String> FOREIGN = Set.of(
            "--model",
            "--adapter",
            "--reference-model",
            "--index",
            "--data",
            "--predictions",
            "download",
            "merge",
            "finetune",
            "serve");

    /** Commands that ask a model, whose words have to be known to it. */
    private static final Set<String> ASKING =
            Set.of("generate", "caption", "answer", "ocr", "detect", "segment", "score", "tokenize", "verify");

    private static final Pattern PICTURE =
            Pattern.compile(".*\\.(jpe?g|png|gif|bmp|tiff?|webp)", Pattern.CASE_INSENSITIVE);
    private static final Pattern NO_WORD = Pattern.compile("[^\\p{L}]+");

    private static final PaliGemmaTokenizer TOKENIZER =
            PaliGemmaTokenizer.load(TinyModel.folder().resolve("tokenizer.json"));

    @TempDir
    Path folder;

    static Stream<Arguments> examples() throws IOException {
        return Examples.all().entrySet().stream().map(example -> Arguments.of(example.getValue(), example.getKey()));
    }

    static Stream<Arguments> runnable() throws IOException {
        return examples()
                .filter(example -> ((List<?>) example.get()[1]).stream().noneMatch(FOREIGN::contains));
    }

    @ParameterizedTest(name = "{0}: {1}")
    @MethodSource("examples")
    void isUnderstood(String place, List<String> args) {
        assertThatCode(() -> parse(args)).as(place).doesNotThrowAnyException();
    }

    @ParameterizedTest(name = "{0}: {1}")
    @MethodSource("runnable")
    void saysSomethingSensibleAboutTheBundledPicture(String place, List<String> args) throws IOException {
        List<String> real = withFiles(args);
        if (ASKING.contains(args.get(0))) {
            assertThat(asked(args))
                    .as("words that the bundled model knows, in %s", place)
                    .allMatch(ExamplesTest::isKnown);
        }

        Outcome outcome = Outcome.run(real.toArray(new String[0]));

        assertThat(outcome.exitCode()).as(outcome.err()).isZero();
        assertThat(outcome.out()).isNotBlank().doesNotContain("nothing found");
        if (Set.of("detect", "segment").contains(args.get(0))) {
            assertThat(outcome.out()).containsAnyOf("\"label\"", "confidence", "<loc");
        }
        int drawing = args.indexOf("--out");
        if (drawing >= 0) {
            assertThat(Path.of(real.get(drawing + 1))).exists();
        }
    }

    /** Nobody notices an example that is not found any more. */
    @Test
    void everyCommandHasAnExample() throws IOException {
        Set<String> commands =
                new CommandLine(new PaliGemmaCommand()).getSubcommands().keySet();

        assertThat(names(examples())).containsAll(commands);
        assertThat(names(runnable())).contains("caption", "answer", "ocr", "detect", "segment", "score");
    }

    private static List<String> names(Stream<Arguments> examples) {
        return examples.map(example -> String.valueOf(((List<?>) example.get()[1]).get(0)))
                .toList();
    }

    private static ParseResult parse(List<String> args) {
        return new CommandLine(new PaliGemmaCommand())
                .setCaseInsensitiveEnumValuesAllowed(true)
                .parseArgs(args.toArray(new String[0]));
    }

    /** The arguments with real files in the places of those that the example names. */
    private List<String> withFiles(List<String> args) throws IOException {
        List<String> real = new ArrayList<>();
        for (String arg : args) {
            String before = real.isEmpty() ? "" : args.get(real.size() - 1);
            if (before.equals("--out")) {
                real.add(folder.resolve(arg).toString());
            } else if (arg.equals(PipelineBuilder.MASK_WEIGHTS)) {
                real.add(TinyModel.folder().resolve(arg).toString());
            } else if (PICTURE.matcher(arg).matches()) {
                Path picture = folder.resolve(arg.replace('*', '1'));
                Files.createDirectories(picture.getParent());
                Files.copy(TinyModel.picture(), picture);
                real.add(picture.toString());
            } else {
                real.add(arg);
            }
        }
        return real;
    }

    /** The words of the prompt: all that is neither an option nor a file. */
    private static List<String> asked(List<String> args) {
        ParseResult command = parse(args).subcommand();
        Stream<String> positional =
                command.matchedPositionals().stream().flatMap(parameter -> parameter.originalStringValues().stream());
        Stream<String> options = Stream.of("--prompt", "--choices", "--language")
                .filter(command::hasMatchedOption)
                .flatMap(name -> command.matchedOption(name).originalStringValues().stream());
        return Stream.concat(positional, options)
                .filter(text -> !PICTURE.matcher(text).matches())
                .flatMap(text -> Arrays.stream(NO_WORD.split(text)))
                .filter(word -> !word.isEmpty() && !word.equals("segment"))
                .distinct()
                .toList();
    }

    /** The bundled model has a token for every word that it knows, and spells all others. */
    private static boolean isKnown(String word) {
        return TOKENIZER.encode(" " + word).length == 1 || TOKENIZER.encode(word).length == 1;
    }
}
