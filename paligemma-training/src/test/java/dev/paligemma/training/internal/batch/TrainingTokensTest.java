package dev.paligemma.training.internal.batch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.paligemma.training.data.Example;
import dev.paligemma.training.data.Examples;
import dev.paligemma.training.data.Picture;
import dev.paligemma.training.run.FineTuningException;
import dev.paligemma.vision.RgbImage;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class TrainingTokensTest {
    private static final RgbImage PICTURE = RgbImage.of(1, 1, new byte[3]);

    @Test
    void tokensAndWhatCarriesLossEqualThoseOfTheProcessor() {
        TrainingTokens tokens = ProcessorGolden.tokens();
        List<ProcessorGolden> goldens = ProcessorGolden.all();
        assertThat(goldens).hasSize(11);
        for (ProcessorGolden golden : goldens) {
            TokenisedExample found = tokens.encode(golden.example());
            int[] all = IntStream.concat(Arrays.stream(found.prompt().tokenIds()), Arrays.stream(found.suffix()))
                    .toArray();
            assertThat(all).as(golden.example().suffix()).isEqualTo(golden.ids());
            int[] labels = all.clone();
            Arrays.fill(labels, 0, found.prompt().length(), ProcessorGolden.NO_LOSS);
            assertThat(labels).isEqualTo(golden.labels());
            assertThat(found.rows()).isEqualTo(all.length - 1);
        }
    }

    @Test
    void theEndIsTrainedEvenOfAnEmptySuffix() {
        TokenisedExample found = ProcessorGolden.tokens().encode(Example.of(PICTURE, "ocr", ""));
        assertThat(found.suffix()).containsExactly(ProcessorGolden.tokenizer().eosId());
        assertThat(found.sequence().rows()).isEqualTo(found.sequence().prefix());
    }

    @Test
    void whatIsTooLongIsRefusedOrLeftOut() {
        TrainingTokens tokens = new TrainingTokens(ProcessorGolden.tokenizer(), 64, 1880, 75);
        Example small = Example.of(PICTURE, "caption en", "a star");
        Example large =
                new Example(List.of(Picture.of("p", PICTURE)), "caption en", "a star ".repeat(20), "lines, line 3");
        assertThatThrownBy(() -> tokens.encode(large))
                .isInstanceOf(FineTuningException.class)
                .hasMessageContaining("lines, line 3 has ")
                .hasMessageContaining("64 of images")
                .hasMessageContaining("at most 75");
        Examples all = Examples.of(List.of(small, large));
        assertThatThrownBy(() -> all.checked(tokens::encode, false)).isInstanceOf(FineTuningException.class);
        Examples left = all.checked(tokens::encode, true);
        assertThat(left.size()).isEqualTo(1);
        assertThat(left.skipped()).isEqualTo(1);
        assertThat(left.problems()).singleElement().asString().contains("at most 75");
        assertThatThrownBy(() -> Examples.of(List.of(large)).checked(tokens::encode, true))
                .isInstanceOf(FineTuningException.class)
                .hasMessageContaining("nothing is left to train on");
    }

    @Test
    void markersMustBeAsManyAsPictures() {
        assertThatThrownBy(() -> ProcessorGolden.tokens().encode(Example.of(PICTURE, "<image><image>compare", "x")))
                .isInstanceOf(FineTuningException.class)
                .hasMessageContaining("example in memory")
                .hasMessageContaining("2 <image> markers");
    }

    @Test
    void thePlaceOfAPictureIsNoAnswer() {
        assertThatThrownBy(() -> ProcessorGolden.tokens().encode(Example.of(PICTURE, "caption", "an <image>")))
                .isInstanceOf(FineTuningException.class)
                .hasMessageContaining("move it to the prefix");
    }

    @Test
    void placesOutsideThePictureAreRefused() {
        for (String suffix :
                List.of("<loc0100><loc0200><loc2000><loc0300> star", "<loc12> star", "<seg128>", "<loc-001>")) {
            assertThatThrownBy(() -> ProcessorGolden.tokens().encode(Example.of(PICTURE, "detect star", suffix)))
                    .isInstanceOf(FineTuningException.class)
                    .hasMessageContaining("is no token")
                    .hasMessageContaining("<loc1023>");
        }
    }

    @Test
    void tokensThatTheModelLacksAreRefused() {
        TrainingTokens tokens = new TrainingTokens(ProcessorGolden.tokenizer(), 64, 800, 512);
        assertThatThrownBy(() -> tokens.encode(Example.of(PICTURE, "detect", "<seg127>")))
                .isInstanceOf(FineTuningException.class)
                .hasMessageContaining("<seg127>")
                .hasMessageContaining("knows only 800 tokens");
    }
}
