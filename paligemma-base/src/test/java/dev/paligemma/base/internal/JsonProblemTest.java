package dev.paligemma.base.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.paligemma.base.PaliGemmaException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonProblemTest {
    private static String message(String json) {
        PaliGemmaException failure = catchThrowableOfType(
                PaliGemmaException.class,
                () -> Json.readObject("config.json", json.getBytes(StandardCharsets.UTF_8), PaliGemmaException::new));
        return String.valueOf(failure.getMessage());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{",
                "{\"a\":",
                "{\"a\": [1",
                "{\"a\": NaN}",
                "{\"a\": Infinity}",
                "{\"a\": -Infinity}",
                "{\"a\": +1}",
                "{\"a\": 01}",
                "{\"a\": .5}",
                "{\"a\": 5.}",
                "{\"a\": oops}",
                "{'a': 1}",
                "{a: 1}",
                "{\"a\": 1,}",
                "{\"a\": [1,]}",
                "{\"a\": \"\\q\"}",
                "{\"a\": \"line\nbreak\"}",
                "{\"a\": 1 // comment\n}",
                "{\"a\": 1}\u001e",
                "{\u001e\"a\": 1}",
                "{\"a\": 1, \"a\": 2}",
                "{\"a\": 1]",
                "{\"a\": tru}",
            })
    void speaksOfTheTextAndNotOfTheParser(String json) {
        assertThat(message(json))
                .startsWith("config.json is not valid JSON")
                .doesNotContain("`")
                .doesNotContain("Feature")
                .doesNotContain("REDACTED")
                .doesNotContain("Constraints")
                .doesNotContain("enable");
    }

    @Test
    void namesLimitsByTheirNumbers() {
        // Releases of Jackson have other words for the same.
        assertThat(message("{\"a\": " + "1".repeat(50) + "}"))
                .matches(
                        "config.json goes beyond a limit on JSON: \"Number .*\\(50\\) exceeds the maximum .*\\(40\\)\"");
        assertThat(message("{\"" + "n".repeat(70_000) + "\": 1}"))
                .matches(".*\"Name length \\(\\d+\\) exceeds the maximum allowed \\(50000\\)\"");
        assertThat(message("{\"a\": " + "[".repeat(80))).matches(".*epth \\(65\\) exceeds the maximum .*\\(64\\)\"");
    }

    @Test
    void saysWhatIsNotAllowedAndWhere() {
        assertThat(message("{\"a\": NaN}"))
                .isEqualTo("config.json is not valid JSON at line 1, column 10:"
                        + " \"Non-standard token 'NaN' is not allowed\"");
        assertThat(message("{\n")).contains("expected close marker for Object (start marker at line 1, column 1)");
    }

    @Test
    void leavesTextsOfTheFileAlone() {
        assertThatExceptionOfType(PaliGemmaException.class)
                .isThrownBy(() ->
                        Json.readObject("x", "{\"a\": `b`}".getBytes(StandardCharsets.UTF_8), PaliGemmaException::new))
                .withMessageContaining("'`'");
        assertThat(JsonProblem.words("Unrecognized token '`oops`'")).isEqualTo("Unrecognized token '`oops`'");
    }
}
