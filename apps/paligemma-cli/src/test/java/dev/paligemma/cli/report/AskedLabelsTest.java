package dev.paligemma.cli.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AskedLabelsTest {
    @ParameterizedTest
    @CsvSource({
        "cat, cat",
        "Cat, cat",
        "cats, cat",
        "cat, cats",
        "food bowl, bowl",
        "bowl, food bowl",
        "boxes, box",
        "puppies, puppy",
        "glass, glasses",
        "'cat, dog', dog",
        "traffic-light, traffic light",
        "CAFÉ, café",
        "猫, 猫",
        "???, cat",
        "cat, ''"
    })
    void namesInOtherWordsAreTheSame(String asked, String answered) {
        assertThat(new AskedLabels(List.of("lamp", asked)).has(answered)).isTrue();
    }

    @ParameterizedTest
    @CsvSource({"cat, dog", "red circle, green circle", "cat, category", "food bowl, food cat", "car, cart", "bus, bush"
    })
    void otherThingsAreNot(String asked, String answered) {
        assertThat(new AskedLabels(List.of(asked)).has(answered)).isFalse();
    }

    @Test
    void anyOfSeveralIsEnough() {
        AskedLabels labels = new AskedLabels(List.of("cat", "food bowl"));

        assertThat(List.of("cat", "bowls", "a black cat")).allMatch(labels::has);
        assertThat(List.of("green circle", "foods and drinks")).noneMatch(labels::has);
    }
}
