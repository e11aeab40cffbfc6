package dev.paligemma.tokenizer;

import dev.paligemma.base.internal.Quote;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The parts of a {@code tokenizer.model} that matter, a {@code ModelProto} of SentencePiece, read in one pass and
 * checked.
 *
 * <p>Only Gemma's settings are accepted: byte-pair encoding with byte fallback, no normalisation but U+2581 for spaces.
 * Everything else is refused, because running it would give other ids in silence. What the file becomes is what
 * {@code transformers} makes of it for {@code tokenizer.json}; see {@link PaliGemmaTokenizer} for where that differs
 * from SentencePiece.
 *
 * <p>The file holds neither {@code <image>} nor, if it is that of a text-only Gemma, location and segmentation tokens.
 * They are appended as {@code PaliGemmaProcessor} appends them: {@code <image>} first.
 */
final class SentencePieceFile {

    /** Eight times Gemma's. */
    private static final int MAX_FILE_BYTES = 1 << 25;

    private static final int MAX_PIECE_BYTES = 3 * ScoredMerges.MAX_PIECE_CHARS;
    private static final int MAX_PIECE_CHARS_TOGETHER = 1 << 24;

    /** Leaves room below {@link TokenizerFile#MAX_IDS} for what is appended. */
    private static final int MAX_PIECES = TokenizerFile.MAX_IDS - (1 << 11);

    private static final int NORMAL = 1;
    private static final int UNKNOWN = 2;
    private static final int CONTROL = 3;
    private static final int USER_DEFINED = 4;
    private static final int UNUSED = 5;
    private static final int BYTE = 6;
    private static final int BYTE_VALUES = 256;

    /** Control tokens in all but their type. */
    private static final Set<String> TURNS = Set.of("<start_of_turn>", "<end_of_turn>");

    private static final String TAB = "\t";
    private static final String TAB_BYTE = "<0x09>";

    private final String source;
    private final SentencePieceHeader header;
    private final Vocabulary pieces = new Vocabulary();
    private final List<AddedToken> addedTokens = new ArrayList<>();
    private float[] scores = new float[1 << 10];
    private int count;
    private int bytePieces;
    private int addedChars;
    private int unknownId = Vocabulary.ABSENT;
    private int tabByteId = Vocabulary.ABSENT;

    private SentencePieceFile(String source) {
        this.source = source;
        this.header = new SentencePieceHeader(source);
    }

    /**
     * Reads a file, called so in errors, to its end; it must be readable, well-formed and have Gemma's settings. Further
     * tokens come from files beside it.
     */
    static TokenizerParts read(InputStream in, String source, List<AddedToken> more) {
        byte[] bytes;
        try (in) {
            bytes = in.readNBytes(MAX_FILE_BYTES + 1);
        } catch (IOException e) {
            throw new TokenizerException(source + ": cannot be read: " + e.getMessage(), e);
        }
        if (bytes.length > MAX_FILE_BYTES) {
            throw new TokenizerException(source + ": has more than " + MAX_FILE_BYTES + " bytes");
        }
        SentencePieceFile file = new SentencePieceFile(source);
        file.readModel(new ProtobufInput(bytes, source));
        return file.parts(more);
    }

    private void readModel(ProtobufInput in) {
        while (in.next()) {
            switch (in.field()) {
                case 1 -> readPiece(in);
                case 2 -> header.readTrainer(in.message("trainer_spec"));
                case 3 -> header.readNormalizer(in.message("normalizer_spec"));
                case 5 -> header.readDenormalizer(in.message("denormalizer_spec"));
                default -> in.skip();
            }
        }
    }

    private void readPiece(ProtobufInput in) {
        if (count == MAX_PIECES) {
            throw in.error("there are more than " + MAX_PIECES + " pieces");
        }
        String name = "pieces[" + count + "]";
        String piece = "";
        float score = 0;
        int type = NORMAL;
        ProtobufInput fields = in.message(name);
        while (fields.next()) {
            switch (fields.field()) {
                case 1 -> piece = fields.string(name + ".piece", MAX_PIECE_BYTES);
                case 2 -> score = fields.finiteFloat(name + ".score");
                case 3 -> type = fields.int32(name + ".type");
                default -> fields.skip();
            }
        }
        if (piece.isEmpty() || piece.length() > ScoredMerges.MAX_PIECE_CHARS) {
            throw in.error(name + ".piece must have 1 to " + ScoredMerges.MAX_PIECE_CHARS + " characters, but has "
                    + piece.length());
        }
        if (pieces.totalChars() > MAX_PIECE_CHARS_TOGETHER - piece.length()) {
            throw in.error("the pieces have more than " + MAX_PIECE_CHARS_TOGETHER + " characters together");
        }
        checkType(in, name, piece, type);
        if (type == BYTE && piece.equals(TAB_BYTE)) {
            // Added last, by which time it is known whether there is a tab.
            tabByteId = count;
        } else if (!pieces.add(piece, count)) {
            throw in.error(name + " is " + Quote.quote(piece) + ", as is pieces[" + pieces.idOf(piece) + "]");
        }
        append(score);
    }

    private void append(float score) {
        if (count == scores.length) {
            scores = Arrays.copyOf(scores, count * 2);
        }
        scores[count++] = score;
    }

    private void checkType(ProtobufInput in, String name, String piece, int type) {
        switch (type) {
            case NORMAL -> {}
            case UNKNOWN -> {
                if (unknownId != Vocabulary.ABSENT) {
                    throw in.error(name + " is a second piece of type UNKNOWN, after pieces[" + unknownId + "]");
                }
                unknownId = count;
                addAddedToken(in, piece, true);
            }
            case CONTROL -> addAddedToken(in, piece, true);
            case USER_DEFINED -> addAddedToken(in, piece, TURNS.contains(piece));
            case BYTE -> {
                String expected = String.format(Locale.ROOT, "<0x%02X>", bytePieces);
                if (!piece.equals(expected)) {
                    throw in.error(name + " must be " + expected + ", the next piece of type BYTE, but is "
                            + Quote.quote(piece));
                }
                bytePieces++;
            }
            case UNUSED -> throw in.error("unsupported type of " + name + ": UNUSED (5)");
            default -> throw in.error(name + ".type must be 1 to 6, but is " + type);
        }
    }

    private void addAddedToken(ProtobufInput in, String piece, boolean special) {
        addedChars += piece.length();
        if (addedTokens.size() == TokenizerFile.MAX_ADDED_TOKENS
                || addedChars > TokenizerFile.MAX_ADDED_CHARS_TOGETHER) {
            throw in.error("the pieces of types CONTROL and USER_DEFINED are more than "
                    + TokenizerFile.MAX_ADDED_TOKENS + ", or have more than "
                    + TokenizerFile.MAX_ADDED_CHARS_TOGETHER + " characters together");
        }
        addedTokens.add(new AddedToken(piece, count, special, false));
    }

    private TokenizerParts parts(List<AddedToken> more) {
        header.requireGemma();
        if (bytePieces != BYTE_VALUES) {
            throw new TokenizerException(
                    source + ": must have " + BYTE_VALUES + " pieces of type BYTE, but has " + bytePieces);
        }
        if (unknownId == Vocabulary.ABSENT) {
            throw new TokenizerException(source + ": has no piece of type UNKNOWN");
        }
        addTabByte();
        header.requireControlPieces(addedTokens);
        MergeTable merges = ScoredMerges.of(pieces, Arrays.copyOf(scores, count), source);
        more.forEach(this::addListed);
        appendPaliGemmaTokens();
        return new TokenizerParts(pieces, merges, addedTokens, unknownId, true);
    }

    /**
     * Gives the byte 9 the name of its character, unless another piece has it: {@code transformers} does, because the
     * tab of Gemma is a byte only.
     */
    private void addTabByte() {
        if (pieces.idOf(TAB_BYTE) != Vocabulary.ABSENT) {
            throw new TokenizerException(
                    source + ": pieces[" + pieces.idOf(TAB_BYTE) + "] is " + TAB_BYTE + ", but not of type BYTE");
        }
        if (pieces.add(TAB, tabByteId)) {
            scores[tabByteId] = 0;
        } else {
            pieces.add(TAB_BYTE, tabByteId);
        }
    }

    /** Takes over a token that a file beside this one lists: a new one, or one of the pieces with its own id. */
    private void addListed(AddedToken token) {
        String content = token.content();
        int piece = pieces.idOf(content);
        String what =
                source + ": the files beside it add the token " + Quote.quote(content) + " with the id " + token.id();
        if (piece != Vocabulary.ABSENT && piece != token.id()) {
            throw new TokenizerException(what + ", but it is a piece with the id " + piece);
        }
        if (piece == Vocabulary.ABSENT && pieces.contains(token.id())) {
            throw new TokenizerException(
                    what + ", which is that of the piece " + Quote.quote(pieces.textOf(token.id())));
        }
        // What the processor makes special.
        boolean image = content.equals(PaliGemmaTokenizer.IMAGE);
        addedTokens.removeIf(known -> known.id() == token.id());
        addedTokens.add(image ? new AddedToken(content, token.id(), true, false) : token);
    }

    private void appendPaliGemmaTokens() {
        Set<String> listed = addedTokens.stream().map(AddedToken::content).collect(Collectors.toSet());
        int next = addedTokens.stream().mapToInt(AddedToken::id).reduce(count - 1, Math::max) + 1;
        if (pieces.idOf(PaliGemmaTokenizer.IMAGE) == Vocabulary.ABSENT && !listed.contains(PaliGemmaTokenizer.IMAGE)) {
            addedTokens.add(new AddedToken(PaliGemmaTokenizer.IMAGE, next++, true, false));
        }
        for (CodeTokens.Family family : CodeTokens.Family.values()) {
            List<String> names = family.names();
            // A file with some of them is refused later on.
            if (names.stream().allMatch(name -> pieces.idOf(name) == Vocabulary.ABSENT && !listed.contains(name))) {
                for (String name : names) {
                    addedTokens.add(new AddedToken(name, next++, false, true));
                }
            }
        }
    }
}
