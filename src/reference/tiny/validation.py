"""Asks the bundled model about its picture with transformers, and writes the answers where `paligemma validate` finds them.

    python validation.py FOLDER published.json

FOLDER is the unpacked bundled model with its picture.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch
import transformers
from PIL import Image
from transformers import PaliGemmaForConditionalGeneration, PaliGemmaProcessor, PreTrainedTokenizerFast
from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil

PROMPTS = [
    ("caption", "caption en", "text", 40),
    ("word", "ocr", "text", 20),
    ("question", "answer en what word is written?", "text", 20),
    ("boxes", "detect blue square ; word", "boxes", 60),
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("published", type=Path)
    arguments = parser.parse_args()

    torch.set_num_threads(1)
    folder = arguments.folder
    # The bundled folder has no tokenizer_config.json, which would name these tokens.
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_file=str(folder / "tokenizer.json"), bos_token="<bos>", eos_token="<eos>", pad_token="<pad>"
    )
    processor = PaliGemmaProcessor(SiglipImageProcessorPil.from_pretrained(folder), tokenizer)
    model = PaliGemmaForConditionalGeneration.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
    picture = Image.open(next(folder.glob("*.png"))).convert("RGB")
    checks = []
    for name, prompt, match, limit in PROMPTS:
        inputs = processor(images=picture, text="<image>" + prompt, return_tensors="pt")
        with torch.no_grad():
            ids = model.generate(**inputs, max_new_tokens=limit, do_sample=False)[0, inputs["input_ids"].shape[1] :]
        answer = processor.tokenizer.decode(ids, skip_special_tokens=True)
        checks.append(
            {
                "id": name,
                "pictures": [{"address": "bundled"}],
                "prompt": prompt,
                "answer": answer,
                "match": match,
                "maxNewTokens": limit,
                "source": f"transformers {transformers.__version__}, src/reference/tiny/validation.py",
            }
        )
        print(name, prompt, "->", answer)

    published = json.loads(arguments.published.read_text("utf-8"))
    for each in published["models"]:
        if each["model"] == "paligemma-tiny":
            each["checks"] = checks
    arguments.published.write_text(json.dumps(published, indent=2, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    main()
