package dev.paligemma.base.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.api.Test;

class CacheFolderTest {
    private static final String HOME = Path.of("home").toAbsolutePath().toString();
    private static final String OTHER = Path.of("other").toAbsolutePath().toString();
    private static final String TEMPORARY =
            Path.of("temporary").toAbsolutePath().toString();

    @Test
    void propertyComesFirst() {
        Properties properties = properties("Linux");
        properties.setProperty("paligemma.cache", OTHER);

        assertThat(CacheFolder.resolve(properties, Map.of("PALIGEMMA_CACHE", HOME, "XDG_CACHE_HOME", HOME)))
                .isEqualTo(Path.of(OTHER));
    }

    @Test
    void variableComesSecond() {
        assertThat(CacheFolder.resolve(properties("Linux"), Map.of("PALIGEMMA_CACHE", OTHER, "XDG_CACHE_HOME", HOME)))
                .isEqualTo(Path.of(OTHER));
    }

    @Test
    void relativeSettingIsMadeAbsolute() {
        assertThat(CacheFolder.resolve(properties("Linux"), Map.of("PALIGEMMA_CACHE", "some/where")))
                .isAbsolute()
                .endsWithRaw(Path.of("some", "where"));
    }

    @Test
    void followsTheConventionOfEachSystem() {
        assertThat(CacheFolder.resolve(properties("Linux"), Map.of())).isEqualTo(Path.of(HOME, ".cache", "paligemma"));
        assertThat(CacheFolder.resolve(properties("Linux"), Map.of("XDG_CACHE_HOME", OTHER)))
                .isEqualTo(Path.of(OTHER, "paligemma"));
        assertThat(CacheFolder.resolve(properties("Mac OS X"), Map.of()))
                .isEqualTo(Path.of(HOME, "Library", "Caches", "paligemma"));
        assertThat(CacheFolder.resolve(properties("Windows 11"), Map.of("LOCALAPPDATA", OTHER)))
                .isEqualTo(Path.of(OTHER, "paligemma"));
        assertThat(CacheFolder.resolve(properties("Windows 11"), Map.of()))
                .isEqualTo(Path.of(HOME, "AppData", "Local", "paligemma"));
    }

    @Test
    void blankAndRelativeVariablesOfTheSystemAreIgnored() {
        assertThat(CacheFolder.resolve(properties("Linux"), Map.of("PALIGEMMA_CACHE", " ", "XDG_CACHE_HOME", "cache")))
                .isEqualTo(Path.of(HOME, ".cache", "paligemma"));
    }

    @Test
    void homeOfTheEnvironmentComesBeforeThatOfJava() {
        assertThat(CacheFolder.resolve(properties("Linux"), Map.of("HOME", OTHER)))
                .isEqualTo(Path.of(OTHER, ".cache", "paligemma"));
        assertThat(CacheFolder.resolve(properties("Windows 11"), Map.of("HOME", OTHER)))
                .isEqualTo(Path.of(HOME, "AppData", "Local", "paligemma"));
    }

    @Test
    void userWithoutHomeGetsAFolderOfTheirOwnAmongTemporaryFiles() {
        Properties properties = properties("Linux");
        properties.setProperty("user.home", "?");
        properties.setProperty("user.name", "a/b");

        assertThat(CacheFolder.resolve(properties, Map.of())).isEqualTo(Path.of(TEMPORARY, "paligemma-a_b"));
    }

    private static Properties properties(String system) {
        Properties properties = new Properties();
        properties.setProperty("os.name", system);
        properties.setProperty("user.home", HOME);
        properties.setProperty("java.io.tmpdir", TEMPORARY);
        return properties;
    }
}
