package dev.paligemma.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class ArgumentsTest {
    @Test
    void restoresLettersThatTheJvmLost() {
        byte[] bytes = "java\0-jar\0paligemma.jar\0answer\0où?\0--image\0猫.png\0".getBytes(StandardCharsets.UTF_8);
        String[] seen = {"answer", "o???", "--image", "???.png"};

        assertThat(Arguments.decode(bytes, seen)).containsExactly("answer", "où?", "--image", "猫.png");
    }

    @Test
    void keepsEmptyArguments() {
        byte[] bytes = "java\0Main\0--prompt\0\0é\0".getBytes(StandardCharsets.UTF_8);

        assertThat(Arguments.decode(bytes, new String[] {"--prompt", "", "??"})).containsExactly("--prompt", "", "é");
    }

    @Test
    void leavesArgumentsThatAreNotUtf8() {
        byte[] bytes = "java\0Main\0caf\u00e9\0".getBytes(StandardCharsets.ISO_8859_1);
        String[] seen = {"caf?"};

        assertThat(Arguments.decode(bytes, seen)).isSameAs(seen);
    }

    @Test
    void leavesArgumentsOfAnotherCommandLine() {
        byte[] bytes = "java\0Main\0caption\0".getBytes(StandardCharsets.UTF_8);
        String[] other = {"ocr"};
        String[] longer = {"a", "b", "c", "d"};

        assertThat(Arguments.decode(bytes, other)).isSameAs(other);
        assertThat(Arguments.decode(bytes, longer)).isSameAs(longer);
    }

    @Test
    void noArgumentsStayNone() {
        assertThat(Arguments.decode("java\0Main\0".getBytes(StandardCharsets.UTF_8), new String[0]))
                .isEmpty();
    }
}
