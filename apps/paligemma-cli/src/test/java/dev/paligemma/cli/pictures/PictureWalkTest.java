package dev.paligemma.cli.pictures;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class PictureWalkTest {
    @TempDir
    Path folder;

    @BeforeEach
    void files() throws IOException {
        for (String name : List.of("b.JPG", "a.png", "notes.txt", "._b.jpg", "z/y.gif", "z/deep/x.tif", ".git/w.png")) {
            Path file = folder.resolve(name);
            Files.createDirectories(file.getParent());
            Files.writeString(file, name);
        }
    }

    @Test
    void aFolderStandsForItsPicturesByName() {
        assertThat(walk(false, ".")).containsExactly("a.png", "b.JPG");
    }

    @Test
    void foldersOfAFolderComeAfterItsPictures() {
        assertThat(walk(true, ".")).containsExactly("a.png", "b.JPG", "z/y.gif", "z/deep/x.tif");
    }

    @Test
    void namesKeepTheirOrderWhateverTheyAre() {
        assertThat(walk(false, "notes.txt", "z", "no-such.jpg", "a.png", "a.png"))
                .containsExactly("notes.txt", "z/y.gif", "no-such.jpg", "a.png", "a.png");
    }

    @Test
    void whatIsGivenIsKeptAsItIsWritten() {
        PictureWalk walk = new PictureWalk(List.of("./a//b.jpg", "-", "a\0b"), false);

        assertThat(rest(walk)).containsExactly("./a//b.jpg", "-", "a\0b");
        assertThatThrownBy(walk::next).isInstanceOf(NoSuchElementException.class);
    }

    @Test
    void aPatternThatNoShellReplacedIsReplacedHere() {
        assertThat(walk(false, "*.p?g", "z/*")).containsExactly("a.png", "z/deep", "z/y.gif");
        assertThatThrownBy(() -> walk(false, "*.bmp"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("no file matches")
                .hasMessageContaining("*.bmp");
    }

    @Test
    @DisabledOnOs(OS.WINDOWS) // links need a privilege there
    void linksAreFollowedButNotInCircles() throws IOException {
        Files.createSymbolicLink(folder.resolve("z/deep/up"), folder);
        Files.createSymbolicLink(folder.resolve("z/also.png"), folder.resolve("a.png"));

        assertThat(walk(true, ".")).containsExactly("a.png", "b.JPG", "z/also.png", "z/y.gif", "z/deep/x.tif");
    }

    @Test
    void anEmptyFolderHasNone() throws IOException {
        Files.createDirectory(folder.resolve("empty"));

        assertThat(walk(true, "empty")).isEmpty();
        assertThat(PictureWalk.emptiness(List.of("empty"), false)).contains("no picture in empty", "--recursive");
        assertThat(PictureWalk.emptiness(List.of("empty"), true)).doesNotContain("--recursive");
    }

    @Test
    void namesOfPicturesAreKnownByTheirEnds() {
        assertThat(List.of("cat.jpg", "x/CAT.JPEG", "a.b.webp", "photos/", "..png"))
                .allMatch(PictureNames::isMeant);
        assertThat(List.of("cat", "food bowl", ".jpg", "/", "jpg", "cat.txt", "what is this?", ""))
                .noneMatch(PictureNames::isMeant);
    }

    @Test
    void anAddressOfAFileIsAFileAndAnyOtherIsExplained() {
        Path file = folder.resolve("a.png");

        assertThat(PictureNames.path(file.toUri().toString())).isEqualTo(file);
        assertThat(PictureNames.path("a b.png")).isEqualTo(Path.of("a b.png"));
        assertThatThrownBy(() -> PictureNames.path("https://example.com/cat.jpg"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("'https://example.com/cat.jpg' is an address, and a file is expected; download it first: "
                        + "curl -L -o FILE 'https://example.com/cat.jpg'");
        for (String none : List.of("file:///%zz", "s3://bucket/a.png", "data:image/png;base64,AAAA", "a\0b")) {
            assertThatThrownBy(() -> PictureNames.path(none)).isInstanceOf(IllegalArgumentException.class);
        }
    }

    /** Walks over names in the folder, and gives what is found as it lies in the folder. */
    private List<String> walk(boolean recursive, String... names) {
        List<String> there = Stream.of(names)
                .map(name -> name.equals(".") ? folder.toString() : folder + "/" + name)
                .toList();
        return rest(new PictureWalk(there, recursive)).stream()
                .map(found -> folder.relativize(Path.of(found)).toString().replace('\\', '/'))
                .toList();
    }

    private static List<String> rest(PictureWalk walk) {
        List<String> all = new ArrayList<>();
        walk.forEachRemaining(all::add);
        return all;
    }
}
