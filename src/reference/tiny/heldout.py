"""Writes the held-out scenes that tests ask the model about, and measures a model on the files written.

The scenes come from the split `heldout`, which training never draws. Each picture gets one line per question in
scenes.jsonl: `file`, `kind`, `prompt`, `expected`, and for detection `boxes` as [label, x0, y0, x1, y1] in pixels of
the file. With --masks, segments.jsonl gets one `segment` question per picture: `expected` has the codes, `masks` the
right masks of the things asked for as COCO's compressed run lengths (`size`: height and width, those of the file;
`counts`: down the columns). Pictures are 224 x 224; those with noise, which compress badly, are stored already reduced
to the 112 x 112 that the model sees.

    python heldout.py write --out FOLDER [--count 300] --masks vae-oid.npz
    python heldout.py measure --out FOLDER --model CHECKPOINT_FOLDER
    python heldout.py picture --out scene.png
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from evaluate import answer_all, score
from masks import MaskCodec, from_run_lengths, run_lengths, score_segments
from PIL import Image
from scenes import GRID, Question, Scene, draw_scene, model_pixels, random_questions, random_segment, thing_mask
from tokenizers import Tokenizer
from transformers import PaliGemmaForConditionalGeneration

SIZE = 224
LARGE = 9_000  # bytes of PNG above which a picture is stored reduced


def lines(file: str, scene: Scene, questions: list[Question], shrink: float) -> list[str]:
    out = []
    for q in questions:
        record = {"file": file, "kind": q.kind, "prompt": q.prompt, "expected": q.answer}
        if q.kind == "detect":
            names = [part.rsplit(">", 1)[1].strip() for part in q.answer.split(" ; ")]
            record["boxes"] = [[name, *(v * shrink for v in t.box)] for name, t in zip(names, q.things)]
        out.append(json.dumps(record))
    return out


def segment_line(file: str, index: int, scene: Scene, codec: MaskCodec, reduced: bool) -> str:
    q = random_segment("heldout", index, scene, codec.codes_of)
    masks = [thing_mask(t, *scene.image.size) for t in q.things]
    if reduced:
        # A pixel of the smaller picture belongs to the mask if at least half of what it shows does.
        sides = (GRID, SIZE // GRID, GRID, SIZE // GRID)
        masks = [mask.reshape(sides).mean((1, 3)) >= 0.5 for mask in masks]
    record = {"file": file, "kind": q.kind, "prompt": q.prompt, "expected": q.answer}
    if masks:
        record["masks"] = [run_lengths(mask) for mask in masks]
    return json.dumps(record, separators=(",", ":"))


def save_small(image: Image.Image, path: Path) -> None:
    """PNG with as few bytes as possible without changing a pixel: a palette where the colours fit into one."""
    colours = image.getcolors(256)
    if colours is not None:
        palette = sorted(colour for _, colour in colours)
        index = {colour: i for i, colour in enumerate(palette)}
        pixels = np.asarray(image)
        keys = pixels[..., 0].astype(np.int32) << 16 | pixels[..., 1].astype(np.int32) << 8 | pixels[..., 2]
        lookup = {r << 16 | g << 8 | b: i for (r, g, b), i in index.items()}
        values, inverse = np.unique(keys, return_inverse=True)
        indexed = np.array([lookup[int(v)] for v in values], np.uint8)[inverse].reshape(keys.shape)
        small = Image.fromarray(indexed, "P")
        small.putpalette([c for colour in palette for c in colour])
        small.save(path, optimize=True)
        if not np.array_equal(np.asarray(Image.open(path).convert("RGB")), pixels):
            raise RuntimeError(f"{path} does not read back as it was drawn")
    else:
        image.save(path, optimize=True)


def write(out: Path, count: int, codec: MaskCodec | None) -> None:
    out.mkdir(parents=True, exist_ok=True)
    all_lines, segment_lines = [], []
    for i in range(count):
        scene = draw_scene("heldout", i, size=SIZE)
        name = f"scene-{i:03d}.png"
        save_small(scene.image, out / name)
        shrink = 1.0
        if (out / name).stat().st_size > LARGE:
            save_small(Image.fromarray(model_pixels(scene.image)), out / name)
            shrink = GRID / SIZE
        unique = list(dict.fromkeys(random_questions("heldout", i, scene)))
        all_lines += lines(name, scene, unique, shrink)
        if codec:
            segment_lines.append(segment_line(name, i, scene, codec, shrink != 1.0))
    (out / "scenes.jsonl").write_text("\n".join(all_lines) + "\n", encoding="utf-8")
    if segment_lines:
        (out / "segments.jsonl").write_text("\n".join(segment_lines) + "\n", encoding="utf-8")
    size = sum(p.stat().st_size for p in out.iterdir())
    print(f"{out}: {count} scenes, {len(all_lines) + len(segment_lines)} questions, {size:,} bytes")


def read(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def measure(out: Path, model_folder: Path, show_wrong: bool) -> None:
    model = PaliGemmaForConditionalGeneration.from_pretrained(
        model_folder, dtype=torch.float32, attn_implementation="eager")
    tokenizer = Tokenizer.from_file(str(model_folder / "tokenizer.json"))
    records = read(out / "scenes.jsonl")
    masks = model_folder / "vae-oid.npz"
    segments = read(out / "segments.jsonl") if masks.exists() and (out / "segments.jsonl").exists() else []
    records += segments
    files = list(dict.fromkeys(r["file"] for r in records))
    pixels = np.stack([model_pixels(Image.open(out / f)) for f in files])
    where = {f: i for i, f in enumerate(files)}
    questions = [Question(r["kind"], r["prompt"], r["expected"]) for r in records]
    answers = answer_all(model, tokenizer, pixels, [q.prompt for q in questions], [where[r["file"]] for r in records])
    if show_wrong:
        for r, q, given in zip(records, questions, answers):
            if q.kind not in ("detect", "segment") and given != q.answer:
                print(f"{r['file']} {q.prompt!r}: {given!r}, expected {q.answer!r}")
    scores = score(questions, answers)
    if segments:
        first = len(records) - len(segments)
        truths = [[from_run_lengths(mask) for mask in r.get("masks", [])] for r in segments]
        scores.update(score_segments(MaskCodec.load(masks), questions[first:], answers[first:], truths))
    for name, (value, n) in scores.items():
        print(f"| {name} | {value:.3f} | {n} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=["write", "measure", "picture"])
    parser.add_argument("--out", type=Path, required=True, help="folder of the held-out scenes; for `picture` the file")
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--masks", type=Path, help="vae-oid.npz; adds segments.jsonl (write)")
    parser.add_argument("--model", type=Path, help="checkpoint folder (measure)")
    parser.add_argument("--index", type=int, default=0, help="number of the bundled picture (picture)")
    parser.add_argument("--layout", default="1w", help="what is on the bundled picture (picture)")
    parser.add_argument("--show-wrong", action="store_true", help="print wrong answers (measure)")
    args = parser.parse_args()
    torch.set_num_threads(1)
    if args.action == "write":
        write(args.out, args.count, MaskCodec.load(args.masks) if args.masks else None)
    elif args.action == "measure":
        if args.model is None:
            parser.error("measure needs --model")
        measure(args.out, args.model, args.show_wrong)
    else:
        scene = draw_scene("picture", args.index, size=448, layout=args.layout)
        save_small(scene.image, args.out)
        for q in random_questions("picture", args.index, scene):
            print(q.prompt, "|", q.answer)


if __name__ == "__main__":
    main()
