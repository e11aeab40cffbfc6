package dev.paligemma.tokenizer;

import java.io.ByteArrayInputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** A SentencePiece model to be changed and written: Gemma's settings, control and byte pieces, and what is added. */
final class SentencePieceModel {

    static final int NORMAL = 1;
    static final int UNKNOWN = 2;
    static final int CONTROL = 3;
    static final int USER_DEFINED = 4;
    static final int UNUSED = 5;
    static final int BYTE = 6;

    /** The id of the first piece that is added. */
    static final int FIRST = 4 + 256;

    final List<ProtobufOutput> pieces = new ArrayList<>();
    ProtobufOutput trainer = trainer(2, true, 3, 2, 1, 0);
    ProtobufOutput normalizer = normalizer("", false, false, true);
    ProtobufOutput denormalizer = new ProtobufOutput();

    SentencePieceModel() {
        add("<pad>", 0, CONTROL);
        add("<eos>", 0, CONTROL);
        add("<bos>", 0, CONTROL);
        add("<unk>", 0, UNKNOWN);
        for (int b = 0; b < 256; b++) {
            add(String.format(Locale.ROOT, "<0x%02X>", b), 0, BYTE);
        }
    }

    SentencePieceModel add(String piece, float score, int type) {
        pieces.add(piece(piece, score, type));
        return this;
    }

    /** Adds normal pieces, each with a score one lower than that of the one before. */
    SentencePieceModel add(String... texts) {
        for (String text : texts) {
            add(text, -pieces.size(), NORMAL);
        }
        return this;
    }

    static ProtobufOutput piece(String piece, float score, int type) {
        return new ProtobufOutput().string(1, piece).number(2, score).number(3, type);
    }

    static ProtobufOutput trainer(int type, boolean byteFallback, int unk, int bos, int eos, int pad) {
        return new ProtobufOutput()
                .number(3, type)
                .number(35, byteFallback ? 1 : 0)
                .number(40, unk)
                .number(41, bos)
                .number(42, eos)
                .number(43, pad);
    }

    static ProtobufOutput normalizer(String charsMap, boolean prefix, boolean removeSpaces, boolean escape) {
        return new ProtobufOutput()
                .string(1, "identity")
                .string(2, charsMap)
                .number(3, prefix ? 1 : 0)
                .number(4, removeSpaces ? 1 : 0)
                .number(5, escape ? 1 : 0);
    }

    byte[] toByteArray() {
        ProtobufOutput model = new ProtobufOutput();
        pieces.forEach(piece -> model.message(1, piece));
        return model.message(2, trainer)
                .message(3, normalizer)
                .message(5, denormalizer)
                .toByteArray();
    }

    PaliGemmaTokenizer load() {
        return load(toByteArray());
    }

    static PaliGemmaTokenizer load(byte[] bytes) {
        return PaliGemmaTokenizer.loadSentencePiece(new ByteArrayInputStream(bytes), "test.model");
    }
}
