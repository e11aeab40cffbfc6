package dev.paligemma.cli.validation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.paligemma.base.PaliGemmaException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RecipeTest {
    @TempDir
    Path folder;

    @Test
    void everyPublishedRecipeIsComplete() {
        assertThat(Recipe.published()).contains("google/paligemma-3b-pt-224", "google/paligemma2-3b-mix-224");
        for (String name : Recipe.published()) {
            Recipe recipe = Recipe.of(name).orElseThrow();
            assertThat(recipe.checks().size() + recipe.pages().size()).as(name).isPositive();
            assertThat(recipe.pages()).as(name).allSatisfy(page -> {
                assertThat(page.source()).isNotBlank();
                assertThat(page.rows())
                        .hasSize(3)
                        .allSatisfy(row -> assertThat(row).hasSize(3));
            });
            assertThat(recipe.checks()).as(name).allSatisfy(check -> {
                assertThat(check.source()).isNotBlank();
                if (check.tokenIds().isEmpty()) {
                    assertThat(check.answer()).isNotBlank();
                    assertThat(check.pictures())
                            .isNotEmpty()
                            .allSatisfy(picture -> assertThat(picture.address()).matches("https://.+|bundled"));
                }
            });
            assertThat(recipe.files())
                    .as(name)
                    .allSatisfy(file -> assertThat(file.sha256()).matches("[0-9a-f]{64}"));
        }
        assertThat(Recipe.of("google/paligemma-3b-nothing")).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{}|model must be a string, got null",
                "{'model': 'm', 'checks': 1}|checks must be a list, got 1",
                "{'model': 'm', 'checks': [1]}|checks must be a list of objects, got a list of 1",
                "{'model': 'm', 'checks': [{'id': 'a', 'prompt': 'p', 'source': 's'}]}|checks[0]: answer must be a string, or tokenIds a list",
                "{'model': 'm', 'checks': [{'id': 'a', 'prompt': 'p', 'answer': 'b', 'match': 'x', 'source': 's'}]}|match must be text, beginning, boxes, got 'x'",
                "{'model': 'm', 'pages': [{'id': 'a', 'source': 's'}]}|pages[0]: rows must be a list of 1 to 4096",
                "{'model': 'm', 'pages': [{'id': 'a', 'source': 's', 'rows': [[1, 'b']]}]}|rows must be lists of numbers",
                "{'model': 'm', 'pages': [{'id': 'a', 'source': 's', 'rows': [[1]], 'side': 5000}]}|side must be an integer",
                "{'model': 'm', 'checks': [{'id': 'a', 'prompt': 'p', 'answer': 'b', 'source': 's'}], 'pages': [{'id': 'a', 'source': 's', 'rows': [[1]]}]}|pages must be an empty list beside checks",
                "{'model': 'm', 'files': [{'name': 'a'}]}|files[0]: sha256 must be a string, got null"
            })
    void aWrongRecipeIsRefusedByItsMember(String json, String problem) throws IOException {
        Path file = folder.resolve("recipe.json");
        Files.writeString(file, json.replace('\'', '"'));

        assertThatThrownBy(() -> Recipe.read(file))
                .isInstanceOf(PaliGemmaException.class)
                .hasMessageContaining(file.toString())
                .hasMessageContaining(problem.replace("'x'", "\"x\""));
    }
}
