"""Writes a training checkpoint as a Hugging Face folder: config.json, model.safetensors (bfloat16), tokenizer.json,
preprocessor_config.json, generation_config.json, and vae-oid.npz beside them where masks were trained.

    python export.py --checkpoint RUN/checkpoint.pt --masks vae-oid.npz --out FOLDER
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

import torch
from model import build_model, build_tokenizer, write_side_files

EXPECTED = ("config.json", "generation_config.json", "model.safetensors", "preprocessor_config.json", "tokenizer.json")
MASKS = "vae-oid.npz"


def main() -> None:
    parser = argparse.ArgumentParser(description="Export a training checkpoint in Hugging Face format, bfloat16.")
    parser.add_argument("--checkpoint", type=Path, required=True, help="checkpoint.pt written by train.py")
    parser.add_argument("--out", type=Path, required=True, help="folder to write")
    parser.add_argument("--masks", type=Path, help="the mask codec's file, copied as vae-oid.npz")
    args = parser.parse_args()
    tokenizer = build_tokenizer()
    model = build_model(tokenizer)
    state = torch.load(args.checkpoint, map_location="cpu", weights_only=False)
    model.load_state_dict(state["model"])
    model = model.bfloat16()
    model.save_pretrained(args.out)
    (args.out / "model.safetensors").chmod(0o644)
    write_side_files(args.out, tokenizer)
    expected = list(EXPECTED)
    if args.masks:
        shutil.copyfile(args.masks, args.out / MASKS)
        expected.append(MASKS)
    written = sorted(p.name for p in args.out.iterdir())
    if written != expected:
        raise SystemExit(f"expected exactly {expected} in {args.out}, found {written}")
    size = sum(p.stat().st_size for p in args.out.iterdir())
    parameters = sum(p.numel() for p in model.parameters())
    print(f"{args.out}: step {state['step']}, {parameters:,} parameters, {size:,} bytes")


if __name__ == "__main__":
    main()
