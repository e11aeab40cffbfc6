package dev.paligemma.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.paligemma.base.internal.Json;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Tokens that are added beside a {@code tokenizer.model}, compared with transformers; {@code make_added_tokens.py} in {@code
 * src/reference/tokenizer} made the file.
 */
class AddedTokenListsTest {
    /** Of paligemma.model. */
    private static final int PIECES = 2652;

    @TempDir
    private Path folder;

    @BeforeEach
    void copyTheModel() throws IOException {
        try (InputStream in = resource("paligemma.model")) {
            Files.copy(in, folder.resolve("tokenizer.model"), StandardCopyOption.REPLACE_EXISTING);
        }
    }

    private static InputStream resource(String name) {
        return Objects.requireNonNull(AddedTokenListsTest.class.getResourceAsStream(name), name);
    }

    @Test
    void idsAndTextsAreThoseOfTransformers() throws IOException {
        Path golden = folder.resolve("golden");
        try (InputStream in = resource("added-tokens.json")) {
            Files.copy(in, golden);
        }
        List<?> cases = Objects.requireNonNull(
                Json.readObject(golden, 1 << 20, TokenizerException::new).listOrNull("cases"));
        assertThat(cases).hasSizeGreaterThan(5);
        for (Object each : cases) {
            Map<?, ?> files = (Map<?, ?>) ((Map<?, ?>) each).get("files");
            for (String name : List.of("added_tokens.json", "tokenizer_config.json", "special_tokens_map.json")) {
                Files.deleteIfExists(folder.resolve(name));
                if (files.get(name) instanceof Map<?, ?> content) {
                    write(name, Json.text(content, false));
                }
            }
            PaliGemmaTokenizer tokenizer = PaliGemmaTokenizer.load(folder);
            for (Object row : (List<?>) ((Map<?, ?>) each).get("rows")) {
                String text = (String) ((Map<?, ?>) row).get("text");
                String what = ((Map<?, ?>) each).get("case") + ": " + text;
                int[] ids = ((List<?>) ((Map<?, ?>) row).get("ids"))
                        .stream().mapToInt(id -> ((Number) id).intValue()).toArray();
                assertThat(tokenizer.encode(text)).as(what).containsExactly(ids);
                assertThat(tokenizer.decode(ids, true)).as(what).isEqualTo(((Map<?, ?>) row).get("decoded"));
            }
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"<new>\": 10} | is that of the piece",
                "{\"<mask>\": 2700} | it is a piece with the id 4",
                "{\"<new>\": -1} | <new>",
                "{\"<new>\": 3000000} | <new>",
                "{\"<a>\": 2652, \"<b>\": 2652} | share the id 2652",
                "{\"\": 2652} | 1 to 1024 characters",
                "[] | added_tokens.json"
            })
    void refusesIdsThatAreTaken(String list, String named) throws IOException {
        write("added_tokens.json", list);
        refused(named);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"2653\": {\"content\": \"<new>\"}} | has the id 2652, but tokenizer_config.json beside it says 2653",
                "{\"2652\": {\"content\": \"<new>\", \"lstrip\": true}} | lstrip",
                "{\"x\": {\"content\": \"<new>\"}} | is not a token id",
                "{\"2652\": {}} | must have a content",
                "{\"2652\": {\"content\": \"<new>\"}, \"2653\": {\"content\": \"<new>\"}} | two ids"
            })
    void refusesDescriptionsThatContradict(String decoder, String named) throws IOException {
        write("added_tokens.json", "{\"<new>\": " + PIECES + "}");
        write("tokenizer_config.json", "{\"added_tokens_decoder\": " + decoder + "}");
        refused(named);
    }

    @Test
    void namesTheFilesThatItReads() throws IOException {
        assertThat(PaliGemmaTokenizer.filesIn(folder)).containsExactly(folder.resolve("tokenizer.model"));
        write("added_tokens.json", "{}");
        assertThat(PaliGemmaTokenizer.filesIn(folder))
                .containsExactly(folder.resolve("tokenizer.model"), folder.resolve("added_tokens.json"));
        Files.delete(folder.resolve("tokenizer.model"));
        assertThat(PaliGemmaTokenizer.filesIn(folder)).isEmpty();
    }

    private void refused(String named) {
        assertThatExceptionOfType(TokenizerException.class)
                .isThrownBy(() -> PaliGemmaTokenizer.load(folder))
                .withMessageContaining(named);
    }

    private void write(String name, String text) throws IOException {
        Files.writeString(folder.resolve(name), text);
    }
}
