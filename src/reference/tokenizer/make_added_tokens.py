"""Makes added-tokens.json for paligemma-tokenizer: what transformers makes of a tokenizer.model with lists of added tokens.

    python make_added_tokens.py FOLDER       FOLDER is paligemma-tokenizer/src/test/resources/dev/paligemma/tokenizer

For each case the files that lie beside paligemma.model, and texts with their ids and with what they decode to without
special tokens. The tokenizer is that of PaliGemmaProcessor, which makes <image> special.
"""

import json
import shutil
import sys
import tempfile
from pathlib import Path

import transformers
from transformers import GemmaTokenizer, PaliGemmaProcessor, SiglipImageProcessor

TEXTS = ["caption en", "a <s_total> b", "a<image>b", "<s_total>x</s_total>", "<s_total> <loc0007></s_total>\n"]
CONFIG = {
    "tokenizer_class": "GemmaTokenizer",
    "bos_token": "<bos>",
    "eos_token": "<eos>",
    "pad_token": "<pad>",
    "unk_token": "<unk>",
    "mask_token": "<mask>",
}


def token(content, special=False, normalized=False):
    return {
        "content": content,
        "lstrip": False,
        "normalized": normalized,
        "rstrip": False,
        "single_word": False,
        "special": special,
    }


def cases(pieces):
    image, start, end = pieces, pieces + 1, pieces + 2
    listed = {"<image>": image, "<s_total>": start, "</s_total>": end}
    decoder = {str(image): token("<image>", True), str(start): token("<s_total>"), str(end): token("</s_total>")}
    with_space = {str(image): token("<image>", True), str(start): token("a <s_total>", False, True)}
    return {
        "added_tokens.json alone": {"added_tokens.json": listed},
        "added_tokens.json": {"added_tokens.json": listed, "tokenizer_config.json": CONFIG},
        "added_tokens_decoder": {"tokenizer_config.json": CONFIG | {"added_tokens_decoder": decoder}},
        "both": {
            "added_tokens.json": listed,
            "tokenizer_config.json": CONFIG | {"added_tokens_decoder": decoder},
            "special_tokens_map.json": {"bos_token": "<bos>"},
        },
        "special": {
            "tokenizer_config.json": CONFIG
            | {"added_tokens_decoder": decoder | {str(start): token("<s_total>", True), str(end): token("</s_total>", True)}}
        },
        "normalized, with a space": {"tokenizer_config.json": CONFIG | {"added_tokens_decoder": with_space}},
        "without image": {"added_tokens.json": {"<s_total>": image, "</s_total>": start}},
        "pieces of the model": {"tokenizer_config.json": CONFIG | {"added_tokens_decoder": {"4": token("<mask>")} | decoder}},
    }


def main(folder: Path):
    model = folder / "paligemma.model"
    import sentencepiece

    pieces = sentencepiece.SentencePieceProcessor(model_file=str(model)).get_piece_size()
    made = []
    for name, files in cases(pieces).items():
        with tempfile.TemporaryDirectory() as place:
            shutil.copy(model, Path(place) / "tokenizer.model")
            for file, content in files.items():
                (Path(place) / file).write_text(json.dumps(content))
            tokenizer = GemmaTokenizer.from_pretrained(place)
            images = SiglipImageProcessor()
            images.image_seq_length = 1
            tokenizer = PaliGemmaProcessor(images, tokenizer).tokenizer
            rows = []
            for text in TEXTS:
                ids = tokenizer.encode(text, add_special_tokens=False)
                rows.append({"text": text, "ids": ids, "decoded": tokenizer.decode(ids, skip_special_tokens=True)})
            made.append({"case": name, "files": files, "rows": rows})
    document = {"transformers": transformers.__version__, "cases": made}
    (folder / "added-tokens.json").write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


main(Path(sys.argv[1]))
