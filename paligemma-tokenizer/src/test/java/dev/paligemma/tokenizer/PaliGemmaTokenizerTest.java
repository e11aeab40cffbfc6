package dev.paligemma.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class PaliGemmaTokenizerTest {

    private static final PaliGemmaTokenizer TOKENIZER = TestFiles.load(TestFiles.PALIGEMMA);

    /** A file without image, location and segmentation tokens. */
    private static final PaliGemmaTokenizer TEXT_ONLY = TestFiles.parse(TestFiles.text(TestFiles.PALIGEMMA)
            .replace("<image>", "<imago>")
            .replace("<loc", "<lok")
            .replace("<seg", "<sek"));

    @Test
    void takesTheIdsOfControlTokensFromTheFile() {
        assertThat(TOKENIZER.padId()).isEqualTo(0);
        assertThat(TOKENIZER.eosId()).isEqualTo(1);
        assertThat(TOKENIZER.bosId()).isEqualTo(2);
        assertThat(TOKENIZER.unkId()).isEqualTo(3);
        assertThat(TOKENIZER.imageId()).isEqualTo(TOKENIZER.vocabularySize() - 1);
    }

    @Test
    void knowsAllLocationAndSegmentationTokens() {
        for (int i = 0; i < PaliGemmaTokenizer.LOCATIONS; i++) {
            int id = TOKENIZER.locationId(i);
            assertThat(TOKENIZER.tokenOf(id)).hasValue(String.format("<loc%04d>", i));
            assertThat(TOKENIZER.locationIndex(id)).isEqualTo(i);
            assertThat(TOKENIZER.isLocation(id)).isTrue();
            assertThat(TOKENIZER.isSegmentationCode(id)).isFalse();
            assertThat(TOKENIZER.encode(String.format("<loc%04d>", i))).containsExactly(id);
        }
        for (int i = 0; i < PaliGemmaTokenizer.SEGMENTATION_CODES; i++) {
            int id = TOKENIZER.segmentationId(i);
            assertThat(TOKENIZER.tokenOf(id)).hasValue(String.format("<seg%03d>", i));
            assertThat(TOKENIZER.segmentationIndex(id)).isEqualTo(i);
            assertThat(TOKENIZER.isSegmentationCode(id)).isTrue();
            assertThat(TOKENIZER.isLocation(id)).isFalse();
            assertThat(TOKENIZER.encode(String.format("<seg%03d>", i))).containsExactly(id);
        }
    }

    @Test
    void tellsOtherIdsFromCodes() {
        for (int id : new int[] {Integer.MIN_VALUE, -1, 0, TOKENIZER.imageId(), TOKENIZER.vocabularySize(), 1 << 30}) {
            assertThat(TOKENIZER.locationIndex(id)).isEqualTo(-1);
            assertThat(TOKENIZER.segmentationIndex(id)).isEqualTo(-1);
        }
    }

    @Test
    void rejectsCodesThatDoNotExist() {
        assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> TOKENIZER.locationId(1024));
        assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> TOKENIZER.locationId(-1));
        assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> TOKENIZER.segmentationId(128));
    }

    @Test
    void takesIdsThatAreNotInARow() {
        String first = "\"<loc0000>\":" + TOKENIZER.locationId(0);
        String last = "\"<loc1023>\":" + TOKENIZER.locationId(1023);
        String swapped = TestFiles.text(TestFiles.PALIGEMMA)
                .replace(first, "\"<loc0000>\":" + TOKENIZER.locationId(1023))
                .replace(last, "\"<loc1023>\":" + TOKENIZER.locationId(0));
        PaliGemmaTokenizer tokenizer = TestFiles.parse(swapped);
        assertThat(tokenizer.locationId(0)).isEqualTo(TOKENIZER.locationId(1023));
        assertThat(tokenizer.encode("<loc0000>")).containsExactly(TOKENIZER.locationId(1023));
        assertThat(tokenizer.locationIndex(TOKENIZER.locationId(0))).isEqualTo(1023);
    }

    @Test
    void loadsATextOnlyFileAndFailsWhenAskedForWhatItLacks() {
        assertThat(TEXT_ONLY.decode(TEXT_ONLY.encode("A brown dog"), false)).isEqualTo("A brown dog");
        assertThat(TEXT_ONLY.idOf("<image>")).isEmpty();
        assertThat(TEXT_ONLY.isLocation(5)).isFalse();
        for (Runnable lacking : List.<Runnable>of(
                TEXT_ONLY::imageId, () -> TEXT_ONLY.locationId(0), () -> TEXT_ONLY.segmentationId(0))) {
            assertThatThrownBy(lacking::run)
                    .isInstanceOf(TokenizerException.class)
                    .hasMessageContaining("test.json");
        }
    }

    @Test
    void treatsAnImageTokenOfTheVocabularyAsAtomicAndSpecial() {
        // As in a file whose vocabulary has the token, but whose added tokens do not.
        String json = TestFiles.text(TestFiles.PALIGEMMA)
                .replace("\"content\":\"<unused0>\"", "\"content\":\"<unused1234>\"")
                .replace("\"<unused0>\":", "\"<unused1234>\":")
                .replace("\"content\":\"<image>\"", "\"content\":\"<other>\"")
                .replace("\"<seg000>\":", "\"<image>\":" + (TOKENIZER.vocabularySize() + 9) + ",\"<seg000>\":");
        PaliGemmaTokenizer tokenizer = TestFiles.parse(json);
        assertThat(tokenizer.encode("a<image>")).endsWith(tokenizer.imageId());
        assertThat(tokenizer.decode(new int[] {tokenizer.imageId()}, true)).isEmpty();
    }

    @Test
    void refusesAFileWithSomeOfTheLocations() {
        String json = TestFiles.text(TestFiles.PALIGEMMA).replace("\"<loc0007>\"", "\"<lok0007>\"");
        assertThatThrownBy(() -> TestFiles.parse(json))
                .isInstanceOf(TokenizerException.class)
                .hasMessageContaining("1023 of the 1024")
                .hasMessageContaining("<loc0007>");
    }

    static Stream<List<Object>> plain() {
        return TestFiles.lines("plain.jsonl").stream();
    }

    @ParameterizedTest
    @MethodSource("plain")
    void encodesControlTokensAsTextLikeTokenizersWithoutThem(List<Object> golden) {
        assertThat(TOKENIZER.encode((String) golden.get(0), ControlTokens.AS_TEXT))
                .isEqualTo(TestFiles.ints(golden.get(1)));
    }

    @Test
    void makesNoControlTokenFromTextEvenIfAMergeWould() {
        // A special token "<h" that a merge of "<" and "h" makes.
        String json = TestFiles.text(TestFiles.PALIGEMMA)
                .replace("\"<unused0>\":", "\"<h\":")
                .replace("\"content\":\"<unused0>\"", "\"content\":\"<h\"")
                .replace("\"merges\":[", "\"merges\":[[\"<\",\"h\"],")
                .replaceFirst("(\"content\":\"<h\"[^}]*\"special\":)false", "$1true");
        PaliGemmaTokenizer tokenizer = TestFiles.parse(json);
        int control = tokenizer.idOf("<h").orElseThrow();
        assertThat(tokenizer.encode("<h")).containsExactly(control);
        assertThat(tokenizer.encode("<h", ControlTokens.AS_TEXT)).doesNotContain(control);
        assertThat(tokenizer.decode(tokenizer.encode("<h", ControlTokens.AS_TEXT), true))
                .isEqualTo("<h");
    }

    @Test
    void keepsLocationsWhenSkippingSpecialTokens() {
        int[] ids = TOKENIZER.encode("<bos><loc0012><image><seg003> cat<eos>");
        assertThat(TOKENIZER.decode(ids, true)).isEqualTo("<loc0012><seg003> cat");
        assertThat(TOKENIZER.decode(ids, false)).isEqualTo("<bos><loc0012><image><seg003> cat<eos>");
    }

    @Test
    void encodesHalfASurrogatePairAsTheReplacementCharacter() {
        assertThat(TOKENIZER.encode("a\uD83Db\uDE00")).isEqualTo(TOKENIZER.encode("a\uFFFDb\uFFFD"));
    }

    @Test
    void mapsIdsAndTokensBothWays() {
        int id = TOKENIZER.idOf("\n").orElseThrow();
        assertThat(TOKENIZER.tokenOf(id)).hasValue("\n");
        assertThat(TOKENIZER.tokenOf(-1)).isEmpty();
        assertThat(TOKENIZER.tokenOf(TOKENIZER.vocabularySize())).isEmpty();
        assertThat(TOKENIZER.idOf("no such token")).isEmpty();
        for (int i = 0; i < TOKENIZER.vocabularySize(); i++) {
            assertThat(TOKENIZER.idOf(TOKENIZER.tokenOf(i).orElseThrow())).hasValue(i);
        }
    }

    @Test
    void rejectsNegativeIdsInDecode() {
        assertThatIllegalArgumentException().isThrownBy(() -> TOKENIZER.decode(new int[] {5, -3}, false));
    }

    @Test
    void loadsAFileOrTheFolderItLiesIn(@TempDir Path folder) throws Exception {
        Path file = Files.writeString(folder.resolve("tokenizer.json"), TestFiles.text(TestFiles.PALIGEMMA));
        int[] ids = TOKENIZER.encode("caption en");
        assertThat(PaliGemmaTokenizer.load(file).encode("caption en")).isEqualTo(ids);
        assertThat(PaliGemmaTokenizer.load(folder).encode("caption en")).isEqualTo(ids);
    }

    @Test
    void namesAFileThatIsNotThere(@TempDir Path folder) {
        assertThatThrownBy(() -> PaliGemmaTokenizer.load(folder))
                .isInstanceOf(TokenizerException.class)
                .hasMessageContaining(folder.toString())
                .hasMessageContaining("tokenizer.json, tokenizer.model");
        Path file = folder.resolve("tokenizer.model");
        assertThatThrownBy(() -> PaliGemmaTokenizer.load(file))
                .isInstanceOf(TokenizerException.class)
                .hasMessageContaining(file.toString())
                .hasCauseInstanceOf(java.nio.file.NoSuchFileException.class);
    }

    @Test
    void loadsTheModelOfAFolderWithoutTokenizerJson(@TempDir Path folder) throws Exception {
        byte[] bytes = new SentencePieceModel().add("a", "b").toByteArray();
        Path model = Files.write(folder.resolve("tokenizer.model"), bytes);
        assertThat(PaliGemmaTokenizer.load(folder).encode("ab")).containsExactly(260, 261);
        assertThat(PaliGemmaTokenizer.load(model).encode("ab")).containsExactly(260, 261);
        Files.writeString(folder.resolve("tokenizer.json"), TestFiles.text(TestFiles.PALIGEMMA));
        assertThat(PaliGemmaTokenizer.load(folder).encode("ab")).isEqualTo(TOKENIZER.encode("ab"));
    }

    @Test
    void givesTheSameToManyThreads() throws Exception {
        List<String> texts = Corpus.of(6_000, 11).subList(3_000, 6_000);
        List<int[]> expected = texts.stream().map(TOKENIZER::encode).toList();
        Callable<Integer> work = () -> {
            int wrong = 0;
            for (int i = 0; i < texts.size(); i++) {
                int[] ids = TOKENIZER.encode(texts.get(i));
                String decoded = Conformance.stream(TOKENIZER, ids, false);
                if (!Arrays.equals(ids, expected.get(i)) || !decoded.equals(TOKENIZER.decode(ids, false))) {
                    wrong++;
                }
            }
            return wrong;
        };
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            List<Future<Integer>> results = new ArrayList<>(threads.invokeAll(List.of(work, work, work, work)));
            for (Future<Integer> result : results) {
                assertThat(result.get()).isZero();
            }
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void readsMergesAheadOfAndBehindTheVocabularyAlike() {
        String json = TestFiles.text(TestFiles.GEMMA);
        int from = json.indexOf("\"merges\":");
        int to = json.indexOf("],", from) + 1;
        String merges = json.substring(from, to);
        String behind = json.substring(0, from)
                + json.substring(to + 1).replace(",\"type\":\"BPE\"", "," + merges + ",\"type\":\"BPE\"");
        assertThat(behind.indexOf("\"merges\"")).isGreaterThan(behind.indexOf("\"vocab\""));
        PaliGemmaTokenizer ahead = TestFiles.parse(json);
        PaliGemmaTokenizer later = TestFiles.parse(behind.getBytes(StandardCharsets.UTF_8));
        for (String text : Corpus.of(5_000, 12)) {
            assertThat(Arrays.equals(ahead.encode(text), later.encode(text)))
                    .as("%s", text)
                    .isTrue();
        }
    }
}
