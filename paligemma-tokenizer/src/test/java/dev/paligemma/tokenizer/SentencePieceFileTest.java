package dev.paligemma.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** SentencePiece models: what is read, malformed, unsupported and hostile ones. */
class SentencePieceFileTest {

    private static final int FIRST = SentencePieceModel.FIRST;

    @Test
    void mergesThePairOfTheBestScoreFirst() {
        PaliGemmaTokenizer tokenizer =
                new SentencePieceModel().add("a", "b", "c", "bc", "ab", "abc").load();
        // "bc" scores better than "ab"; then "a" and "bc" join.
        assertThat(tokenizer.encode("abc")).containsExactly(FIRST + 5);
        assertThat(tokenizer.encode("abbc")).containsExactly(FIRST + 4, FIRST + 3);
        PaliGemmaTokenizer other =
                new SentencePieceModel().add("a", "b", "c", "ab", "bc", "abcd").load();
        assertThat(other.encode("abc")).containsExactly(FIRST + 3, FIRST + 2);
    }

    @Test
    void ordersPiecesByScoreAndNotById() {
        PaliGemmaTokenizer tokenizer = new SentencePieceModel()
                .add("a", "b", "c")
                .add("ab", -2, SentencePieceModel.NORMAL)
                .add("bc", -1.5f, SentencePieceModel.NORMAL)
                .load();
        assertThat(tokenizer.encode("abc")).containsExactly(FIRST, FIRST + 4);
    }

    @Test
    void takesPositiveScoresForBetter() {
        PaliGemmaTokenizer tokenizer = new SentencePieceModel()
                .add("a", "b", "c")
                .add("ab", 0, SentencePieceModel.NORMAL)
                .add("bc", 1e-30f, SentencePieceModel.NORMAL)
                .load();
        assertThat(tokenizer.encode("abc")).containsExactly(FIRST, FIRST + 4);
    }

    @Test
    void findsUserDefinedPiecesBeforeMerging() {
        PaliGemmaTokenizer tokenizer = new SentencePieceModel()
                .add("a", "b", "c", "ab")
                .add("bc", 0, SentencePieceModel.USER_DEFINED)
                .load();
        assertThat(tokenizer.encode("abc")).containsExactly(FIRST, FIRST + 4);
        assertThat(tokenizer.decode(new int[] {2, FIRST + 4}, true)).isEqualTo("bc");
    }

    @Test
    void encodesOtherCharactersAsBytes() {
        PaliGemmaTokenizer tokenizer = new SentencePieceModel().add("a").load();
        assertThat(tokenizer.encode("aé")).containsExactly(FIRST, 4 + 0xC3, 4 + 0xA9);
        assertThat(tokenizer.decode(new int[] {4 + 0xC3, 4 + 0xA9}, false)).isEqualTo("é");
    }

    @Test
    void namesTheByteOfTheTabByItsCharacter() {
        PaliGemmaTokenizer tokenizer = new SentencePieceModel().add("a").load();
        assertThat(tokenizer.tokenOf(4 + 9)).hasValue("\t");
        assertThat(tokenizer.idOf("<0x09>")).isEmpty();
        assertThat(tokenizer.encode("\t")).containsExactly(4 + 9);
    }

    @Test
    void keepsTheByteOfTheTabIfTheTabIsAPiece() {
        PaliGemmaTokenizer tokenizer = new SentencePieceModel().add("\t").load();
        assertThat(tokenizer.tokenOf(4 + 9)).hasValue("<0x09>");
        assertThat(tokenizer.encode("\t")).containsExactly(FIRST);
        assertThat(tokenizer.decode(new int[] {4 + 9}, false)).isEqualTo("\t");
    }

    @Test
    void appendsImageAndCodesBehindThePieces() {
        PaliGemmaTokenizer tokenizer = new SentencePieceModel().add("a").load();
        assertThat(tokenizer.imageId()).isEqualTo(FIRST + 1);
        assertThat(tokenizer.locationId(0)).isEqualTo(FIRST + 2);
        assertThat(tokenizer.locationId(1023)).isEqualTo(FIRST + 1025);
        assertThat(tokenizer.segmentationId(0)).isEqualTo(FIRST + 1026);
        assertThat(tokenizer.segmentationId(127)).isEqualTo(FIRST + 1153);
        assertThat(tokenizer.vocabularySize()).isEqualTo(FIRST + 1154);
        assertThat(tokenizer.encode("<loc1023>a<image>")).containsExactly(FIRST + 1025, FIRST, FIRST + 1);
    }

    @Test
    void appendsOnlyTheImageIfTheCodesAreThere() {
        SentencePieceModel model = new SentencePieceModel();
        for (CodeTokens.Family family : CodeTokens.Family.values()) {
            family.names().forEach(name -> model.add(name, 0, SentencePieceModel.USER_DEFINED));
        }
        PaliGemmaTokenizer tokenizer = model.load();
        assertThat(tokenizer.locationId(0)).isEqualTo(FIRST);
        assertThat(tokenizer.segmentationId(127)).isEqualTo(FIRST + 1151);
        assertThat(tokenizer.imageId()).isEqualTo(FIRST + 1152);
        assertThat(tokenizer.decode(new int[] {FIRST, FIRST + 1152}, true)).isEqualTo("<loc0000>");
    }

    @Test
    void takesAnImageTokenOfTheFile() {
        PaliGemmaTokenizer tokenizer = new SentencePieceModel()
                .add("<image>", 0, SentencePieceModel.CONTROL)
                .load();
        assertThat(tokenizer.imageId()).isEqualTo(FIRST);
        assertThat(tokenizer.locationId(0)).isEqualTo(FIRST + 1);
    }

    @Test
    void skipsFieldsItDoesNotKnow() {
        SentencePieceModel model = new SentencePieceModel().add("a");
        model.pieces.set(
                FIRST,
                SentencePieceModel.piece("b", 0, SentencePieceModel.NORMAL)
                        .number(77, 5)
                        .string(200, "x"));
        model.trainer.tag(300, 1).raw(1, 2, 3, 4, 5, 6, 7, 8).number(10, 0.5f);
        byte[] more =
                new ProtobufOutput().string(4, "self test").number(1000, -1).toByteArray();
        byte[] bytes = model.toByteArray();
        byte[] both = Arrays.copyOf(more, more.length + bytes.length);
        System.arraycopy(bytes, 0, both, more.length, bytes.length);
        assertThat(SentencePieceModel.load(both).encode("b")).containsExactly(FIRST);
    }

    static Stream<Arguments> unsupported() {
        return Stream.of(
                refused(
                        "unigram",
                        model -> model.trainer.number(3, 1),
                        "trainer_spec.model_type: expected BPE, as Gemma has, found UNIGRAM"),
                refused("characters", model -> model.trainer.number(3, 4), "found CHAR"),
                refused("an unknown type", model -> model.trainer.number(3, -7), "found number -7"),
                refused(
                        "no settings",
                        model -> model.trainer = new ProtobufOutput(),
                        "trainer_spec.model_type: expected BPE, as Gemma has, found UNIGRAM"),
                refused("no byte fallback", model -> model.trainer.number(35, 0), "trainer_spec.byte_fallback"),
                refused(
                        "a normaliser",
                        model -> model.normalizer.string(2, "nfkc"),
                        "normalizer_spec.precompiled_charsmap: expected nothing, as Gemma has, found a table of 4"),
                refused(
                        "a denormaliser",
                        model -> model.denormalizer.string(2, "xy"),
                        "denormalizer_spec.precompiled_charsmap"),
                refused("a prefix", model -> model.normalizer.number(3, 1), "normalizer_spec.add_dummy_prefix"),
                refused(
                        "a prefix by default",
                        model -> model.normalizer = new ProtobufOutput().number(4, 0),
                        "normalizer_spec.add_dummy_prefix: expected false"),
                refused(
                        "spaces removed",
                        model -> model.normalizer.number(4, 1),
                        "normalizer_spec.remove_extra_whitespaces"),
                refused(
                        "spaces as they are",
                        model -> model.normalizer.number(5, 0),
                        "normalizer_spec.escape_whitespaces"),
                refused(
                        "another id of <bos>",
                        model -> model.trainer.number(41, 1),
                        "trainer_spec.bos_id: expected the id of <bos>, as Gemma has, found 1, which is \"<eos>\""),
                refused("no <pad>", model -> model.trainer.number(43, -1), "trainer_spec.pad_id"),
                refused("<eos> of text", model -> model.trainer.number(42, FIRST), "which is no piece of type CONTROL"),
                refused(
                        "an unused piece",
                        model -> model.add("x", 0, SentencePieceModel.UNUSED),
                        "unsupported type of pieces[260]: UNUSED"),
                refused("a type of its own", model -> model.add("x", 0, 9), "pieces[260].type must be 1 to 6"),
                refused(
                        "two unknown pieces",
                        model -> model.add("x", 0, SentencePieceModel.UNKNOWN),
                        "a second piece of type UNKNOWN"),
                refused(
                        "no unknown piece",
                        model -> model.pieces.set(3, SentencePieceModel.piece("<unk>", 0, SentencePieceModel.CONTROL)),
                        "no piece of type UNKNOWN"),
                refused("a byte too few", model -> model.pieces.remove(FIRST - 1), "must have 256 pieces of type BYTE"),
                refused("a byte left out", model -> model.pieces.remove(100), "must be <0x60>"),
                refused(
                        "a byte too many",
                        model -> model.add("<0x100>", 0, SentencePieceModel.BYTE),
                        "must have 256 pieces of type BYTE, but has 257"),
                refused("a piece twice", model -> model.add("a", "a"), "pieces[261] is \"a\", as is pieces[260]"),
                refused(
                        "the tab's byte as text",
                        model -> model.add("<0x09>"),
                        "pieces[260] is <0x09>, but not of type BYTE"),
                refused("an empty piece", model -> model.add(""), "pieces[260].piece must have 1 to 256 characters"),
                refused("a long piece", model -> model.add("x".repeat(257)), "must have 1 to 256 characters"),
                refused("a very long piece", model -> model.add("x".repeat(800)), "must have at most 768 bytes"),
                refused(
                        "some of the locations",
                        model -> model.add("<loc0005>", 0, SentencePieceModel.USER_DEFINED),
                        "1 of the 1024"),
                refused("not a number", model -> model.add("x", Float.NaN, 1), "pieces[260].score must be a finite"),
                refused("an infinite score", model -> model.add("x", Float.NEGATIVE_INFINITY, 1), "finite"),
                refused(
                        "not UTF-8",
                        model -> model.pieces.add(new ProtobufOutput().bytes(1, (byte) 0xC3)),
                        "pieces[260].piece must be UTF-8"),
                refused(
                        "a number for a text",
                        model -> model.pieces.add(new ProtobufOutput().number(1, 5)),
                        "pieces[260].piece must be of wire type 2, but is of type 0"),
                refused(
                        "a text for a flag",
                        model -> model.trainer.string(35, "yes"),
                        "trainer_spec.byte_fallback must be of wire type 0"),
                refused(
                        "a flag of two",
                        model -> model.trainer.number(35, 2),
                        "trainer_spec.byte_fallback must be 0 or 1"),
                refused(
                        "a large id",
                        model -> model.trainer.number(40, 1L << 32),
                        "trainer_spec.unk_id must be an integer of 32 bits"));
    }

    private static Arguments refused(String what, Consumer<SentencePieceModel> change, String message) {
        return arguments(what, change, message);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource
    void unsupported(String what, Consumer<SentencePieceModel> change, String message) {
        SentencePieceModel model = new SentencePieceModel();
        change.accept(model);
        assertThatThrownBy(model::load)
                .as(what)
                .isInstanceOf(TokenizerException.class)
                .hasMessageStartingWith("test.model")
                .hasMessageContaining(message);
    }

    @Test
    void refusesAnEmptyFile() {
        assertThatThrownBy(() -> SentencePieceModel.load(new byte[0]))
                .isInstanceOf(TokenizerException.class)
                .hasMessageContaining("model_type");
    }

    @Test
    void refusesEveryTruncation() {
        byte[] bytes = new SentencePieceModel().add("a", "b", "ab").toByteArray();
        for (int length = 0; length < bytes.length - 2; length++) {
            byte[] truncated = Arrays.copyOf(bytes, length);
            assertThatThrownBy(() -> SentencePieceModel.load(truncated)).isInstanceOf(TokenizerException.class);
        }
    }

    @Test
    void refusesPiecesThatGiveTooManyMerges() {
        // Every part of a run is a piece; together they are too long to look all parts up.
        SentencePieceModel model = new SentencePieceModel();
        for (int c = 0; c < 60; c++) {
            for (int n = 1; n <= 256; n++) {
                model.add(Character.toString('\u4e00' + c).repeat(n));
            }
        }
        assertThatThrownBy(model::load)
                .isInstanceOf(TokenizerException.class)
                .hasMessageContaining("too long together");
    }

    @Test
    void refusesTooManyUserDefinedPieces() {
        SentencePieceModel model = new SentencePieceModel();
        for (int i = 0; i <= 1 << 14; i++) {
            model.add("u" + i, 0, SentencePieceModel.USER_DEFINED);
        }
        assertThatThrownBy(model::load)
                .isInstanceOf(TokenizerException.class)
                .hasMessageContaining("CONTROL and USER_DEFINED");
    }

    @Test
    void refusesAFileThatDoesNotEnd() {
        InputStream endless = new InputStream() {
            @Override
            public int read() {
                return 0;
            }

            @Override
            public int read(byte[] bytes, int offset, int length) {
                return length;
            }
        };
        assertThatThrownBy(() -> PaliGemmaTokenizer.loadSentencePiece(endless, "endless"))
                .isInstanceOf(TokenizerException.class)
                .hasMessageContaining("has more than 33554432 bytes");
    }

    @Test
    void doesNotReadWhatIsNoRegularFile(@TempDir Path folder) throws IOException {
        Path device = Path.of("/dev/zero");
        assumeTrue(Files.exists(device), "a system with /dev/zero");
        for (String name : List.of("tokenizer.json", "tokenizer.model")) {
            Path link = Files.createSymbolicLink(folder.resolve(name), device);
            assertThatThrownBy(() -> PaliGemmaTokenizer.load(link))
                    .isInstanceOf(TokenizerException.class)
                    .hasMessage(link + ": is not a regular file");
        }
    }

    @Test
    void keepsTheErrorOfTheStream() {
        IOException broken = new IOException("broken");
        InputStream in = new InputStream() {
            @Override
            public int read() throws IOException {
                throw broken;
            }

            @Override
            public int read(byte[] bytes, int offset, int length) throws IOException {
                throw broken;
            }
        };
        assertThatThrownBy(() -> PaliGemmaTokenizer.loadSentencePiece(in, "test.model"))
                .isInstanceOf(TokenizerException.class)
                .hasCause(broken);
    }
}
