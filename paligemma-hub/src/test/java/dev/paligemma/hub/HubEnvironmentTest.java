package dev.paligemma.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HubEnvironmentTest {
    @TempDir
    Path home;

    private HubEnvironment environment(String... namesAndValues) {
        Map<String, String> variables = new HashMap<>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            variables.put(namesAndValues[i], namesAndValues[i + 1]);
        }
        return new HubEnvironment(variables, home.toString());
    }

    @Test
    void homeIsWhatTheEnvironmentSaysItIs() {
        Properties properties = new Properties();
        properties.setProperty("user.home", "?");
        properties.setProperty("user.name", "a b");
        properties.setProperty("java.io.tmpdir", home.toString());
        properties.setProperty("os.name", "Linux");
        Path named = home.resolve("named");
        Map<String, String> variables = Map.of("HOME", named.toString());

        assertThat(HubEnvironment.of(variables, properties).cacheFolder())
                .isEqualTo(named.resolve(".cache/huggingface/hub"));
        assertThat(HubEnvironment.of(Map.of(), properties).cacheFolder())
                .isEqualTo(home.resolve("paligemma-a_b/.cache/huggingface/hub"));
        properties.setProperty("os.name", "Windows 11");
        properties.setProperty("user.home", home.resolve("windows").toString());
        assertThat(HubEnvironment.of(variables, properties).cacheFolder())
                .isEqualTo(home.resolve("windows/.cache/huggingface/hub"));
    }

    @Test
    void theCacheIsWherePythonHasIt() {
        assertThat(environment().cacheFolder()).isEqualTo(home.resolve(".cache/huggingface/hub"));
        assertThat(environment("XDG_CACHE_HOME", home + "/x").cacheFolder())
                .isEqualTo(home.resolve("x/huggingface/hub"));
        assertThat(environment("HF_HOME", "~/hf", "XDG_CACHE_HOME", home + "/x").cacheFolder())
                .isEqualTo(home.resolve("hf/hub"));
        assertThat(environment("HF_HUB_CACHE", home + "/c", "HF_HOME", "~/hf").cacheFolder())
                .isEqualTo(home.resolve("c"));
        assertThat(environment("HUGGINGFACE_HUB_CACHE", home + "/d").cacheFolder())
                .isEqualTo(home.resolve("d"));
        assertThat(environment("HF_HOME", "").cacheFolder()).isEqualTo(home.resolve(".cache/huggingface/hub"));
    }

    @Test
    void theTokenIsWherePythonHasIt() throws IOException {
        assertThat(environment().token()).isNull();
        Files.createDirectories(home.resolve(".cache/huggingface"));
        Files.writeString(home.resolve(".cache/huggingface/token"), "hf_stored\n");
        Files.writeString(home.resolve("other"), " hf_other ");

        assertThat(environment().token()).isEqualTo("hf_stored");
        assertThat(environment("HF_TOKEN_PATH", home + "/other").token()).isEqualTo("hf_other");
        assertThat(environment("HF_TOKEN", "hf_given\n").token()).isEqualTo("hf_given");
        assertThat(environment("HF_TOKEN", " ").token()).isEqualTo("hf_stored");
        assertThat(environment("HUGGING_FACE_HUB_TOKEN", "hf_old").token()).isEqualTo("hf_old");
        assertThat(environment("HF_TOKEN", "hf_given", "HF_HUB_DISABLE_IMPLICIT_TOKEN", "1")
                        .token())
                .isNull();
    }

    @Test
    void whatCannotBeATokenIsNotSent() throws IOException {
        assertThat(environment("HF_TOKEN", "two words").token()).isNull();
        assertThat(environment("HF_TOKEN", "a\nb").token()).isNull();
        Path large = Files.writeString(home.resolve("large"), "x".repeat(20_000));
        assertThat(environment("HF_TOKEN_PATH", large.toString()).token()).isNull();
        assertThat(environment("HF_TOKEN_PATH", home.toString()).token()).isNull();
        assertThat(environment("HF_TOKEN", "hf_given").toString()).doesNotContain("hf_given");
    }

    @ParameterizedTest
    @ValueSource(strings = {"1", "on", "ON", "yes", "True"})
    void offlineIsAnyWordForYes(String word) {
        assertThat(environment("HF_HUB_OFFLINE", word).isOffline()).isTrue();
        assertThat(environment("TRANSFORMERS_OFFLINE", word).isOffline()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "0", "off", "no", "false", "maybe"})
    void otherWordsAreNo(String word) {
        assertThat(environment("HF_HUB_OFFLINE", word).isOffline()).isFalse();
    }

    @Test
    void theEndpointMayHaveAPathAndSlashes() {
        HubModel model = HubModel.parse("a/b@refs/pr/1");
        assertThat(environment().endpoint()).hasToString("https://huggingface.co");
        Endpoint mirror =
                environment("HF_ENDPOINT", "https://mirror.example/hf//").endpoint();
        assertThat(mirror.listing(model))
                .hasToString("https://mirror.example/hf/api/models/a/b/revision/refs%2Fpr%2F1");
        assertThat(mirror.file(model, "abc", "x y/ä.json"))
                .hasToString("https://mirror.example/hf/a/b/resolve/abc/x%20y/%C3%A4.json");
        assertThatThrownBy(() -> environment("HF_ENDPOINT", "huggingface.co").endpoint())
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void timesAreWholeSecondsAndNoughtIsNone() {
        assertThat(environment().answerTimeout()).hasSeconds(10);
        assertThat(environment().downloadTimeout()).hasSeconds(30);
        assertThat(environment("HF_HUB_ETAG_TIMEOUT", "86400").answerTimeout()).hasSeconds(86_400);
        assertThat(environment("HF_HUB_DOWNLOAD_TIMEOUT", " 5 ").downloadTimeout())
                .hasSeconds(5);
        assertThat(environment("HF_HUB_ETAG_TIMEOUT", "0").answerTimeout()).hasSeconds(10);
        assertThatThrownBy(() -> environment("HF_HUB_ETAG_TIMEOUT", "soon").answerTimeout())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContainingAll("HF_HUB_ETAG_TIMEOUT", "whole number of seconds", "soon");
    }
}
