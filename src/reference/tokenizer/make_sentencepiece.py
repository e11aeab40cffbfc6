"""Makes the SentencePiece test resources of paligemma-tokenizer.

    pip install -r ../requirements.txt
    python make_sentencepiece.py ../../../paligemma-tokenizer/src/test/resources/dev/paligemma/tokenizer

paligemma.model        trained by SentencePiece with Gemma's settings on the text of make_golden.py: control, user-defined
                       and byte pieces where Gemma has them, runs of white space; <locNNNN> and <segNNN> appended as
                       user-defined pieces, as big_vision appends them.
gemma.model            another of a text-only Gemma's kind, smaller: a tab of its own, short runs, no codes.
paligemma.model.json   what transformers converts the first to (GemmaConverter), with <image> as PaliGemmaProcessor adds it,
                       and without its 1152 codes among the added tokens, which are long and all alike.
sentencepiece.jsonl    [model, kind, text, ids by SentencePiece, ids by the converted file]; the last is null if it is the
                       same. The kind says why the two may differ, and is empty if they may not: see kind_of.

Every number comes from the libraries; the files are the same on every run. For comparisons too large to be stored:

    python make_sentencepiece.py --compare MODEL COUNT SEED FILE    # as sentencepiece.jsonl, with the name of the model
                                                                    # given
    python make_sentencepiece.py --rebuild TOKENIZER.JSON MODEL     # a model with the vocabulary of a tokenizer.json

The last of these made sentencepiece/pg1-mqa-fp32/tokenizer.model of paligemma-core from the tokenizer.json of that checkpoint.
"""

import argparse
import json
import random
import re
from collections import Counter
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace

import sentencepiece
from make_golden import LOCATIONS, OTHERS, SEGMENTS, SENTENCES, TAGS, TURNS
from tokenizers import AddedToken, Tokenizer
from transformers.convert_slow_tokenizer import GemmaConverter, GemmaSentencePieceExtractor, import_protobuf

NORMAL, UNKNOWN, CONTROL, USER_DEFINED, UNUSED, BYTE = range(1, 7)
proto = import_protobuf()


def train(vocab_size, user_defined):
    """Trains with the settings that Gemma's file states."""
    out = BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(SENTENCES), model_writer=out, model_type="bpe", vocab_size=vocab_size,
        byte_fallback=True, normalization_rule_name="identity", add_dummy_prefix=False, remove_extra_whitespaces=False,
        split_digits=True, allow_whitespace_only_pieces=True, split_by_unicode_script=True, max_sentencepiece_length=16,
        pad_id=0, eos_id=1, bos_id=2, unk_id=3, pad_piece="<pad>", eos_piece="<eos>", bos_piece="<bos>",
        unk_piece="<unk>", user_defined_symbols=user_defined, character_coverage=1.0, num_threads=1, minloglevel=2,
    )
    return proto.ModelProto.FromString(out.getvalue())


def add_user_defined(model, pieces):
    for piece in pieces:
        model.pieces.add(piece=piece, score=0.0, type=USER_DEFINED)
    return model


def paligemma_model():
    runs = ["\n" * n for n in range(1, 13)] + ["▁" * n for n in range(2, 13)] + ["\t" * n for n in range(2, 7)]
    model = train(1500, OTHERS + TURNS + runs + TAGS + ["<unused99>"])
    return add_user_defined(model, LOCATIONS + SEGMENTS)


def gemma_model():
    return train(900, ["<mask>", "\t", "\n", "\n\n", "▁▁", "▁▁▁", "▁▁▁▁", "traffic light"])


class Extractor(GemmaSentencePieceExtractor):
    """The release in use asks for a processor that it never makes."""

    def __init__(self, file):
        super().__init__(file)
        self.sp = sentencepiece.SentencePieceProcessor(model_file=str(file))


class Converter(GemmaConverter):
    SpmExtractor = Extractor


def convert(file):
    """Returns the tokenizer that transformers makes of a model, with the tokens of PaliGemmaProcessor."""
    names = SimpleNamespace(vocab_file=str(file), pad_token="<pad>", eos_token="<eos>", bos_token="<bos>")
    tokenizer = Converter(names).converted()
    tokenizer.add_special_tokens([AddedToken("<unk>", normalized=False, special=True)])
    tokenizer.add_tokens([AddedToken("<image>", normalized=False, special=True)])
    tokenizer.add_tokens(LOCATIONS + SEGMENTS)
    return tokenizer


WORDS = """caption detect segment answer describe en the cat Zürich naïve größer Straße Ελλάδα привет мир שלום مرحبا नमस्ते
こんにちは 世界 你好 안녕하세요 ภาษาไทย ქართული հայերեն አማርኛ e\u0301 ﬁ İstanbul ß ſ ½ № ™ beach traffic light banana ananas
aaaa coconut 1284 2024-02-29 3.14159 https://example.org/a/b?c=d&e=f#g {"key":[1,2.5,null]} i++;""".split()
LINES = [line for line in SENTENCES if line]
EMOJI = ["😀", "👍🏽", "👩‍👩‍👧‍👦", "🏳️‍🌈", "🇩🇪", "❤️", "1️⃣", "🫡", "🧑🏿‍🚀", "\u200d", "\ufe0f", "𝔘", "𓀀", "𐍈"]
SPACES = [" ", "  ", "   ", "\n", "\n\n", "\n\n\n", "\t", "\t\t", "\r\n", "\r", "\u00a0", "\u3000", "\u2028", "\u200b", "\f", "\ufeff"]
DEFINED = ["<h1>", "</h1>", "<td>", "</table>", "<mask>", "<2mass>", "[@BOS@]", "<unused0>", "<unused6>", "<start_of_turn>", "<"]
CODES = ["<loc0000>", "<loc1023>", "<loc0512>", "<seg000>", "<seg127>", "<loc1024>", "<loc12>", "<seg128>"]
CONTROLS = ["<bos>", "<eos>", "<pad>", "<unk>", "<image>", "<0x0A>", "<0xE2>", "<bos", "os>"]
META = ["▁", "▁▁", "▁▁▁"]
LONG = ["a", " ", "\n", "\t", "ab", "桌", "😀", "é", "\u0000", "-", "=", "na", "<h1>", "x "]


def random_text(rng, largest):
    points = (rng.randrange(largest) for _ in range(rng.randint(1, 6)))
    return "".join(chr(point) for point in points if not 0xD800 <= point < 0xE000)


def part(rng, kinds):
    kind = rng.choice(kinds)
    if kind == "letters":
        return "".join(rng.choice("aaaeeinnotrsTHE") for _ in range(rng.randint(1, 12)))
    if kind == "sentence":
        sentence = rng.choice(LINES)
        start = rng.randrange(len(sentence))
        return sentence[start : start + rng.randint(1, 60)]
    if kind == "spaces":
        return rng.choice(SPACES) * rng.choice((1, 1, 1, 2, 3, rng.randint(1, 40)))
    if kind == "unicode":
        return random_text(rng, rng.choice((0x100, 0x10000, 0x110000)))
    if kind == "number":
        return str(rng.getrandbits(rng.randint(1, 60)))
    if kind == "run":
        return rng.choice(LONG) * rng.randint(2, 40)
    return rng.choice(kind)


PLAIN_KINDS = (WORDS, WORDS, EMOJI, "letters", "sentence", "spaces", "spaces", "unicode", "number", "run", DEFINED)
OTHER_KINDS = (CODES, CONTROLS, META)


def corpus(count, seed, longest):
    rng = random.Random(seed)
    texts = [""] + [unit * n for unit in LONG for n in (1, 2, 5, 13, 31, 32, 63, 70)] + [unit * longest for unit in LONG]
    texts += WORDS + EMOJI + SPACES + DEFINED + CODES + CONTROLS + META + [chr(c) for c in range(0x100)] + SENTENCES
    while len(texts) < count:
        kinds = PLAIN_KINDS + (OTHER_KINDS if rng.random() < 0.2 else ())
        space = rng.choice(("", " "))
        texts.append(space.join(part(rng, kinds) for _ in range(rng.randint(1, 10))))
    return list(dict.fromkeys(texts))


def kind_of(text, literal, spaced):
    """Says why SentencePiece and the converted file may give different ids; the order of the questions counts.

    control   the text spells out a token that SentencePiece takes for text: a control token, the unknown token, a byte, or
              one that the processor appends
    meta      U+2581 stands in the text: the converted file finds user-defined runs of it before spaces become it
    space     the text spells out a user-defined piece with a space inside, which SentencePiece never finds
    overlap   the rest of what is found to differ, of which there is none so far; it would take two ways to make one piece
              that overlap, as SentencePiece takes the left one
    """
    if any(token in text for token in literal):
        return "control"
    if "▁" in text:
        return "meta"
    return "space" if any(piece in text for piece in spaced) else ""


def compare(name, file, texts):
    model = proto.ModelProto.FromString(Path(file).read_bytes())
    defined = {piece.piece for piece in model.pieces if piece.type == USER_DEFINED}
    literal = [piece.piece for piece in model.pieces if piece.type in (UNKNOWN, CONTROL, BYTE)]
    literal += [token for token in ["<image>"] + LOCATIONS + SEGMENTS if token not in defined]
    spaced = [piece for piece in defined if " " in piece]
    processor = sentencepiece.SentencePieceProcessor(model_file=str(file))
    converted = convert(file)
    counts = Counter()
    rows = []
    for text in texts:
        ids = processor.encode(text)
        others = converted.encode(text, add_special_tokens=False).ids
        kind = kind_of(text, literal, spaced)
        if ids != others and not kind:
            kind = "overlap"
        counts[kind or "plain", ids == others] += 1
        rows.append([name, kind, text, ids, None if ids == others else others])
    for (kind, same), count in sorted(counts.items()):
        print(f"{name}: {kind}: {count} {'equal' if same else 'different'}")
    return rows


def without_codes(tokenizer):
    content = json.loads(tokenizer.to_str())
    codes = set(LOCATIONS + SEGMENTS)
    content["added_tokens"] = [token for token in content["added_tokens"] if token["content"] not in codes]
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")) + "\n"


def write_lines(path, rows):
    lines = (json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n" for row in rows)
    path.write_text("".join(lines), encoding="utf-8")


def make_resources(folder):
    rows = []
    for name, model in (("paligemma.model", paligemma_model()), ("gemma.model", gemma_model())):
        (folder / name).write_bytes(model.SerializeToString(deterministic=True))
        rows += compare(name, folder / name, corpus(750, 7, 120))
    (folder / "paligemma.model.json").write_text(without_codes(convert(folder / "paligemma.model")), "utf-8")
    write_lines(folder / "sentencepiece.jsonl", rows)


def make_comparison(model, count, seed, file):
    write_lines(Path(file), compare(Path(model).name, model, corpus(int(count), int(seed), 100_000)))


def rebuild(tokenizer_file, model_file):
    """Writes a model with the pieces of a tokenizer.json: scores as the trainer numbers them, added tokens that are not special user-defined."""
    tokenizer = json.loads(Path(tokenizer_file).read_text("utf-8"))
    added = {token["id"]: token["special"] for token in tokenizer["added_tokens"]}
    model = gemma_model()
    del model.pieces[:]
    normal = 0
    for piece, i in sorted(tokenizer["model"]["vocab"].items(), key=lambda entry: entry[1]):
        if piece == "<unk>":
            kind = UNKNOWN
        elif i in added:
            kind = CONTROL if added[i] and i < 4 else USER_DEFINED
        else:
            kind = BYTE if re.fullmatch("<0x[0-9A-F]{2}>", piece) else NORMAL
        if piece == "\t" and "<0x09>" not in tokenizer["model"]["vocab"]:
            piece, kind = "<0x09>", BYTE
        model.pieces.add(piece=piece, score=-float(normal) if kind == NORMAL else 0.0, type=kind)
        normal += kind == NORMAL
    Path(model_file).write_bytes(model.SerializeToString(deterministic=True))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--compare", nargs=4)
    parser.add_argument("--rebuild", nargs=2)
    arguments = parser.parse_args()
    if arguments.compare:
        make_comparison(*arguments.compare)
    elif arguments.rebuild:
        rebuild(*arguments.rebuild)
    else:
        make_resources(arguments.folder)
