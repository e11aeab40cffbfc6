"""A tokenizer.json of the size and structure of PaliGemma's, filled with invented syllables. Standard library only.

256,000 pieces, about as many merges as the original's 580,604, then 1024 <loc> and 128 <seg> codes and <image>, so that
reading the file and merging cost what they cost with the original. Nothing of Google's vocabulary is in it.
"""

import json
import random
import sys
from pathlib import Path

PIECES, LOCATIONS, SEGMENTS = 256_000, 1024, 128
FIRST_CODE = PIECES
IMAGE = PIECES + LOCATIONS + SEGMENTS
MERGES = 580_604
LONGEST = 10
SPECIAL = ("<pad>", "<eos>", "<bos>", "<unk>")
# Each letter about as often as in English text, so that English text is merged into pieces of a few letters.
LETTERS = "eeeeeeeeeeeetttttttttaaaaaaaaooooooooiiiiiiinnnnnnnsssssshhhhhhrrrrrrddddlllluuucccmmmwwffggyyppbbvk"


def pieces_and_merges():
    """Returns (pieces in the order of their ids, merges as (left, right) in the order of their rank)."""
    draw = random.Random(20240514)
    pieces = [*SPECIAL, "<mask>"]
    pieces += ["\t" if b == 9 else f"<0x{b:02X}>" for b in range(256)]
    pieces += ["\n", "▁"]
    pieces += [chr(c) for c in range(33, 127)] + [chr(c) for c in range(0xC0, 0x17F)] + [chr(c) for c in range(0x3041, 0x30FF)]
    known = set(pieces)
    grown = ["▁"] + sorted(set(LETTERS))
    merges = []
    # Pairs of letters first, as a trained vocabulary has them, then ever longer pieces out of the known ones.
    pairs = [(a, b) for a in grown for b in grown[1:]]
    while len(pieces) < PIECES:
        if pairs:
            left, right = pairs.pop(0)
        else:
            left = grown[int(len(grown) * draw.random() ** 3)]
            right = draw.choice(LETTERS) if draw.random() < 0.6 else grown[int(len(grown) * draw.random() ** 3)]
        piece = left + right
        if len(piece) > LONGEST or right.startswith("▁") or piece in known:
            continue
        known.add(piece)
        pieces.append(piece)
        grown.append(piece)
        merges.append((left, right))
    # The original lists every way to split a piece into two pieces.
    first = set(merges)
    for piece in pieces[-len(merges) :]:
        for cut in range(1, len(piece)):
            split = (piece[:cut], piece[cut:])
            if len(merges) < MERGES and split not in first and split[0] in known and split[1] in known:
                merges.append(split)
    pieces += [f"<loc{i:04d}>" for i in range(LOCATIONS)] + [f"<seg{i:03d}>" for i in range(SEGMENTS)]
    return pieces, merges


def write(folder):
    """Writes tokenizer.json and tokenizer_config.json into the folder, unless they are there."""
    if (folder / "tokenizer_config.json").exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    pieces, merges = pieces_and_merges()

    def special(content, token):
        flags = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False)
        return {"id": token, "content": content, **flags, "special": True}

    sequence = [{"SpecialToken": {"id": "<bos>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}]
    pair = [{"SpecialToken": {"id": "<bos>", "type_id": 1}}, {"Sequence": {"id": "B", "type_id": 1}}]
    document = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [special(piece, i) for i, piece in enumerate(SPECIAL)] + [special("<image>", IMAGE)],
        "normalizer": {"type": "Replace", "pattern": {"String": " "}, "content": "▁"},
        "pre_tokenizer": {
            "type": "Split",
            "pattern": {"String": " "},
            "behavior": "MergedWithPrevious",
            "invert": False,
        },
        "post_processor": {
            "type": "TemplateProcessing",
            "single": sequence,
            "pair": sequence + pair,
            "special_tokens": {"<bos>": {"id": "<bos>", "ids": [2], "tokens": ["<bos>"]}},
        },
        "decoder": {
            "type": "Sequence",
            "decoders": [
                {"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
                {"type": "ByteFallback"},
                {"type": "Fuse"},
            ],
        },
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": "<unk>",
            "continuing_subword_prefix": None,
            "end_of_word_suffix": None,
            "fuse_unk": True,
            "byte_fallback": True,
            "vocab": {piece: i for i, piece in enumerate(pieces)},
            "merges": [f"{left} {right}" for left, right in merges],
        },
    }
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    (folder / "tokenizer.json").write_text(text, encoding="utf-8")
    settings = {
        "add_bos_token": True,
        "add_eos_token": False,
        "bos_token": "<bos>",
        "eos_token": "<eos>",
        "pad_token": "<pad>",
        "unk_token": "<unk>",
        "processor_class": "PaliGemmaProcessor",
        "tokenizer_class": "GemmaTokenizer",
        "extra_special_tokens": {"image_token": "<image>"},
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")


def prompt(text_tokens):
    """A prompt that takes so many tokens with <bos> and the final newline: no piece has a digit and a neighbour."""
    digits = text_tokens - 2
    if digits < 1:
        raise ValueError(f"a prompt has at least 3 tokens, got {text_tokens}")
    return "".join(str(i % 10) for i in range(digits))


if __name__ == "__main__":
    write(Path(sys.argv[1]))
