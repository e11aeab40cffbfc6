package dev.paligemma.cli.pictures;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import org.junit.jupiter.api.Test;

class PathLinesTest {
    @Test
    void aLineIsAPath() {
        assertThat(paths("a.jpg\n b c.jpg \n\nd\u00e9.png\n")).containsExactly("a.jpg", " b c.jpg ", "d\u00e9.png");
    }

    @Test
    void listsOfOtherSystemsAreRead() {
        assertThat(paths("\ufeffa.jpg\r\nb.jpg\r\n\r\nc.jpg")).containsExactly("a.jpg", "b.jpg", "c.jpg");
        assertThat(paths("a\nb.jpg\0c.jpg\0")).containsExactly("a", "b.jpg", "c.jpg");
    }

    @Test
    void anEmptyListHasNone() {
        assertThat(paths("")).isEmpty();
        assertThat(paths("\n \n")).isEmpty();
        assertThatThrownBy(() -> lines("").next()).isInstanceOf(NoSuchElementException.class);
    }

    @Test
    void aFileOfAnotherKindIsRefused() {
        assertThatThrownBy(() -> paths("x".repeat(1 << 17)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("list.txt is no list of pictures");
    }

    @Test
    void aDiskThatFailsIsNamed() {
        InputStream failing = new InputStream() {
            @Override
            public int read() throws IOException {
                throw new IOException("the cable is out");
            }

            @Override
            public int read(byte[] target, int offset, int length) throws IOException {
                throw new IOException("the cable is out");
            }
        };

        assertThatThrownBy(() -> new PathLines(failing, "list.txt").hasNext())
                .isInstanceOf(UncheckedIOException.class)
                .hasMessage("cannot read list.txt: the cable is out");
    }

    private static List<String> paths(String text) {
        List<String> paths = new ArrayList<>();
        lines(text).forEachRemaining(paths::add);
        return paths;
    }

    private static PathLines lines(String text) {
        return new PathLines(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)), "list.txt");
    }
}
