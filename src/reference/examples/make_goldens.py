"""Writes what transformers, pycocotools and Pillow make of examples for fine-tuning.

    pip install -r ../requirements.txt
    python make_goldens.py ../../../paligemma-tiny/src/main/resources/dev/paligemma/tiny \\
        ../../../paligemma-training/src/test/resources/examples

tokens.jsonl      number of pictures, prefix and suffix; input_ids and labels of PaliGemmaProcessor with suffix=
picture.png       a picture of 37 x 26 pixels; what Pillow makes of it in mirror.png, crop.png, shrink.png and
                  brightness-F.png, contrast-F.png, saturation-F.png with the factor F; all-three.png one after the other
"""

import json
import sys
from pathlib import Path

import numpy as np
import PIL
import transformers
from PIL import Image, ImageEnhance, ImageOps
from transformers import PaliGemmaProcessor, PreTrainedTokenizerFast, SiglipImageProcessor

assert transformers.__version__ == "5.24.0", transformers.__version__
assert PIL.__version__ == "13.0.0", PIL.__version__

EXAMPLES = [
    (1, "caption en", "a blue square and the word cafe"),
    (1, "", ""),
    (1, "detect red circle ; blue square", "<loc0010><loc0020><loc0300><loc1023> red circle ; <loc0000><loc0000><loc0511><loc0512> blue square"),
    (1, "segment star", "<loc0010><loc0020><loc0300><loc1023><seg000><seg001><seg002><seg003><seg004><seg005><seg006><seg007>"
        "<seg008><seg009><seg010><seg127><seg126><seg125><seg124><seg123> star"),
    (2, "answer en which is larger?", "the first one"),
    (2, "<image><image>answer en which is larger?", "the first one"),
    (2, "first <image> then <image> what?", " leading blank\nand a second line "),
    (1, "  blanks  kept ", "ends with a newline\n"),
    (1, "caption de", "gr\u00fcne \u00c4pfel \u2603 \U0001f600 and\ttabs"),
    (1, "ocr", "{\"total\": 12.50, \"items\": [\"tea\", \"salt\"]}"),
    (1, "caption en", "a <b>bold</b> <eos> in the middle"),
]


def tokens(tiny: Path, out: Path) -> None:
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_file=str(tiny / "tokenizer.json"), bos_token="<bos>", eos_token="<eos>", pad_token="<pad>", unk_token="<unk>"
    )
    processor = PaliGemmaProcessor(SiglipImageProcessor.from_pretrained(tiny), tokenizer)
    picture = Image.new("RGB", (20, 10), (200, 30, 60))
    with open(out / "tokens.jsonl", "w", encoding="utf-8") as file:
        for pictures, prefix, suffix in EXAMPLES:
            made = processor(text=[prefix], images=[[picture] * pictures], suffix=[suffix])
            line = {
                "pictures": pictures,
                "prefix": prefix,
                "suffix": suffix,
                "ids": [int(i) for i in made["input_ids"][0]],
                "labels": [int(i) for i in made["labels"][0]],
            }
            file.write(json.dumps(line) + "\n")


def pictures(out: Path) -> None:
    y, x = np.mgrid[0:26, 0:37]
    noise = np.random.default_rng(5).integers(-40, 41, (26, 37, 3))
    base = np.stack([x * 7, y * 9, (x + y) * 3 + 20], -1)
    picture = Image.fromarray(np.clip(base + noise, 0, 255).astype(np.uint8))
    picture.save(out / "picture.png")
    ImageOps.mirror(picture).save(out / "mirror.png")
    picture.crop((5, 3, 30, 24)).save(out / "crop.png")
    canvas = Image.new("RGB", picture.size, (127, 127, 127))
    canvas.paste(picture.resize((20, 17), Image.Resampling.BICUBIC), (9, 6))
    canvas.save(out / "shrink.png")
    kinds = {"brightness": ImageEnhance.Brightness, "contrast": ImageEnhance.Contrast, "saturation": ImageEnhance.Color}
    for name, kind in kinds.items():
        for factor in (0.0, 0.6, 0.83, 1.37, 2.0):
            kind(picture).enhance(factor).save(out / f"{name}-{factor}.png")
    mixed = ImageEnhance.Brightness(picture).enhance(1.2)
    mixed = ImageEnhance.Contrast(mixed).enhance(0.75)
    ImageEnhance.Color(mixed).enhance(1.5).save(out / "all-three.png")


def main() -> None:
    tiny, out = Path(sys.argv[1]), Path(sys.argv[2])
    out.mkdir(parents=True, exist_ok=True)
    tokens(tiny, out)
    pictures(out)


main()
