package dev.paligemma.cli.command;

import static dev.paligemma.cli.Outcome.assertRefused;
import static dev.paligemma.cli.Outcome.parsed;
import static dev.paligemma.cli.Outcome.run;
import static org.assertj.core.api.Assertions.assertThat;

import dev.paligemma.cli.Outcome;
import dev.paligemma.tiny.TinyModel;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class VerifyCommandTest {
    @TempDir
    Path folder;

    private String copy = "";

    @BeforeEach
    void copyModel() throws IOException {
        copy = Outcome.copyOfBundledModel(folder).toString();
    }

    @Test
    void modelsThatAreEqualAgree() throws IOException {
        Map<String, Object> json = parsed("verify", "--reference-model", copy, "--prompt", "detect word");

        assertThat(json)
                .containsEntry("precision", "float32")
                .containsEntry("referencePrecision", "float32")
                .containsEntry("tokenAgreement", 1.0)
                .containsEntry("meanKl", 0.0)
                .containsEntry("sameAnswers", 1.0)
                .containsEntry("boxes", 1L)
                .containsEntry("meanIou", 1.0);
        assertThat(requests(json).get(0))
                .containsEntry("image", TinyModel.picture().toString())
                .containsEntry("prompt", "detect word")
                .containsEntry("sameAnswer", true)
                .containsEntry("positions", Objects.requireNonNull(json.get("positions")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"int8", "int4"})
    void smallerPrecisionsFollowTheReference(String precision) throws IOException {
        String cache = folder.resolve("cache").toString();
        assertThat(run("caption", "--precision", precision, "--cache-dir", cache)
                        .exitCode())
                .isZero();

        Map<String, Object> json = parsed(
                "verify", "--precision", precision, "--cache-dir", cache, "--prompt", "caption en", "--prompt", "ocr");

        assertThat(json)
                .containsEntry("precision", precision)
                .containsEntry("referencePrecision", "float32")
                .containsEntry("tokenAgreement", 1.0)
                .containsEntry("sameAnswers", 1.0);
        assertThat((Double) json.get("meanKl")).isBetween(Double.MIN_VALUE, 1e-3);
    }

    @Test
    void int8IsJudgedUnlessAskedOtherwise() {
        Outcome outcome = run("verify", "--cache-dir", folder.resolve("cache").toString());

        assertThat(outcome.exitCode()).as(outcome.err()).isZero();
        assertThat(outcome.out()).contains("int8 against float32");
    }

    @Test
    void convertedFolderIsJudgedAgainstItsOriginal() throws IOException {
        String made = folder.resolve("made").toString();
        assertThat(run("convert", "--precision", "int8", "--out", made).exitCode())
                .isZero();

        assertThat(parsed("verify", "--model", made, "--reference-model", copy))
                .containsEntry("precision", "int8")
                .containsEntry("referencePrecision", "float32")
                .containsEntry("tokenAgreement", 1.0);
        Outcome itself = run("verify", "--model", made);
        assertRefused(itself);
        assertThat(itself.err()).contains("--reference-model");
    }

    @Test
    void everyPromptIsAskedAboutEveryPicture() throws IOException {
        String picture = TinyModel.picture().toString();
        Map<String, Object> json = parsed(
                "verify",
                "--reference-model",
                copy,
                "--image",
                picture,
                "--image",
                picture,
                "--prompt",
                "caption en",
                "--prompt",
                "ocr",
                "--max-new-tokens",
                "2");

        assertThat(requests(json))
                .extracting(request -> request.get("prompt"))
                .containsExactly("caption en", "ocr", "caption en", "ocr");
    }

    @Test
    void tableHasALinePerRequestAndATotal() {
        Outcome outcome = run("verify", "--reference-model", copy);

        assertThat(outcome.exitCode()).isZero();
        assertThat(outcome.err()).isEmpty();
        assertThat(outcome.out().lines())
                .containsExactly(
                        "tokens  KL        IoU     answer  float32 against float32",
                        "1.0000  0.00e+00  -       same    scene.png: caption en",
                        "1.0000  0.00e+00  -       1/1     all 8 tokens");
    }

    @Test
    void tooLittleAgreementIsAnExitCodeOfItsOwn() throws IOException {
        makeBlind();

        Outcome accepted = run("verify", "--reference-model", copy, "--min-agreement", "0");
        Outcome refused = run("verify", "--reference-model", copy, "--min-agreement", "1");

        assertThat(accepted.exitCode()).isZero();
        assertThat(accepted.out()).contains("other");
        assertThat(refused.exitCode()).isEqualTo(3);
        assertThat(refused.out()).isEqualTo(accepted.out());
        assertThat(refused.err()).matches("paligemma: token agreement 0\\.\\d{4} is below --min-agreement 1\\.0000\\R");
    }

    @ParameterizedTest
    @ValueSource(strings = {"-0.1", "1.1", "NaN", "all"})
    void thresholdIsAShare(String threshold) {
        assertRefused(run("verify", "--reference-model", copy, "--min-agreement", threshold));
    }

    @Test
    void refusesToCompareAModelWithItself() {
        Outcome refused = run("verify", "--precision", "float32");

        assertRefused(refused);
        assertThat(refused.err()).contains("--reference-model");
    }

    @Test
    void refusesBadInput() {
        assertRefused(run("verify", "--reference-model", copy, "--max-new-tokens", "0"));
        assertRefused(run("verify", "--reference-model", copy, "--image", "no-such-picture.png"));
        assertRefused(run("verify", "--reference-model", "no-such-folder"));
        assertRefused(run("verify", "--precision", "float33"));
    }

    /** Hides the picture from the language model, which then answers otherwise. */
    private void makeBlind() throws IOException {
        Path file = folder.resolve("model.safetensors");
        byte[] bytes = Files.readAllBytes(file);
        int headerLength = Math.toIntExact(
                ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong());
        String header = new String(bytes, 8, headerLength, StandardCharsets.UTF_8);
        Matcher place = Pattern.compile(
                        "\"[^\"]*multi_modal_projector\\.linear\\.weight\":\\s*\\{[^}]*\"data_offsets\":"
                                + "\\s*\\[(\\d+),\\s*(\\d+)\\]")
                .matcher(header);
        assertThat(place.find()).isTrue();
        int from = Integer.parseInt(place.group(1));
        int to = Integer.parseInt(place.group(2));
        try (RandomAccessFile weights = new RandomAccessFile(file.toFile(), "rw")) {
            weights.seek(8L + headerLength + from);
            weights.write(new byte[to - from]);
        }
    }

    @SuppressWarnings("unchecked")
    private static List<Map<String, Object>> requests(Map<String, Object> json) {
        return (List<Map<String, Object>>) Objects.requireNonNull(json.get("requests"));
    }
}
