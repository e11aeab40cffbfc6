package dev.paligemma.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** A library does not know the programs above it; its messages name its own settings, as {@code offline(...)}. */
class LibraryMessagesTest {
    private static final Pattern OPTION_IN_A_TEXT = Pattern.compile("\"[^\"\n]*(?<![\\w-])--[a-z][^\"\n]*\"");

    /** A remedy may be a command of another program, in quotes. */
    private static final Pattern FOREIGN_COMMAND = Pattern.compile("'(hf|git|python) [^'\n]*'");

    private static final Path ROOT = Path.of("..");

    @Test
    void nameNoOptionsOfTheCommandLine() throws IOException {
        List<Path> sources = SourceFiles.in(ROOT).stream()
                .filter(LibraryMessagesTest::isOfALibrary)
                .toList();

        assertThat(sources).hasSizeGreaterThan(300);
        for (Path source : sources) {
            String own = FOREIGN_COMMAND.matcher(Files.readString(source)).replaceAll("''");
            assertThat(own).as(source.toString()).doesNotContainPattern(OPTION_IN_A_TEXT);
        }
    }

    private static boolean isOfALibrary(Path file) {
        String path = ROOT.relativize(file).toString().replace('\\', '/');
        return path.contains("/src/main/java/")
                && path.endsWith(".java")
                && !path.matches("(apps|paligemma-examples|src)/.*");
    }
}
