package dev.paligemma.server.internal.typed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.paligemma.server.internal.http.HttpFailure;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FormDataTest {
    private static final String TYPE = "multipart/form-data; boundary=x";

    @Test
    void readsTextsAndFilesInTheirOrder() {
        List<FormData.Part> parts = parse(lines(
                "--x",
                "Content-Disposition: form-data; name=\"labels\"",
                "",
                "cat",
                "--x",
                "content-disposition:form-data;name=image; filename=\"a \\\"b\\\".png\"",
                "Content-Type: image/png",
                "",
                "",
                "--y",
                "",
                "--x",
                "Content-Disposition: form-data; name=\"labels\"",
                "",
                "Zürich",
                "--x--",
                ""));

        assertThat(parts).extracting(FormData.Part::name).containsExactly("labels", "image", "labels");
        assertThat(parts).extracting(FormData.Part::isFile).containsExactly(false, true, false);
        assertThat(parts.get(0).text()).isEqualTo("cat");
        assertThat(new String(parts.get(1).bytes(), StandardCharsets.UTF_8)).isEqualTo("\r\n--y\r\n");
        assertThat(parts.get(2).text()).isEqualTo("Zürich");
    }

    @Test
    void ignoresWhatStandsBeforeAndBehindTheParts() {
        List<FormData.Part> parts =
                parse("This is a form.\r\n--x  \t\r\nX-Other: 1\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1"
                        + "\r\n--x--anything\r\n--x");

        assertThat(parts).hasSize(1);
        assertThat(parts.get(0).text()).isEqualTo("1");
    }

    @Test
    void aPartMayBeEmptyAndAFileNotChosen() {
        List<FormData.Part> parts = parse(
                "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\r\n"
                        + "--x\r\nContent-Disposition: form-data; name=\"image\"; filename=\"\"\r\nContent-Type: application/octet-stream\r\n\r\n\r\n--x--");

        assertThat(parts.get(0).text()).isEmpty();
        assertThat(parts.get(0).isFile()).isFalse();
        assertThat(parts.get(1).isNoFile()).isTrue();
        assertThat(parts.get(1).isFile()).isFalse();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    multipart/form-data                       | got none
                    multipart/form-data; boundary=""          | 1 to 70
                    multipart/form-data; boundary="a\\rb"     | 1 to 70
                    multipart/form-data; boundary=é           | 1 to 70
                    multipart/form-data; boundary=x; boundary=y | malformed
                    multipart/form-data; boundary             | malformed
                    multipart/form-data; boundary="x          | malformed
                    """)
    void aBoundaryIsNeeded(String type, String problem) {
        assertThatThrownBy(() -> FormData.parse(type.replace("\\r", "\r"), "--x--".getBytes(StandardCharsets.UTF_8)))
                .isInstanceOf(HttpFailure.class)
                .hasMessageContaining(problem);
    }

    @Test
    void aLongBoundaryIsRefused() {
        assertThatThrownBy(() -> FormData.parse("multipart/form-data; boundary=" + "x".repeat(71), new byte[0]))
                .hasMessageContaining("1 to 70");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "--",
                "--x",
                "--xy\r\n",
                "--x\n",
                "--x\r\n",
                "--x\r\n\r\n\r\n--x--",
                "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1",
                "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--x",
                "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--xy--",
                "--x\r\nContent-Disposition: form-data\r\n\r\n1\r\n--x--",
                "--x\r\nContent-Disposition: attachment; name=\"a\"\r\n\r\n1\r\n--x--",
                "--x\r\nContent-Disposition: form-data; name=\"a\r\n\r\n1\r\n--x--",
                "--x\r\nContent-Disposition: form-data; name=\"a\"\r\nContent-Disposition: form-data; name=\"b\"\r\n\r\n1\r\n--x--",
                "--x\r\nContent-Disposition: form-data; name=\"a\"\r\nContent-Transfer-Encoding: base64\r\n\r\nMQ==\r\n--x--",
                "--x\r\nContent-Disposition: form-data;\r\n name=\"a\"\r\n\r\n1\r\n--x--",
                "--x\r\nno header\r\n\r\n1\r\n--x--",
                "a=1&b=2"
            })
    void whatIsMalformedIsRefusedInWords(String body) {
        assertThatThrownBy(() -> parse(body))
                .isInstanceOfSatisfying(
                        HttpFailure.class,
                        failure -> assertThat(failure.status()).isEqualTo(400))
                .hasMessageContaining("form");
    }

    @Test
    void textsAreUtf8() {
        List<FormData.Part> parts = FormData.parse(
                TYPE,
                "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\u00ff\r\n--x\r\nContent-Disposition: form-data; name=\"b\"\r\nContent-Type: text/plain; charset=utf-16\r\n\r\nab\r\n--x--"
                        .getBytes(StandardCharsets.ISO_8859_1));

        assertThatThrownBy(() -> parts.get(0).text()).hasMessage("the field \"a\" is not UTF-8");
        assertThatThrownBy(() -> parts.get(1).text())
                .hasMessageContaining("utf-16")
                .hasMessageContaining("UTF-8");
    }

    @Test
    void countsAndLengthsAreBounded() {
        String part = "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n";

        assertThat(parse(part.repeat(FormData.MAX_PARTS) + "--x--")).hasSize(FormData.MAX_PARTS);
        assertThatThrownBy(() -> parse(part.repeat(FormData.MAX_PARTS + 1) + "--x--"))
                .hasMessageContaining("more than " + FormData.MAX_PARTS);
        assertThatThrownBy(() -> parse(
                        "--x\r\nContent-Disposition: form-data; name=\"" + "a".repeat(9000) + "\"\r\n\r\n1\r\n--x--"))
                .hasMessageContaining("beyond 8192 bytes");
    }

    /** The text of a boundary again and again, all but its last character: a search that begins anew each time would take minutes. */
    @Test
    void takesTimeByTheLengthOfTheBodyAlone() {
        String boundary = "-".repeat(69) + "x";
        String almost = "\r\n--" + "-".repeat(69);
        byte[] body = ("--" + boundary + "\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n"
                        + almost.repeat(200_000) + "\r\n--" + boundary + "--")
                .getBytes(StandardCharsets.UTF_8);

        Assertions.assertTimeout(
                Duration.ofSeconds(30),
                () -> assertThat(FormData.parse("multipart/form-data; boundary=" + boundary, body))
                        .hasSize(1));
    }

    @Test
    void aDamagedFormIsReadOrRefused() {
        byte[] form = lines(
                        "--x",
                        "Content-Disposition: form-data; name=\"image\"; filename=\"a.png\"",
                        "Content-Type: image/png",
                        "",
                        "abc",
                        "--x",
                        "Content-Disposition: form-data; name=\"labels\"",
                        "",
                        "cat",
                        "--x--",
                        "")
                .getBytes(StandardCharsets.UTF_8);
        Random random = new Random(1);
        byte[] pieces = "\r\n-x;=\" \\:".getBytes(StandardCharsets.UTF_8);
        for (int round = 0; round < 20_000; round++) {
            byte[] damaged = form.clone();
            for (int i = random.nextInt(4); i >= 0; i--) {
                damaged[random.nextInt(damaged.length)] = pieces[random.nextInt(pieces.length)];
            }
            int length = random.nextInt(4) == 0 ? random.nextInt(damaged.length) : damaged.length;
            assertThatCode(() -> {
                        try {
                            FormData.parse(TYPE, Arrays.copyOf(damaged, length)).forEach(FormData.Part::text);
                        } catch (HttpFailure refused) {
                            assertThat(refused.status()).isEqualTo(400);
                        }
                    })
                    .doesNotThrowAnyException();
        }
    }

    private static String lines(String... lines) {
        return String.join("\r\n", lines);
    }

    private static List<FormData.Part> parse(String body) {
        return FormData.parse(TYPE, body.getBytes(StandardCharsets.UTF_8));
    }
}
