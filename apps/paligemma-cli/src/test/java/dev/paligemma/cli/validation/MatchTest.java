package dev.paligemma.cli.validation;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MatchTest {
    @ParameterizedTest
    @CsvSource({
        "TEXT, beach, beach, true",
        "TEXT, beach, ' beach\n', true",
        "TEXT, beach, Beach, false",
        "TEXT, beach, beaches, false",
        "BEGINNING, A large dog, A large dog sits, true",
        "BEGINNING, A large dog, A small dog, false",
        "BOXES, <loc0051><loc0309> shoe, <loc0059><loc0301> shoe, true",
        "BOXES, <loc0051><loc0309> shoe, <loc0060><loc0309> shoe, false",
        "BOXES, <loc0051><loc0309> shoe, <loc0051><loc0309> boot, false",
        "BOXES, <loc0051><loc0309> shoe, <loc0051><loc0309><loc0001> shoe, false",
        "BOXES, <loc0051><loc0309> shoe, <loc0051> shoe, false"
    })
    void anAnswerIsComparedAsTheRecipeSays(Match match, String published, String answer, boolean holds) {
        assertThat(match.holds(published, answer)).isEqualTo(holds);
    }
}
