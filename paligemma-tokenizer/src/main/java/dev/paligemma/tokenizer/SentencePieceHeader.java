package dev.paligemma.tokenizer;

import dev.paligemma.base.internal.Quote;
import java.util.List;

/**
 * The settings of a SentencePiece model that change ids: of its {@code trainer_spec}, {@code normalizer_spec} and
 * {@code denormalizer_spec}. A setting that the file leaves out has the default of the format, which is not always
 * Gemma's.
 */
final class SentencePieceHeader {

    private static final String[] MODEL_TYPES = {"0", "UNIGRAM", "BPE", "WORD", "CHAR"};
    private static final int UNIGRAM = 1;
    private static final int BPE = 2;

    private final String source;
    private int modelType = UNIGRAM;
    private boolean byteFallback;
    private int unknownId;
    private int bosId = 1;
    private int eosId = 2;
    private int padId = -1;
    private int charsMapBytes;
    private int reverseCharsMapBytes;
    private boolean addsDummyPrefix = true;
    private boolean removesExtraSpaces = true;
    private boolean escapesSpaces = true;

    SentencePieceHeader(String source) {
        this.source = source;
    }

    /** Reads a {@code trainer_spec}. */
    void readTrainer(ProtobufInput in) {
        while (in.next()) {
            switch (in.field()) {
                case 3 -> modelType = in.int32("trainer_spec.model_type");
                case 35 -> byteFallback = in.bool("trainer_spec.byte_fallback");
                case 40 -> unknownId = in.int32("trainer_spec.unk_id");
                case 41 -> bosId = in.int32("trainer_spec.bos_id");
                case 42 -> eosId = in.int32("trainer_spec.eos_id");
                case 43 -> padId = in.int32("trainer_spec.pad_id");
                default -> in.skip();
            }
        }
    }

    /** Reads a {@code normalizer_spec}. */
    void readNormalizer(ProtobufInput in) {
        while (in.next()) {
            switch (in.field()) {
                case 2 -> charsMapBytes = in.skipBytes("normalizer_spec.precompiled_charsmap");
                case 3 -> addsDummyPrefix = in.bool("normalizer_spec.add_dummy_prefix");
                case 4 -> removesExtraSpaces = in.bool("normalizer_spec.remove_extra_whitespaces");
                case 5 -> escapesSpaces = in.bool("normalizer_spec.escape_whitespaces");
                default -> in.skip();
            }
        }
    }

    /** Reads a {@code denormalizer_spec}. */
    void readDenormalizer(ProtobufInput in) {
        while (in.next()) {
            if (in.field() == 2) {
                reverseCharsMapBytes = in.skipBytes("denormalizer_spec.precompiled_charsmap");
            } else {
                in.skip();
            }
        }
    }

    /** Fails unless the settings are Gemma's. */
    void requireGemma() {
        if (modelType != BPE) {
            String found =
                    modelType >= 0 && modelType < MODEL_TYPES.length ? MODEL_TYPES[modelType] : "number " + modelType;
            throw unsupported("trainer_spec.model_type", "BPE", found);
        }
        require("trainer_spec.byte_fallback", true, byteFallback);
        requireNoCharsMap("normalizer_spec", charsMapBytes);
        requireNoCharsMap("denormalizer_spec", reverseCharsMapBytes);
        require("normalizer_spec.add_dummy_prefix", false, addsDummyPrefix);
        require("normalizer_spec.remove_extra_whitespaces", false, removesExtraSpaces);
        require("normalizer_spec.escape_whitespaces", true, escapesSpaces);
    }

    /** Fails unless the ids named here are those of the control tokens that a prompt is laid out with. */
    void requireControlPieces(List<AddedToken> tokens) {
        requireControlPiece(tokens, "unk_id", unknownId, "<unk>");
        requireControlPiece(tokens, "bos_id", bosId, "<bos>");
        requireControlPiece(tokens, "eos_id", eosId, "<eos>");
        requireControlPiece(tokens, "pad_id", padId, "<pad>");
    }

    private void requireControlPiece(List<AddedToken> tokens, String setting, int id, String expected) {
        String found = tokens.stream()
                .filter(token -> token.id() == id && token.special())
                .map(token -> Quote.quote(token.content()))
                .findFirst()
                .orElse("no piece of type CONTROL or UNKNOWN");
        if (!found.equals(Quote.quote(expected))) {
            throw unsupported("trainer_spec." + setting, "the id of " + expected, id + ", which is " + found);
        }
    }

    private void requireNoCharsMap(String spec, int bytes) {
        if (bytes != 0) {
            throw unsupported(spec + ".precompiled_charsmap", "nothing", "a table of " + bytes + " bytes");
        }
    }

    private void require(String setting, boolean expected, boolean found) {
        if (found != expected) {
            throw unsupported(setting, String.valueOf(expected), String.valueOf(found));
        }
    }

    private TokenizerException unsupported(String setting, String expected, String found) {
        return new TokenizerException(
                source + ": unsupported " + setting + ": expected " + expected + ", as Gemma has, found " + found);
    }
}
