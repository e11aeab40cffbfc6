package dev.paligemma.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What Maven Central asks of every POM. */
class PomTest {
    private static final Path ROOT = Path.of("..");

    /** The POMs of the build: those that the root lists, and the root. */
    static Stream<Path> poms() throws IOException {
        Matcher module = Pattern.compile("<module>([^<]+)</module>").matcher(Files.readString(ROOT.resolve("pom.xml")));
        Stream.Builder<Path> poms = Stream.<Path>builder().add(ROOT.resolve("pom.xml"));
        while (module.find()) {
            poms.add(ROOT.resolve(module.group(1)).resolve("pom.xml"));
        }
        return poms.build();
    }

    @ParameterizedTest
    @MethodSource("poms")
    void everyPomSaysWhatItsModuleIs(Path pom) throws IOException {
        assertThat(Files.readString(pom))
                .containsPattern("\\R  <name>PaliGemma for Java.*</name>")
                .containsPattern("\\R  <description>.+</description>");
    }

    @Test
    void whoWroteItUnderWhichLicenceAndWhereIsInherited() throws IOException {
        // The bill of materials has no parent.
        for (String pom : List.of("pom.xml", "paligemma-bom/pom.xml")) {
            assertThat(Files.readString(ROOT.resolve(pom)))
                    .contains(
                            "<url>${project.home}</url>",
                            "<scm",
                            "<licenses>",
                            "<developers>",
                            "<project.home>https://");
        }
    }
}
