package dev.paligemma.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Equality with the {@code tokenizers} library on published files, which are not part of this project: run with
 * {@code -Dpaligemma.tokenizer.files=} and paths of {@code tokenizer.json} files, separated as in a class path.
 */
@EnabledIfSystemProperty(
        named = PublishedVocabularyTest.FILES,
        matches = ".+",
        disabledReason = "needs published tokenizer.json files: -Dpaligemma.tokenizer.files=path:path")
class PublishedVocabularyTest {

    static final String FILES = "paligemma.tokenizer.files";

    static Stream<Path> files() {
        return Stream.of(System.getProperty(FILES).split(File.pathSeparator)).map(Path::of);
    }

    @ParameterizedTest
    @MethodSource("files")
    void givesTheSameIdsAndTexts(Path file) throws IOException {
        PaliGemmaTokenizer tokenizer = PaliGemmaTokenizer.load(file);
        try (Oracle oracle = oracle(file, tokenizer)) {
            Conformance.check(tokenizer, oracle, Corpus.of(30_000, 5));
            Conformance.check(tokenizer, oracle, Corpus.veryLong(100_000, 6));
            Conformance.checkRandomIds(tokenizer, oracle, 20_000, 7);
        }
    }

    /** {@code src/reference/tokenizer/published_files.py} rebuilds the files and writes ids beside them. */
    @ParameterizedTest
    @MethodSource("files")
    void givesTheIdsThatAreWrittenBesideTheFile(Path file) throws IOException {
        Path ids = file.resolveSibling("ids.jsonl");
        Assumptions.assumeTrue(Files.exists(ids), () -> "there is no " + ids);
        PaliGemmaTokenizer tokenizer = PaliGemmaTokenizer.load(file);
        List<String> lines = Files.readAllLines(ids);
        assertThat(lines).hasSizeGreaterThan(1000);
        for (String line : lines) {
            List<Object> row = TestFiles.line(line);
            assertThat(tokenizer.encode((String) row.get(0)))
                    .as("ids of %s", line)
                    .isEqualTo(((List<?>) row.get(1))
                            .stream().mapToInt(id -> (Integer) id).toArray());
        }
    }

    @ParameterizedTest
    @MethodSource("files")
    void encodesTheExampleOfTheTransformersDocumentation(Path file) {
        assertThat(PaliGemmaTokenizer.load(file).encode("<bos>Where is the cow standing?\non the beach"))
                .containsExactly(2, 6006, 603, 573, 13910, 9980, 235336, 108, 477, 573, 8318);
    }

    private static Oracle oracle(Path file, PaliGemmaTokenizer tokenizer) throws IOException {
        String json = Files.readString(file);
        return tokenizer.idOf("<loc0000>").isPresent() ? Oracle.withCodes(json) : Oracle.of(json);
    }
}
