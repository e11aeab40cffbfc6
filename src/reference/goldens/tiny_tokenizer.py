"""A small vocabulary with the structure of PaliGemma's: special ids, 256 byte pieces, letters, a few merged words,
1024 <locNNNN> and 128 <segNNN> pieces, and <image> as the only added token behind the vocabulary.

Nothing of Google's vocabulary is in it. What is kept is everything a reader of tokenizer.json can trip over:
 * <loc>/<seg> are ordinary vocabulary entries and are *not* listed in added_tokens (the processor adds them),
 * the byte piece of the tab is the literal tab, there is no <0x09>,
 * "\n" and "\n\n" are pieces with a merge between them, so a newline glues to a newline,
 * a post-processor that would add <bos>, which the PaliGemma prompt layout must not use.
"""

import json
from pathlib import Path

PAD, EOS, BOS, UNK, MASK = range(5)
FIRST_BYTE = 5
BASE_PIECES = 448
LOCS, SEGS = 1024, 128
FIRST_LOC = BASE_PIECES
FIRST_SEG = FIRST_LOC + LOCS
IMAGE = FIRST_SEG + SEGS  # 1600
EMBEDDING_ROWS = IMAGE + 64  # as in released files: <image> and 63 unused rows behind the vocabulary

_WORDS = ["caption", "en", "answer", "what", "is", "this", "detect", "cat", "dog", "the", "red", "two"]
_FIRST_WORDS = ["caption", "answer", "detect"]
_ENDINGS = ["er", "in", "on", "at", "es", "or", "an", "st"]


def pieces_and_merges():
    """Returns (pieces in id order without <image>, merges in rank order)."""
    pieces = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>"]
    pieces += ["\t" if b == 9 else f"<0x{b:02X}>" for b in range(256)]
    pieces += ["\n", "\n\n", "▁", "▁▁"]
    pieces += list("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,;:?!-'\"()/<>=_é")
    merges = [("\n", "\n"), ("▁", "▁")]
    known = set(pieces)

    def merge(left, right):
        if left + right not in known:
            known.add(left + right)
            pieces.append(left + right)
        if (left, right) not in merges:
            merges.append((left, right))

    for word in _WORDS:
        current = "▁"
        for letter in word:
            merge(current, letter)
            current += letter
    for word in _FIRST_WORDS:
        for end in range(1, len(word)):
            merge(word[:end], word[end])
    for ending in _ENDINGS:
        merge(ending[0], ending[1])
    if len(pieces) > BASE_PIECES:
        raise AssertionError(f"{len(pieces)} base pieces, at most {BASE_PIECES}")
    pieces += [f"<unused{i}>" for i in range(BASE_PIECES - len(pieces))]
    pieces += [f"<loc{i:04d}>" for i in range(LOCS)] + [f"<seg{i:03d}>" for i in range(SEGS)]
    assert len(pieces) == len(set(pieces)) == IMAGE
    return pieces, merges


def generated_text_ids():
    """Ids that random weights should mostly generate: whole characters and words."""
    pieces, _ = pieces_and_merges()
    return [i for i in range(FIRST_BYTE + 256, BASE_PIECES) if not pieces[i].startswith("<unused")]


def write(folder: Path, merges_as_strings: bool):
    """Writes tokenizer.json (merges as "a b" strings like the released files, or as pairs like newer exports)."""
    pieces, merges = pieces_and_merges()

    def special(content, index):
        return {
            "id": index,
            "content": content,
            "single_word": False,
            "lstrip": False,
            "rstrip": False,
            "normalized": False,
            "special": True,
        }

    document = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [special(pieces[i], i) for i in (PAD, EOS, BOS, UNK)] + [special("<image>", IMAGE)],
        "normalizer": {"type": "Replace", "pattern": {"String": " "}, "content": "▁"},
        "pre_tokenizer": {
            "type": "Split",
            "pattern": {"String": " "},
            "behavior": "MergedWithPrevious",
            "invert": False,
        },
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [
                {"SpecialToken": {"id": "<bos>", "type_id": 0}},
                {"Sequence": {"id": "A", "type_id": 0}},
            ],
            "pair": [
                {"SpecialToken": {"id": "<bos>", "type_id": 0}},
                {"Sequence": {"id": "A", "type_id": 0}},
                {"SpecialToken": {"id": "<bos>", "type_id": 1}},
                {"Sequence": {"id": "B", "type_id": 1}},
            ],
            "special_tokens": {"<bos>": {"id": "<bos>", "ids": [BOS], "tokens": ["<bos>"]}},
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
            "merges": [f"{a} {b}" for a, b in merges] if merges_as_strings else [[a, b] for a, b in merges],
        },
    }
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    (folder / "tokenizer.json").write_text(text, encoding="utf-8")
    configuration = {
        "add_bos_token": True,
        "add_eos_token": False,
        "bos_token": "<bos>",
        "clean_up_tokenization_spaces": False,
        "eos_token": "<eos>",
        "model_max_length": 1000000000000000019884624838656,
        "pad_token": "<pad>",
        "processor_class": "PaliGemmaProcessor",
        "spaces_between_special_tokens": False,
        "tokenizer_class": "GemmaTokenizer",
        "unk_token": "<unk>",
        "extra_special_tokens": {"image_token": "<image>"},
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(configuration, indent=2) + "\n", encoding="utf-8")
