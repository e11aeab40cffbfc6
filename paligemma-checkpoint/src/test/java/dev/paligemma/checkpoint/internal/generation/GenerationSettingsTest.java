package dev.paligemma.checkpoint.internal.generation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.paligemma.checkpoint.config.CheckpointException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class GenerationSettingsTest {
    @TempDir
    Path folder;

    private GenerationSettings read(String json) throws IOException {
        Files.writeString(folder.resolve("generation_config.json"), json);
        return GenerationSettings.readFolder(folder);
    }

    @Test
    void withoutTheFileNothingIsAsked() {
        assertThat(GenerationSettings.readFolder(folder)).isSameAs(GenerationSettings.NONE);
        assertThat(GenerationSettings.NONE.forbidsTokens()).isFalse();
    }

    /** The published files, and what older versions of transformers wrote with every default. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"_from_model_config\": true, \"bos_token_id\": 2, \"eos_token_id\": 1, \"pad_token_id\": 0,"
                        + " \"transformers_version\": \"4.42.0.dev0\"}",
                "{\"cache_implementation\": \"hybrid\", \"eos_token_id\": [1, 107], \"bos_token_id\": 2}",
                "{\"do_sample\": false, \"temperature\": 1.0, \"top_k\": 50, \"top_p\": 1.0, \"typical_p\": 1.0,"
                        + " \"num_beams\": 1, \"length_penalty\": 1.0, \"early_stopping\": false, \"max_length\": 20,"
                        + " \"min_length\": 0, \"repetition_penalty\": 1.0, \"no_repeat_ngram_size\": 0, \"num_beam_groups\": 1,"
                        + " \"diversity_penalty\": 0.0, \"encoder_no_repeat_ngram_size\": 0, \"num_return_sequences\": 1,"
                        + " \"bad_words_ids\": null, \"suppress_tokens\": null, \"forced_eos_token_id\": null,"
                        + " \"use_cache\": true, \"output_scores\": false, \"remove_invalid_values\": false,"
                        + " \"return_dict_in_generate\": true, \"guidance_scale\": 1.0, \"max_new_tokens\": null}",
                "{\"temperature\": 0.7, \"top_p\": 0.9}",
                "{}"
            })
    void neutralFilesAreSilent(String json) throws IOException {
        GenerationSettings settings = read(json);

        assertThat(settings).isEqualTo(GenerationSettings.NONE);
        assertThat(settings.warning(folder)).isEmpty();
        assertThat(settings.applied()).isEmpty();
    }

    @Test
    void whatIsAppliedIsRead() throws IOException {
        GenerationSettings settings = read("{\"repetition_penalty\": 1.2, \"max_new_tokens\": 50,"
                + " \"suppress_tokens\": [3, 1, -1, 99999999], \"begin_suppress_tokens\": 4, \"min_new_tokens\": 2,"
                + " \"min_length\": 300, \"no_repeat_ngram_size\": 3, \"bad_words_ids\": [[1, 2], [3]]}");

        assertThat(settings.applied())
                .containsExactly(
                        "repetition_penalty 1.2",
                        "max_new_tokens 50",
                        "suppress_tokens [1, 3]",
                        "begin_suppress_tokens [4]",
                        "min_new_tokens 2",
                        "min_length 300",
                        "no_repeat_ngram_size 3",
                        "bad_words_ids of 2");
        assertThat(settings.forbidsTokens()).isTrue();
        assertThat(settings.warning(folder)).isEmpty();
    }

    @Test
    void oneWarningNamesWhatIsNotApplied() throws IOException {
        GenerationSettings settings =
                read("{\"do_sample\": true, \"temperature\": 0.7, \"top_k\": 50, \"num_beams\": 3,"
                        + " \"length_penalty\": 2.0, \"forced_eos_token_id\": 1, \"max_length\": 8192, \"sequence_bias\": [[[1], 2.0]],"
                        + " \"stop_strings\": \"cat\\n\"}");

        assertThat(settings.warning(folder).orElseThrow())
                .isEqualTo(
                        folder.resolve("generation_config.json")
                                + ": do_sample true, temperature 0.7, top_k 50, num_beams 3,"
                                + " length_penalty 2.0, forced_eos_token_id 1, max_length 8192, sequence_bias a list of 1,"
                                + " stop_strings \"cat\\u000a\" are not applied; a request chooses sampling, beams and length itself");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"repetition_penalty\": 0} | repetition_penalty must be a number above 0",
                "{\"repetition_penalty\": \"much\"} | repetition_penalty must be a number",
                "{\"max_new_tokens\": 0} | max_new_tokens must be an integer from 1",
                "{\"suppress_tokens\": [1.5]} | suppress_tokens must be a list of token ids",
                "{\"bad_words_ids\": [1]} | bad_words_ids must be a list of lists",
                "{\"bad_words_ids\": [[-1]]} | bad_words_ids must be an integer from 0",
                "{\"no_repeat_ngram_size\": -1} | no_repeat_ngram_size must be an integer from 0",
                "[] | does not hold a JSON object"
            })
    void whatCannotBeMeantIsRefused(String json, String expected) {
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> read(json))
                .withMessageContaining("generation_config.json")
                .withMessageContaining(expected);
    }
}
