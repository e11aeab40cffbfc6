package dev.paligemma.tokenizer;

import dev.paligemma.base.internal.StandIn;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.IntPredicate;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The tokenizer of a PaliGemma checkpoint, read from its {@code tokenizer.json}, or from {@code tokenizer.model} if it
 * has no other. Immutable and thread-safe.
 *
 * <p>Ids and texts equal those of the Hugging Face {@code tokenizers} library for the same file, with the 1024 location
 * tokens {@code <loc0000>} to {@code <loc1023>} and the 128 segmentation tokens {@code <seg000>} to {@code <seg127>}
 * added as {@code PaliGemmaProcessor} of {@code transformers} adds them: they are atomic even where the file lists them
 * in its vocabulary only. All ids of a {@code tokenizer.json} come from it, none is computed.
 *
 * <p>A {@code tokenizer.model}, the file of SentencePiece, gives what {@code transformers} converts it to: the merges by
 * the scores of the pieces, the control and user-defined pieces as added tokens, {@code <image>} at the first free id,
 * and behind it the location and segmentation tokens if the file has none. So the ids equal those of the
 * {@code tokenizer.json} made of the same file. SentencePiece itself gives others for a text that spells out a control
 * token ({@code <bos>}, {@code <image>}), which it takes for text; for a U+2581 next to a space or to another one, which
 * it does not tell from a space; and for a user-defined piece with a space inside, of which Gemma has none.
 * A file with settings other than Gemma's is refused.
 *
 * <p>A text is never truncated, and no {@code <bos>} is put in front of it: see {@link PromptEncoder} for the layout of
 * a prompt. Half of a surrogate pair, which UTF-8 cannot express, is encoded as U+FFFD.
 *
 * <p>A {@code tokenizer.json} without {@code <image>}, location or segmentation tokens, such as that of a text-only Gemma, loads; asking
 * for the id of a token it lacks fails. A file with some of the location or segmentation tokens but not all is refused.
 */
public final class PaliGemmaTokenizer {

    /** Number of location tokens, {@code <loc0000>} to {@code <loc1023>}. */
    public static final int LOCATIONS = 1024;

    /** Number of segmentation tokens, {@code <seg000>} to {@code <seg127>}. */
    public static final int SEGMENTATION_CODES = 128;

    /** The spelling of the image placeholder. */
    static final String IMAGE = "<image>";

    /** The files of a checkpoint, the best first. */
    private static final List<String> FILES = List.of("tokenizer.json", "tokenizer.model");

    private static final String BOS = "<bos>";
    private static final String EOS = "<eos>";
    private static final String PAD = "<pad>";
    private static final String UNK = "<unk>";
    private static final Predicate<String> IS_CONTROL = Pattern.compile("<(image|bos|eos|pad|unk|mask|2mass|unused\\d+"
                    + "|start_of_turn|end_of_turn)>|\\[(@BOS@|toxicity=0)]")
            .asMatchPredicate();

    private final String source;
    private final Vocabulary vocabulary;
    private final BytePairEncoder bytePairs;
    private final TokenDecoder decoder;
    private final @Nullable CodeTokens locations;
    private final @Nullable CodeTokens segmentationCodes;
    private final int unknownId;
    private final BitSet control;
    private final Matchers parsing;
    private final Matchers asText;

    /** The two passes of added-token matching: over the raw text, then over what is left with its spaces replaced. */
    private record Matchers(AddedTokenMatcher raw, AddedTokenMatcher normalized) {

        static Matchers of(List<AddedToken> tokens) {
            return new Matchers(
                    new AddedTokenMatcher(
                            tokens.stream().filter(token -> !token.normalized()).toList(), false),
                    new AddedTokenMatcher(
                            tokens.stream().filter(AddedToken::normalized).toList(), true));
        }
    }

    private PaliGemmaTokenizer(TokenizerParts file, String source) {
        this.source = source;
        this.vocabulary = file.vocabulary();
        int modelUnknown = file.unknownId();
        // Before the added tokens join the vocabulary: characters and merges are looked up among the model's tokens.
        this.bytePairs = new BytePairEncoder(vocabulary, file.merges(), modelUnknown, file.fuseUnknown());
        for (AddedToken token : file.addedTokens()) {
            if (!vocabulary.contains(token.id())) {
                vocabulary.add(token.content(), token.id());
            }
        }
        this.locations = CodeTokens.find(vocabulary, CodeTokens.Family.LOCATIONS, source);
        this.segmentationCodes = CodeTokens.find(vocabulary, CodeTokens.Family.SEGMENTATION_CODES, source);
        this.unknownId = modelUnknown == Vocabulary.ABSENT ? vocabulary.idOf(UNK) : modelUnknown;

        List<AddedToken> addedTokens = withPaliGemmaTokens(file.addedTokens());
        BitSet special = new BitSet();
        this.control = new BitSet();
        for (AddedToken token : addedTokens) {
            special.set(token.id(), token.special());
            control.set(token.id(), isControl(token));
        }
        this.decoder = new TokenDecoder(vocabulary, special);
        this.parsing = Matchers.of(addedTokens);
        this.asText = Matchers.of(
                addedTokens.stream().filter(token -> !control.get(token.id())).toList());
    }

    /**
     * Adds what PaliGemmaProcessor adds: the image token as special, locations and segmentation codes as ordinary ones.
     */
    private List<AddedToken> withPaliGemmaTokens(List<AddedToken> listed) {
        List<AddedToken> tokens = new ArrayList<>(listed);
        BitSet present = new BitSet();
        listed.forEach(token -> present.set(token.id()));
        int image = vocabulary.idOf(IMAGE);
        if (image != Vocabulary.ABSENT && !present.get(image)) {
            tokens.add(new AddedToken(IMAGE, image, true, false));
        }
        addCodes(locations, present, tokens);
        addCodes(segmentationCodes, present, tokens);
        return tokens;
    }

    private void addCodes(@Nullable CodeTokens codes, BitSet present, List<AddedToken> tokens) {
        for (int i = 0; codes != null && i < codes.count(); i++) {
            int id = codes.id(i);
            if (!present.get(id)) {
                tokens.add(new AddedToken(vocabulary.textOf(id), id, false, true));
            }
        }
    }

    private boolean isControl(AddedToken token) {
        return token.special()
                || isLocation(token.id())
                || isSegmentationCode(token.id())
                || IS_CONTROL.test(token.content());
    }

    /**
     * Reads a {@code tokenizer.json} or, if its name ends in {@code .model}, a {@code tokenizer.model}.
     *
     * @param file the file, or the checkpoint folder it lies in; of a folder with both files the former is read. Of a folder
     *     with a {@code tokenizer.model}, the tokens that {@code added_tokens.json} and the {@code added_tokens_decoder} of
     *     {@code tokenizer_config.json} add to it are read too
     * @throws TokenizerException if there is no file, or it cannot be read, is malformed, or describes a tokenizer that
     *     is not of Gemma's kind
     */
    public static PaliGemmaTokenizer load(Path file) {
        Objects.requireNonNull(file, "file");
        Path chosen = Files.isDirectory(file) ? fileIn(file) : file;
        boolean sentencePiece = isSentencePiece(chosen);
        List<AddedToken> added = sentencePiece && Files.isDirectory(file) ? AddedTokenLists.read(file) : List.of();
        if (Files.exists(chosen) && !Files.isRegularFile(chosen)) {
            // A device may have no end.
            throw new TokenizerException(chosen + ": is not a regular file");
        }
        StandIn.refuse(chosen, chosen, TokenizerException::new);
        try (InputStream in = Files.newInputStream(chosen)) {
            return sentencePiece
                    ? new PaliGemmaTokenizer(SentencePieceFile.read(in, chosen.toString(), added), chosen.toString())
                    : load(in, chosen.toString());
        } catch (IOException e) {
            throw new TokenizerException(chosen + ": cannot be read: " + e, e);
        }
    }

    /**
     * The files that {@link #load} reads in a folder, the first of which decides about the kind; empty if there is no
     * tokenizer. Two folders with equal files have equal tokenizers.
     */
    public static List<Path> filesIn(Path folder) {
        List<Path> found = new ArrayList<>(FILES.stream()
                .map(folder::resolve)
                .filter(Files::exists)
                .limit(1)
                .toList());
        if (!found.isEmpty() && isSentencePiece(found.get(0))) {
            found.addAll(AddedTokenLists.filesIn(folder));
        }
        return List.copyOf(found);
    }

    private static boolean isSentencePiece(Path file) {
        return file.toString().endsWith(".model");
    }

    private static Path fileIn(Path folder) {
        return filesIn(folder).stream()
                .findFirst()
                .orElseThrow(() -> new TokenizerException(
                        folder + ": has no tokenizer, expected one of " + String.join(", ", FILES)));
    }

    /**
     * Reads a {@code tokenizer.model} from a stream, such as that of a resource.
     *
     * @param in the content, a model of SentencePiece; read to its end and closed
     * @param source what to call it in errors
     * @throws TokenizerException if the content cannot be read, is malformed, or describes a tokenizer that is not of
     *     Gemma's kind
     */
    public static PaliGemmaTokenizer loadSentencePiece(InputStream in, String source) {
        Objects.requireNonNull(in, "in");
        Objects.requireNonNull(source, "source");
        return new PaliGemmaTokenizer(SentencePieceFile.read(in, source, List.of()), source);
    }

    /** As {@link #loadSentencePiece}, of a {@code tokenizer.json} in UTF-8. */
    public static PaliGemmaTokenizer load(InputStream in, String source) {
        Objects.requireNonNull(in, "in");
        Objects.requireNonNull(source, "source");
        return new PaliGemmaTokenizer(TokenizerFile.read(new BufferedInputStream(in, 1 << 16), source), source);
    }

    /** As {@link #encode(String, ControlTokens)}, taking control tokens spelled out in the text for those tokens. */
    public int[] encode(String text) {
        return encode(text, ControlTokens.PARSE);
    }

    /**
     * Encodes a text.
     *
     * @param text any text; the empty one has no ids
     * @param controlTokens what to do with control tokens spelled out in it
     * @return the ids, a new array
     */
    public int[] encode(String text, ControlTokens controlTokens) {
        IntList ids = new IntList();
        encode(text, controlTokens, ids);
        return ids.toArray();
    }

    void encode(String text, ControlTokens controlTokens, IntList ids) {
        Objects.requireNonNull(text, "text");
        char[] raw = text.toCharArray();
        char[] normalized = text.replace(' ', Vocabulary.META_SPACE).toCharArray();
        boolean parsed = controlTokens == ControlTokens.PARSE;
        Matchers matchers = parsed ? parsing : asText;
        IntPredicate forbidden = parsed ? id -> false : control::get;
        matchers.raw()
                .split(
                        raw,
                        0,
                        raw.length,
                        ids,
                        (from, to) -> matchers.normalized()
                                .split(
                                        normalized,
                                        from,
                                        to,
                                        ids,
                                        (start, end) -> bytePairs.encode(normalized, start, end, forbidden, ids)));
    }

    /**
     * Decodes ids to text. Nothing is trimmed. A run of byte tokens that is not UTF-8 as a whole becomes one U+FFFD per
     * byte.
     *
     * @param ids token ids; one without a token, such as that of a padding row of the model, stands for no text
     * @param skipSpecial whether to leave out special tokens such as {@code <bos>}; location and segmentation tokens
     *     are not special
     * @throws IllegalArgumentException if an id is negative
     */
    public String decode(int[] ids, boolean skipSpecial) {
        Objects.requireNonNull(ids, "ids");
        return decoder.decode(ids, skipSpecial);
    }

    /** A new decoder for ids that arrive one by one, of one thread; it may leave out special tokens such as {@code <eos>}. */
    public StreamingDecoder newStreamingDecoder(boolean skipSpecial) {
        return new StreamingDecoder(decoder, skipSpecial);
    }

    /** The spelling of a token as the file has it, with U+2581 for a space; empty if the id, any number, has none. */
    public Optional<String> tokenOf(int id) {
        return vocabulary.contains(id) ? Optional.of(vocabulary.textOf(id)) : Optional.empty();
    }

    /** The id of the token that is spelled so, with U+2581 for a space; empty if there is none. */
    public OptionalInt idOf(String token) {
        int id = vocabulary.idOf(Objects.requireNonNull(token, "token"));
        return id == Vocabulary.ABSENT ? OptionalInt.empty() : OptionalInt.of(id);
    }

    /** The highest token id plus one, at most 1,048,576. The embedding table of a model may have more rows, for alignment. */
    public int vocabularySize() {
        return vocabulary.size();
    }

    /** The id of {@code <bos>}, between the images and the prompt. Throws {@link TokenizerException} if the file has none. */
    public int bosId() {
        return require(BOS);
    }

    /** The id of {@code <eos>}, which ends an answer. Throws {@link TokenizerException} if the file has none. */
    public int eosId() {
        return require(EOS);
    }

    /** The id of {@code <pad>}, which fills up a batch. Throws {@link TokenizerException} if the file has none. */
    public int padId() {
        return require(PAD);
    }

    /** The id of the token the model names as unknown, or else {@code <unk>}. Throws {@link TokenizerException} without. */
    public int unkId() {
        return unknownId == Vocabulary.ABSENT ? require(UNK) : unknownId;
    }

    /**
     * Returns the id of {@code <image>}, the placeholder of one image embedding.
     *
     * @throws TokenizerException if the file has no such token: it is not that of a PaliGemma checkpoint
     */
    public int imageId() {
        return require(IMAGE);
    }

    private int require(String token) {
        int id = vocabulary.idOf(token);
        if (id == Vocabulary.ABSENT) {
            throw missing("the token " + token);
        }
        return id;
    }

    private TokenizerException missing(String what) {
        return new TokenizerException(source + " does not have " + what);
    }

    /**
     * The id of the location token {@code <locNNNN>} of a location, 0 to 1023.
     *
     * @throws IndexOutOfBoundsException if there is no such location
     * @throws TokenizerException if the file has no location tokens
     */
    public int locationId(int index) {
        Objects.checkIndex(index, LOCATIONS);
        if (locations == null) {
            throw missing("the location tokens <loc0000> to <loc1023>");
        }
        return locations.id(index);
    }

    /** Whether an id, any number, is that of a location token. */
    public boolean isLocation(int id) {
        return locationIndex(id) >= 0;
    }

    /** The location, 0 to 1023, of a location token; -1 if the id, any number, is not that of one. */
    public int locationIndex(int id) {
        return locations == null ? -1 : locations.indexOf(id);
    }

    /**
     * The id of the segmentation token {@code <segNNN>} of a code, 0 to 127.
     *
     * @throws IndexOutOfBoundsException if there is no such code
     * @throws TokenizerException if the file has no segmentation tokens
     */
    public int segmentationId(int index) {
        Objects.checkIndex(index, SEGMENTATION_CODES);
        if (segmentationCodes == null) {
            throw missing("the segmentation tokens <seg000> to <seg127>");
        }
        return segmentationCodes.id(index);
    }

    /** Whether an id, any number, is that of a segmentation token. */
    public boolean isSegmentationCode(int id) {
        return segmentationIndex(id) >= 0;
    }

    /** The code, 0 to 127, of a segmentation token; -1 if the id, any number, is not that of one. */
    public int segmentationIndex(int id) {
        return segmentationCodes == null ? -1 : segmentationCodes.indexOf(id);
    }

    /** Names the file and its size. */
    @Override
    public String toString() {
        return "PaliGemmaTokenizer[" + source + ", " + vocabulary.count() + " tokens]";
    }
}
