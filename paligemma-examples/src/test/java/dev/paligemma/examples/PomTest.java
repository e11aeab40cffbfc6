package dev.paligemma.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
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

    /** Archives of Spark, and two modules of Spring AI 1.1, have packages in common, so that no module can use them. */
    private static final List<String> NO_MODULES =
            List.of("paligemma-spark", "paligemma-spring-ai", "paligemma-spring-boot-starter");

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

    /** `mvn javadoc:aggregate` leaves out the modules whose POMs say so, and needs a module-info.java of each other one. */
    @Test
    void theApiDocumentationHasTheModulesThatArePublishedAsLibraries() throws IOException {
        List<String> published = ids(ROOT.resolve("paligemma-bom/pom.xml"), "<dependency>");
        List<String> documented = new ArrayList<>();
        List<String> modular = new ArrayList<>();
        for (Path pom : poms().toList()) {
            String text = Files.readString(pom);
            if (!text.contains("<packaging>pom</packaging>")) {
                String module = ids(pom, "</parent>").get(0);
                if (!text.contains("<maven.javadoc.skip>true</maven.javadoc.skip>")) {
                    documented.add(module);
                }
                if (Files.exists(pom.resolveSibling("src/main/java/module-info.java"))) {
                    modular.add(module);
                }
            }
        }

        assertThat(documented).containsExactlyInAnyOrderElementsOf(published);
        assertThat(published).containsAll(NO_MODULES);
        modular.addAll(NO_MODULES);
        assertThat(modular).containsExactlyInAnyOrderElementsOf(published);
        assertThat(Files.readString(ROOT.resolve("pom.xml")))
                .contains("<skippedModules>dev.paligemma:" + String.join(",dev.paligemma:", NO_MODULES)
                        + "</skippedModules>");
    }

    @Test
    void theApiDocumentationHasNoInternalPackages() throws IOException {
        assertThat(Files.readString(ROOT.resolve("pom.xml")))
                .contains("<excludePackageNames>*.internal:*.internal.*</excludePackageNames>");
    }

    /** Maven takes the plugin of `mvn javadoc:aggregate` from the first module, which is the bill of materials. */
    @Test
    void theBillOfMaterialsHasTheJavadocPluginOfTheOtherModules() throws IOException {
        Pattern plugin = Pattern.compile("<artifactId>maven-javadoc-plugin</artifactId>\\s*<version>([^<]+)</version>");
        List<String> versions = new ArrayList<>();
        for (String pom : List.of("pom.xml", "paligemma-bom/pom.xml")) {
            Matcher version = plugin.matcher(Files.readString(ROOT.resolve(pom)));
            assertThat(version.find()).as(pom).isTrue();
            versions.add(version.group(1));
        }

        assertThat(versions.get(1)).isEqualTo(versions.get(0));
    }

    /** The artifacts named behind a mark in a POM. */
    private static List<String> ids(Path pom, String mark) throws IOException {
        Matcher id = Pattern.compile(
                        Pattern.quote(mark) + "(?:\\s|<groupId>[^<]+</groupId>)*<artifactId>([^<]+)</artifactId>")
                .matcher(Files.readString(pom));
        List<String> ids = new ArrayList<>();
        while (id.find()) {
            ids.add(id.group(1));
        }
        return ids;
    }
}
