"""Makes the test resources of paligemma-tokenizer.

    pip install -r ../requirements.txt
    python make_golden.py ../../../paligemma-tokenizer/src/test/resources/dev/paligemma/tokenizer

paligemma.json   a small tokenizer.json of the shape PaliGemma's has: a BPE trained on the text below, byte fallback,
                 added tokens for runs of white space and HTML tags, <locNNNN>/<segNNN> in the vocabulary only,
                 <image> in the added tokens only, merges as ["a", "b"].
gemma.json       another of the first Gemma's shape: few added tokens, merges as "a b" and ahead of the vocabulary, a
                 normalizer sequence, byte tokens missing (so that <unk> occurs), one added token that is matched
                 after normalisation and holds a space.
prompts.jsonl    ids by transformers' PaliGemmaProcessor: [prompt, number of images, ids].
streams.jsonl    chunks by tokenizers' DecodeStream: [ids, skip special tokens, chunks].
plain.jsonl      ids with control tokens taken for text: [text, ids], by tokenizers with these tokens not added.

Every number comes from the libraries; the files are the same on every run.
"""

import json
import re
import sys
from pathlib import Path

from PIL import Image
from tokenizers import Tokenizer, decoders, models, normalizers, trainers
from tokenizers.decoders import DecodeStream
from transformers import PaliGemmaProcessor, PreTrainedTokenizerFast, SiglipImageProcessor

SENTENCES = """
caption en
caption de
describe en
answer en what colour is the roof of the small house behind the tree?
answer en how many birds are sitting on the wooden fence?
answer de welche Farbe hat das große Auto neben der Brücke?
answer fr combien de personnes attendent devant le musée?
answer es ¿qué está haciendo el niño pequeño en la playa?
answer ru сколько красных яблок лежит на столе?
answer zh 桌子上有几个红色的苹果?
answer ja 白い猫は窓のそばで寝ています。
answer ar ما لون السيارة القديمة؟
answer hi मेज पर कितनी किताबें हैं?
answer ko 파란 문 앞에 자전거가 있습니까?
answer el τι χρώμα έχει το μικρό σπίτι;
detect red bicycle ; yellow taxi ; traffic light
segment the dog on the left side of the sofa
ocr
A brown dog runs along the beach while two children build a castle of sand.
The kitchen has a round table, four chairs and a window with white curtains.
An old tram crosses the bridge in the evening; the street lamps are already lit.
Three green bottles stand next to a bowl of oranges on a striped table cloth.
A woman in a blue coat reads a newspaper at the station, waiting for the 10:45 train.
Invoice No. 2024-00173, total 1,284.50 EUR, due on 31.12.2024.
The number 3.14159 is close to pi, and 2.71828 is close to e.
public static void main(String[] args) { int count = 0; for (int i = 0; i < args.length; i++) count += i; }
def area(width, height):\n    return width * height\n\nclass Box:\n    pass
if (value == null) {\n\tthrow new IllegalStateException("value");\n}
<h1>Title</h1><p>A paragraph with <b>bold</b> and <i>italic</i> words.</p>
https://example.org/path/to/page?query=value&other=1#section
""".strip().split("\n")
SENTENCES = [line.replace("\\n", "\n").replace("\\t", "\t") for line in SENTENCES]

LOCATIONS = [f"<loc{i:04}>" for i in range(1024)]
SEGMENTS = [f"<seg{i:03}>" for i in range(128)]
SPECIAL = ["<pad>", "<eos>", "<bos>", "<unk>"]
TURNS = ["<start_of_turn>", "<end_of_turn>"]
OTHERS = ["<mask>", "<2mass>", "[@BOS@]"] + [f"<unused{i}>" for i in range(7)]
TAGS = [f"<{slash}{tag}>" for slash in ("", "/") for tag in ("table", "tr", "td", "h1", "h2", "b", "i", "em", "code")]
CONTROL = re.compile(r"<(pad|eos|bos|unk|mask|2mass|image|unused\d+|start_of_turn|end_of_turn)>|\[@BOS@\]|<(loc|seg)\d+>")

REPLACE = {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}
DECODER = {
    "type": "Sequence",
    "decoders": [
        {"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
        {"type": "ByteFallback"},
        {"type": "Fuse"},
    ],
}
BOS_TEMPLATE = {
    "type": "TemplateProcessing",
    "single": [{"SpecialToken": {"id": "<bos>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
    "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
    "special_tokens": {"<bos>": {"id": "<bos>", "ids": [2], "tokens": ["<bos>"]}},
}


def train(vocab_size):
    """Learns merges from the sentences; returns pieces in order of learning and the merges."""
    tokenizer = Tokenizer(models.BPE(byte_fallback=True, fuse_unk=True, unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Replace(" ", "▁")
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size, min_frequency=1, show_progress=False, max_token_length=12,
        initial_alphabet=list("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,:;!?<>/()[]{}=+-*&%$#@'\"_▁äöüéèñ😀"),
    )
    tokenizer.train_from_iterator(SENTENCES, trainer)
    model = json.loads(tokenizer.to_str())["model"]
    pieces = sorted(model["vocab"], key=model["vocab"].get)
    return pieces, [tuple(merge) for merge in model["merges"]]


def runs(unit, longest):
    """Runs of one character, and all merges that build them."""
    tokens = [unit * n for n in range(2, longest + 1)]
    merges = [(unit * left, unit * (n - left)) for n in range(longest, 1, -1) for left in range(1, n)]
    return tokens, merges


def number(tokens):
    unique = list(dict.fromkeys(tokens))
    return {token: i for i, token in enumerate(unique)}


def added(content, token_id, special, normalized=False):
    return {
        "id": token_id, "content": content, "single_word": False, "lstrip": False, "rstrip": False,
        "normalized": normalized, "special": special,
    }


def byte_tokens(missing=()):
    # As in Gemma, the byte 9 is not <0x09> but a tab.
    return ["\t" if b == 9 else f"<0x{b:02X}>" for b in range(256) if b not in missing]


def paligemma_json():
    pieces, learned = train(1400)
    newlines, newline_merges = runs("\n", 12)
    spaces, space_merges = runs("▁", 12)
    tabs, tab_merges = runs("\t", 6)
    vocab = number(
        SPECIAL + OTHERS + TURNS + ["\n"] + newlines + spaces + TAGS + byte_tokens() + pieces + tabs
        + ["<unused99>"] + LOCATIONS + SEGMENTS
    )
    known = newline_merges + space_merges + tab_merges
    merges = known + [merge for merge in learned if merge not in set(known)]
    plain = OTHERS + newlines + spaces + TAGS + tabs + ["<unused99>"]
    tokens = [added(t, vocab[t], True) for t in SPECIAL + TURNS] + [added(t, vocab[t], False) for t in plain]
    tokens.append(added("<image>", len(vocab), True))
    tokens.sort(key=lambda token: token["id"])
    return {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": tokens, "normalizer": REPLACE,
        "pre_tokenizer": {
            "type": "Split", "pattern": {"String": " "}, "behavior": "MergedWithPrevious", "invert": False,
        },
        "post_processor": BOS_TEMPLATE, "decoder": DECODER,
        "model": {
            "type": "BPE", "dropout": None, "unk_token": "<unk>", "continuing_subword_prefix": None,
            "end_of_word_suffix": None, "fuse_unk": True, "byte_fallback": True, "ignore_merges": False,
            "vocab": vocab, "merges": [list(merge) for merge in merges],
        },
    }


def gemma_json():
    pieces, learned = train(700)
    newlines, newline_merges = runs("\n", 5)
    spaces, space_merges = runs("▁", 8)
    vocab = number(
        SPECIAL + ["\n"] + newlines + spaces + byte_tokens(missing=(0xF0, 0xE1, 0xC2)) + pieces + LOCATIONS + SEGMENTS
    )
    merges = newline_merges + space_merges
    # The merges of the runs come again at the end, as duplicates: the later rank counts.
    merges = merges + [merge for merge in learned if merge not in set(merges)] + merges[:20]
    tokens = [added(t, vocab[t], True) for t in SPECIAL]
    tokens.append(added("<image>", len(vocab), True))
    tokens.append(added("traffic light", len(vocab) + 1, False, normalized=True))
    return {
        "model": {
            "merges": ["#version: 0.2"] + [" ".join(merge) for merge in merges],
            "byte_fallback": True, "fuse_unk": True, "end_of_word_suffix": None, "continuing_subword_prefix": None,
            "unk_token": "<unk>", "dropout": None, "vocab": vocab, "type": "BPE",
        },
        "decoder": DECODER, "post_processor": BOS_TEMPLATE, "pre_tokenizer": None,
        "normalizer": {"type": "Sequence", "normalizers": [REPLACE]},
        "added_tokens": tokens, "padding": None, "truncation": None, "version": "1.0",
    }


PROMPTS = [
    ("", 1), ("", 2), ("caption en", 1), ("caption en\n", 1), ("caption en\n\n", 1), ("caption en\n\n\n", 1), ("\n", 1),
    ("\n\n", 1), (" caption  en ", 1), ("answer en what colour is the roof?", 1), ("line one\nline two", 1),
    ("answer en which one is bigger?", 2), ("answer en which one is bigger?", 3),
    ("<image>caption en", 1), ("<image> caption en\n", 1), ("<image>", 1), ("<image>\n", 1), ("<image>\n\n", 1),
    ("<image><image>answer en same?", 2), ("<image> and <image> answer en same?", 2),
    ("first <image> second <image>third", 2), ("before <image>", 1), ("before\n<image>\nafter", 1), ("a<image>b<image>", 2),
    ("detect cat ; dog", 1), ("describe <loc0100><loc0200><loc0300><loc0400>", 1), ("<loc0000><seg127> <loc1023>", 1),
    ("<loc1024><seg128><loc12>", 1), ("<bos>caption en", 1), ("caption en<eos>", 1), ("<bos><image><eos>x", 1),
    ("answer zh 桌子上有几个红色的苹果?", 1), ("answer en 👩‍👩‍👧 🇩🇪 é e\u0301", 1), ("<unused3><start_of_turn>x", 1),
    ("tab\there\t\t", 1), ("a▁b ▁ c", 1), ("<h1>x</h1>", 1), ("\r\n", 1), ("caption en\r\n", 1), ("<image", 1),
    ("<<image>>", 1), ("<imag<image>e>", 1), ("\u0000\u0001", 1), ("x" * 300, 1), ("                         y", 1),
]


def prompt_golden(tokenizer_file):
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_file=str(tokenizer_file), bos_token="<bos>", eos_token="<eos>", pad_token="<pad>", unk_token="<unk>"
    )
    image_processor = SiglipImageProcessor(size={"height": 28, "width": 28})
    image_processor.image_seq_length = 3
    processor = PaliGemmaProcessor(image_processor=image_processor, tokenizer=tokenizer)
    image = Image.new("RGB", (28, 28))
    for prompt, images in PROMPTS:
        # The one deliberate difference: a newline that ends the user's prompt is removed, one only.
        text = prompt.removesuffix("\n")
        result = processor(images=[[image] * images], text=[text])
        yield [prompt, images, list(result["input_ids"][0])]


STREAMS = [
    "A brown dog 😀 runs", "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 and 𓀀𓁐", "caption en\n\n\n  x", "Ωmega żółć ﷽", "<loc0001><loc0002> cat<eos>", "日本語テキスト",
    "e\u0301 👩‍👩‍👧‍👦 🇩🇪", "<bos>tab\tand\u0000nul<unused1>",
]


def stream_golden(tokenizer):
    for text in STREAMS:
        ids = tokenizer.encode(text, add_special_tokens=False).ids
        for skip in (False, True):
            stream = DecodeStream(skip_special_tokens=skip)
            yield [ids, skip, [stream.step(tokenizer, i) or "" for i in ids]]


PLAIN = [
    "<bos>", "<image>caption en<eos>", "describe <loc0100><loc0200>", "<seg000>", "<unused0><unused99>", "<pad><unk><mask>",
    "<2mass>[@BOS@]", "<start_of_turn>user\n\n\nhi<end_of_turn>", "<h1>  still a   tag</h1>", "plain text\n\n", "\t\t\t<bos>\t",
    "<<bos>>", "<lo<loc0000>c0001>",
]


def plain_golden(tokenizer_json):
    kept = [token for token in tokenizer_json["added_tokens"] if not CONTROL.fullmatch(token["content"])]
    tokenizer = Tokenizer.from_str(json.dumps({**tokenizer_json, "added_tokens": kept}))
    for text in PLAIN:
        yield [text, tokenizer.encode(text, add_special_tokens=False).ids]


def with_codes(tokenizer_json):
    """A tokenizer with the location and segmentation tokens added, as PaliGemmaProcessor does."""
    tokenizer = Tokenizer.from_str(json.dumps(tokenizer_json))
    tokenizer.add_tokens(LOCATIONS + SEGMENTS)
    return tokenizer


def write_lines(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def main(folder):
    folder.mkdir(parents=True, exist_ok=True)
    paligemma = paligemma_json()
    for name, content in (("paligemma.json", paligemma), ("gemma.json", gemma_json())):
        text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
        (folder / name).write_text(text + "\n", encoding="utf-8")
    write_lines(folder / "prompts.jsonl", prompt_golden(folder / "paligemma.json"))
    write_lines(folder / "streams.jsonl", stream_golden(with_codes(paligemma)))
    write_lines(folder / "plain.jsonl", plain_golden(paligemma))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
