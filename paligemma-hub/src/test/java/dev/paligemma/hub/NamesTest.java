package dev.paligemma.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class NamesTest {
    @Test
    void namesHaveAnOwnerAndPerhapsARevision() {
        assertThat(HubModel.parse("google/paligemma2-3b-mix-224"))
                .isEqualTo(new HubModel("google/paligemma2-3b-mix-224", "main"))
                .hasToString("google/paligemma2-3b-mix-224");
        assertThat(HubModel.parse("google/paligemma-3b-pt-224@bfloat16"))
                .isEqualTo(new HubModel("google/paligemma-3b-pt-224", "bfloat16"))
                .hasToString("google/paligemma-3b-pt-224@bfloat16");
        assertThat(HubModel.parse("a/b").withRevision("refs/pr/12").revision()).isEqualTo("refs/pr/12");
        assertThat(HubModel.parse("a/b", "x")).isEqualTo(HubModel.parse("a/b@x"));
        assertThat(HubModel.parse("a/b@x", "x")).isEqualTo(HubModel.parse("a/b@x"));
        assertThat(HubModel.parse("a/b@x", null)).isEqualTo(HubModel.parse("a/b@x"));
        assertThatThrownBy(() -> HubModel.parse("a/b@x", "main"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContainingAll("a/b@x", "revision x", "main", "expected one of them");
        assertThat(HubModel.isRevision("a..b")).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "a",
                "a/",
                "/b",
                "a/b/",
                "a/b//c",
                "a/b/..",
                "a/b/../c",
                "a/b/./c",
                "a/b/c/",
                "a/b/c\\d",
                "a/b/c:d",
                "a/b/c@",
                "a/b/con",
                "a/b/1/2/3/4/5/6/7/8/9",
                "a//b",
                "./b",
                "../b",
                "a/..",
                "a/b..c",
                "a/b--c",
                "a\\b",
                "a/b@",
                "a/b@..",
                "a/b@../c",
                "a/b@a//b",
                "a/b@/a",
                "a/b@a/",
                "a/b@a\\b",
                "a/b@a b",
                "a/b@a:b",
                "a/b@a/b/c/d/e/f",
                "a/b@con",
                "a/ b",
                "a/b.git",
                "a/-b",
                "a/b.",
                "a b/c",
                "a/b\n",
                "a/b?x",
                "a/b#x",
                "a/%2e",
                "C:/b",
                "a/b@@",
                "~/b",
                "a/b@x."
            })
    void othersAreNoNames(String text) {
        assertThat(HubModel.isName(text)).isFalse();
        assertThatThrownBy(() -> HubModel.parse(text)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void modelsMayLieInFolders() {
        assertThat(HubModel.parse("owner/repo/checkpoint-500"))
                .isEqualTo(new HubModel("owner/repo", "main", "checkpoint-500"))
                .hasToString("owner/repo/checkpoint-500");
        assertThat(HubModel.parse("owner/repo/runs/a b/last@v1.0"))
                .isEqualTo(new HubModel("owner/repo", "v1.0", "runs/a b/last"))
                .hasToString("owner/repo/runs/a b/last@v1.0");
        assertThat(HubModel.parse("owner/repo/sub", "refs/pr/1").path()).isEqualTo("sub");
        assertThat(HubModel.parse("owner/repo/sub").withRevision("x").path()).isEqualTo("sub");
        assertThatThrownBy(() -> new HubModel("owner/repo", "main", "../other"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("../other");
    }

    @ParameterizedTest
    @CsvSource({
        "https://huggingface.co/google/paligemma-3b-mix-224, google/paligemma-3b-mix-224",
        "https://huggingface.co/google/paligemma-3b-mix-224/, google/paligemma-3b-mix-224",
        "http://www.huggingface.co/a/b?library=transformers#usage, a/b",
        "HTTPS://HuggingFace.co/a/b, a/b",
        "huggingface.co/a/b, a/b",
        "hf.co/a/b/, a/b",
        "https://hf.co/a/b/tree/main, a/b",
        "https://huggingface.co/a/b/tree/bfloat16, a/b@bfloat16",
        "https://huggingface.co/a/b/tree/refs%2Fpr%2F3, a/b@refs/pr/3",
        "https://huggingface.co/a/b/tree/main/checkpoint-500, a/b/checkpoint-500",
        "https://huggingface.co/a/b/tree/v1/runs/last/, a/b/runs/last@v1",
        "https://huggingface.co/a/b/blob/main/config.json, a/b",
        "https://huggingface.co/a/b/blob/main/sub/adapter_config.json, a/b/sub",
        "https://huggingface.co/a/b/resolve/main/model.safetensors?download=true, a/b",
        "https://huggingface.co/a/b/resolve/main/x.bf16.npz, a/b/x.bf16.npz",
        "https://huggingface.co/a/b/commit/0123456789abcdef0123456789abcdef01234567, "
                + "a/b@0123456789abcdef0123456789abcdef01234567",
        "https://huggingface.co/a/b/discussions/3, a/b",
        "https://huggingface.co/api/models/a/b, a/b",
        "hf://a/b, a/b",
        "hf://models/a/b@v1/sub, a/b/sub@v1",
    })
    void addressesOfPagesAreUnderstood(String address, String name) {
        assertThat(HubModel.isName(address)).isTrue();
        assertThat(HubModel.parse(address)).isEqualTo(HubModel.parse(name));
    }

    @ParameterizedTest
    @CsvSource({
        "https://example.com/a/b, give a/b",
        "https://mirror.example:8443/a/b/tree/x, give a/b@x",
        "https://huggingface.co/datasets/a/b, no page of a model",
        "https://huggingface.co/a, no page of a model",
        "https://huggingface.co/, no page of a model",
        "https://huggingface.co/a/b/tree/main/../../c, is not a folder",
        "https://huggingface.co/a/b/tree/main/%2e%2e/c, is not a folder",
        "s3://a/b, expected the name of a model",
        "file:///a/b, expected the name of a model",
        "hf://datasets/a/b, hf://owner/name",
    })
    void otherAddressesSayWhatToGive(String address, String advice) {
        assertThat(HubModel.isName(address)).isFalse();
        assertThatThrownBy(() -> HubModel.parse(address))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContainingAll(address, "is an address", advice);
    }

    @Property
    void aNameIsReadAsItIsWritten(@ForAll("texts") String text) {
        if (HubModel.isName(text)) {
            assertThat(HubModel.parse(HubModel.parse(text).toString())).isEqualTo(HubModel.parse(text));
        } else {
            assertThatThrownBy(() -> HubModel.parse(text)).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Property
    void aSafePathStaysBelowItsFolder(@ForAll("texts") String text) {
        if (!FileNames.isSafePath(text)) {
            return;
        }
        Path folder = Path.of("folder").toAbsolutePath();
        try {
            Path below = folder.resolve(text);
            assertThat(below.normalize()).isEqualTo(below);
            assertThat(below.startsWith(folder)).isTrue();
            assertThat(below).isNotEqualTo(folder);
        } catch (InvalidPathException e) {
            assertThat(text).as("not encodable here").matches("(?s).*[^\\x00-\\x7f].*");
        }
    }

    @Provide
    Arbitrary<String> texts() {
        return Arbitraries.of(
                        "a", "b", "main", "..", ".", "/", "/", "\\", "@", "-", "--", "con", ":", "\0", " ", "ä", "~")
                .list()
                .ofMaxSize(6)
                .map(parts -> String.join("", parts));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "", ".", "..", "a/..", "/a", "a//b", "a/", "a\\b", "a\0b", "a\nb", "c:a", "a*", "nul", "NUL.txt",
                "com1", "a.", "a "
            })
    void refusesUnsafePaths(String path) {
        assertThatThrownBy(() -> FileSet.of(path)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> FileNames.requireSafePath(path, "the list"))
                .isInstanceOf(HubException.class)
                .hasMessageContaining("the list");
    }

    @Test
    void aSetHasFiles() {
        assertThatThrownBy(FileSet::of).isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @CsvSource({
        "https://hub.example, https://hub.example, https://cdn.example/x, true",
        "https://hub.example, https://hub.example, http://hub.example/x, false",
        "https://hub.example, https://cdn.example, http://cdn.example/x, false",
        "https://hub.example, https://cdn.example, //other.example/x, true",
        "http://127.0.0.1:80, http://127.0.0.1, http://127.0.0.1:81/x, true",
        "http://127.0.0.1:80, https://127.0.0.1, http://127.0.0.1:81/x, false",
    })
    void encryptionIsNeverLost(String hub, String asked, String location, boolean isAllowed) {
        Endpoint endpoint = new Endpoint(hub);
        if (isAllowed) {
            assertThat(Http.target(endpoint, URI.create(asked), 302, location).getHost())
                    .isNotNull();
        } else {
            assertThatThrownBy(() -> Http.target(endpoint, URI.create(asked), 302, location))
                    .isInstanceOf(HubException.class)
                    .hasMessageContaining("not encrypted");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "https://hub.example, https://hub.example/x, true",
        "https://hub.example, https://HUB.example:443/x, true",
        "https://hub.example, https://hub.example:444/x, false",
        "https://hub.example, http://hub.example/x, false",
        "https://hub.example, https://hub.example.evil/x, false",
        "https://hub.example, https://cdn.hub.example/x, false",
    })
    void theTokensHostIsTheVerySame(String hub, String address, boolean isSame) {
        assertThat(new Endpoint(hub).isOrigin(URI.create(address))).isEqualTo(isSame);
    }

    @ParameterizedTest
    @CsvSource({
        "https://hub.example, false",
        "http://hub.example, true",
        "http://localhost:8080, false",
        "http://127.0.0.1, false",
        "http://[::1]:80, false",
        "http://10.0.0.1, true",
        "http://127.evil.example, true",
    })
    void clearTextIsExposedBeyondThisMachine(String hub, boolean isExposed) {
        assertThat(new Endpoint(hub).isExposed()).isEqualTo(isExposed);
    }
}
