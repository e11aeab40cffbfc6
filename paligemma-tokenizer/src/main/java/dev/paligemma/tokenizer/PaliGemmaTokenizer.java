package dev.paligemma.tokenizer;

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
import java.util.Set;
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
    private static final Set<String> CONTROL_NAMES = Set.of(
            IMAGE,
            BOS,
            EOS,
            PAD,
            UNK,
            "<mask>",
            "<2mass>",
            "[@BOS@]",
            "[toxicity=0]",
            "<start_of_turn>",
            "<end_of_turn>");
    private static final Predicate<String> IS_UNUSED =
            Pattern.compile("<unused\\d+>").asMatchPredicate();

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
        if (codes == null) {
            return;
        }
        for (int i = 0; i < codes.count(); i++) {
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
                || CONTROL_NAMES.contains(token.content())
                || IS_UNUSED.test(token.content());
    }

    /**
     * Reads a {@code tokenizer.json} or, if its name ends in {@code .model}, a {@code tokenizer.model}.
     *
     * @param file the file, or the checkpoint folder it lies in; of a folder with both files the former is read
     * @throws TokenizerException if there is no file, or it cannot be read, is malformed, or describes a tokenizer that
     *     is not of Gemma's kind
     */
    public static PaliGemmaTokenizer load(Path file) {
        Objects.requireNonNull(file, "file");
        Path chosen = Files.isDirectory(file) ? fileIn(file) : file;
        boolean sentencePiece = chosen.toString().endsWith(".model");
        if (Files.exists(chosen) && !Files.isRegularFile(chosen)) {
            // A device may have no end.
            throw new TokenizerException(chosen + ": is not a regular file");
        }
        try (InputStream in = Files.newInputStream(chosen)) {
            return sentencePiece ? loadSentencePiece(in, chosen.toString()) : load(in, chosen.toString());
        } catch (IOException e) {
            throw new TokenizerException(chosen + ": cannot be read: " + e, e);
        }
    }

    private static Path fileIn(Path folder) {
        for (String name : FILES) {
            Path file = folder.resolve(name);
            if (Files.exists(file)) {
                return file;
            }
        }
        throw new TokenizerException(folder + ": has no tokenizer, expected one of " + String.join(", ", FILES));
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
        return new PaliGemmaTokenizer(SentencePieceFile.read(in, source), source);
    }

    /**
     * Reads a {@code tokenizer.json} from a stream, such as that of a resource.
     *
     * @param in the content, in UTF-8; read to its end and closed
     * @param source what to call it in errors
     * @throws TokenizerException if the content cannot be read, is malformed, or describes a tokenizer that is not of
     *     Gemma's kind
     */
    public static PaliGemmaTokenizer load(InputStream in, String source) {
        Objects.requireNonNull(in, "in");
        Objects.requireNonNull(source, "source");
        return new PaliGemmaTokenizer(TokenizerFile.read(new BufferedInputStream(in, 1 << 16), source), source);
    }

    /**
     * Encodes a text, taking control tokens spelled out in it for those tokens.
     *
     * @param text any text; the empty one has no ids
     * @return the ids, a new array
     */
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
        Matchers matchers = switch (controlTokens) {
            case PARSE -> parsing;
            case AS_TEXT -> asText;
        };
        IntPredicate forbidden = switch (controlTokens) {
            case PARSE -> id -> false;
            case AS_TEXT -> control::get;
        };
        AddedTokenMatcher.Parts merge = new AddedTokenMatcher.Parts() {
            @Override
            public void text(int from, int to) {
                bytePairs.encode(normalized, from, to, forbidden, ids);
            }

            @Override
            public void token(int id) {
                ids.add(id);
            }
        };
        matchers.raw().split(raw, 0, raw.length, new AddedTokenMatcher.Parts() {
            @Override
            public void text(int from, int to) {
                matchers.normalized().split(normalized, from, to, merge);
            }

            @Override
            public void token(int id) {
                ids.add(id);
            }
        });
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

    /**
     * Returns a new decoder for ids that arrive one by one.
     *
     * @param skipSpecial whether to leave out special tokens such as {@code <eos>}
     * @return the decoder, which belongs to one thread
     */
    public StreamingDecoder newStreamingDecoder(boolean skipSpecial) {
        return new StreamingDecoder(decoder, skipSpecial);
    }

    /**
     * Returns the spelling of a token as the file has it, with U+2581 for a space.
     *
     * @param id any number
     * @return the token, or empty if the id has none
     */
    public Optional<String> tokenOf(int id) {
        return vocabulary.contains(id) ? Optional.of(vocabulary.textOf(id)) : Optional.empty();
    }

    /**
     * Returns the id of a token.
     *
     * @param token the spelling of one token, with U+2581 for a space
     * @return its id, or empty if there is no such token
     */
    public OptionalInt idOf(String token) {
        int id = vocabulary.idOf(Objects.requireNonNull(token, "token"));
        return id == Vocabulary.ABSENT ? OptionalInt.empty() : OptionalInt.of(id);
    }

    /**
     * Returns the highest token id plus one. The embedding table of a model may have more rows, for alignment.
     *
     * @return the size, at most 1,048,576
     */
    public int vocabularySize() {
        return vocabulary.size();
    }

    /**
     * Returns the id of {@code <bos>}, the token between the images and the prompt.
     *
     * @throws TokenizerException if the file has no such token
     */
    public int bosId() {
        return require(BOS);
    }

    /**
     * Returns the id of {@code <eos>}, which ends an answer.
     *
     * @throws TokenizerException if the file has no such token
     */
    public int eosId() {
        return require(EOS);
    }

    /**
     * Returns the id of {@code <pad>}, which fills up a batch.
     *
     * @throws TokenizerException if the file has no such token
     */
    public int padId() {
        return require(PAD);
    }

    /**
     * Returns the id of the unknown token: the one the model names, or else {@code <unk>}.
     *
     * @throws TokenizerException if the file has no such token
     */
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
     * Returns the id of a location token.
     *
     * @param index the location, 0 to 1023
     * @return the id of {@code <locNNNN>}
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

    /**
     * Tells whether an id is that of a location token.
     *
     * @param id any number
     * @return whether it is one
     */
    public boolean isLocation(int id) {
        return locationIndex(id) >= 0;
    }

    /**
     * Returns the location of a location token.
     *
     * @param id any number
     * @return the location, 0 to 1023, or -1 if the id is not that of a location token
     */
    public int locationIndex(int id) {
        return locations == null ? -1 : locations.indexOf(id);
    }

    /**
     * Returns the id of a segmentation token.
     *
     * @param index the code, 0 to 127
     * @return the id of {@code <segNNN>}
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

    /**
     * Tells whether an id is that of a segmentation token.
     *
     * @param id any number
     * @return whether it is one
     */
    public boolean isSegmentationCode(int id) {
        return segmentationIndex(id) >= 0;
    }

    /**
     * Returns the code of a segmentation token.
     *
     * @param id any number
     * @return the code, 0 to 127, or -1 if the id is not that of a segmentation token
     */
    public int segmentationIndex(int id) {
        return segmentationCodes == null ? -1 : segmentationCodes.indexOf(id);
    }

    /** Names the file and its size. */
    @Override
    public String toString() {
        return "PaliGemmaTokenizer[" + source + ", " + vocabulary.count() + " tokens]";
    }
}
