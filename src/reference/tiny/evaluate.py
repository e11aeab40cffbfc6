"""Greedy answers from a model, and how many of them are right.

Uses nothing but the model's own forward pass with a KV cache, the way `generate` does, batched over questions whose
prompts have the same number of tokens (so that no padding is involved).

    python evaluate.py --model FOLDER [--split valid] [--scenes 300]

With `vae-oid.npz` in the folder, `segment` is asked and measured too.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import defaultdict
from pathlib import Path

import numpy as np
import torch
from masks import MaskCodec, score_segments, truths_of
from model import BOS, EOS, IMAGE_TOKENS, encode
from scenes import Question, draw_scene, model_pixels, random_questions, random_segment
from tokenizers import Tokenizer
from transformers import PaliGemmaForConditionalGeneration

LOCATION = re.compile(r"<loc(\d{4})>" * 4 + r" ([^;<>]+?)(?: ; |$)")


def to_tensor(pixels: np.ndarray) -> torch.Tensor:
    """float32[B, 3, H, W] in [-1, 1] from uint8[B, H, W, 3]."""
    return torch.from_numpy(np.array(pixels)).permute(0, 3, 1, 2).float() / 127.5 - 1


@torch.no_grad()
def answer_all(model, tokenizer: Tokenizer, pixels: np.ndarray, prompts: list[str], owner: list[int],
               limit: int = 64, batch: int = 64) -> list[str]:
    """The greedy answer to every prompt; `owner[i]` is the picture (row of `pixels`) that prompt i is about."""
    model.eval()
    image_id = tokenizer.token_to_id("<image>")
    features = torch.cat([model.model.get_image_features(to_tensor(pixels[i : i + batch])).pooler_output
                          for i in range(0, len(pixels), batch)])
    by_length = defaultdict(list)
    rows = [[image_id] * IMAGE_TOKENS + [BOS] + encode(tokenizer, p + "\n") for p in prompts]
    for i, row in enumerate(rows):
        by_length[len(row)].append(i)
    answers = [""] * len(prompts)
    table = model.get_input_embeddings()
    for members in by_length.values():
        for start in range(0, len(members), batch):
            chosen = members[start : start + batch]
            ids = torch.tensor([rows[i] for i in chosen])
            embeds = table(ids)
            embeds[:, :IMAGE_TOKENS] = features[[owner[i] for i in chosen]]
            out = model(inputs_embeds=embeds, token_type_ids=torch.zeros_like(ids), use_cache=True, logits_to_keep=1)
            done = torch.zeros(len(chosen), dtype=torch.bool)
            produced: list[list[int]] = [[] for _ in chosen]
            for _ in range(limit):
                best = out.logits[:, -1].argmax(-1)
                done |= best == EOS
                for k, token in enumerate(best.tolist()):
                    if not done[k]:
                        produced[k].append(token)
                if bool(done.all()):
                    break
                out = model(input_ids=best[:, None], past_key_values=out.past_key_values, use_cache=True)
            for k, i in enumerate(chosen):
                answers[i] = tokenizer.decode(produced[k], skip_special_tokens=False)
    return answers


def boxes(text: str) -> list[tuple[tuple[int, ...], str]]:
    """The (y0, x0, y1, x1) codes and names of a detection answer."""
    return [(tuple(int(v) for v in m.groups()[:4]), m.group(5)) for m in LOCATION.finditer(text)]


def iou(a, b) -> float:
    height = max(0, min(a[2], b[2]) - max(a[0], b[0]))
    width = max(0, min(a[3], b[3]) - max(a[1], b[1]))
    union = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - height * width
    return height * width / union if union > 0 else 0.0


def score(questions: list[Question], answers: list[str]) -> dict[str, tuple[float, int]]:
    """Per metric the mean and how many cases it was taken over."""
    values = defaultdict(list)
    for q, given in zip(questions, answers):
        if q.kind.startswith("segment"):
            continue
        if q.kind != "detect":
            values[q.kind].append(given == q.answer)
            if q.kind == "answer":
                values["answer: " + " ".join(q.prompt.split()[2:5])].append(given == q.answer)
            if q.kind == "ocr" and q.answer:
                values["ocr, words only"].append(given == q.answer)
            continue
        wanted, found = boxes(q.answer), boxes(given)
        values["detect labels"].append([n for _, n in wanted] == [n for _, n in found])
        for k, (box, name) in enumerate(wanted):
            hit = iou(box, found[k][0]) if k < len(found) and found[k][1] == name else 0.0
            values["detect mean IoU"].append(hit)
            values["detect IoU > 0.5"].append(hit > 0.5)
    return {k: (float(np.mean(v)), len(v)) for k, v in sorted(values.items())}


def evaluate(model, tokenizer: Tokenizer, split: str, scenes: int, show: int = 0,
             codec: MaskCodec | None = None) -> dict[str, tuple[float, int]]:
    pixels, questions, owner, sizes = [], [], [], []
    for i in range(scenes):
        scene = draw_scene(split, i)
        pixels.append(model_pixels(scene.image))
        asked = random_questions(split, i, scene)
        if codec:
            asked.append(random_segment(split, i, scene, codec.codes_of))
        for q in asked:
            questions.append(q)
            owner.append(i)
            sizes.append(scene.image.size)
    answers = answer_all(model, tokenizer, np.stack(pixels), [q.prompt for q in questions], owner)
    for q, given in list(zip(questions, answers))[:show]:
        print(f"  {'ok ' if q.answer == given else 'BAD'} {q.prompt!r}: {given!r}, expected {q.answer!r}", flush=True)
    result = score(questions, answers)
    if codec:
        masked = [i for i, q in enumerate(questions) if q.kind.startswith("segment")]
        chosen = [questions[i] for i in masked]
        truths = truths_of(chosen, [sizes[i] for i in masked])
        result.update(score_segments(codec, chosen, [answers[i] for i in masked], truths))
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure a saved model on freshly drawn scenes.")
    parser.add_argument("--model", type=Path, required=True, help="folder of the checkpoint")
    parser.add_argument("--split", default="valid")
    parser.add_argument("--scenes", type=int, default=300)
    parser.add_argument("--show", type=int, default=12, help="print this many answers")
    args = parser.parse_args()
    torch.set_num_threads(1)
    model = PaliGemmaForConditionalGeneration.from_pretrained(
        args.model, dtype=torch.float32, attn_implementation="eager")
    tokenizer = Tokenizer.from_file(str(args.model / "tokenizer.json"))
    masks = args.model / "vae-oid.npz"
    codec = MaskCodec.load(masks) if masks.exists() else None
    print(json.dumps(evaluate(model, tokenizer, args.split, args.scenes, args.show, codec), indent=1))


if __name__ == "__main__":
    main()
