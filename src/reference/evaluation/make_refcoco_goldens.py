"""Writes answers about expressions and about yes and no, and what a second implementation of big_vision's evaluators
(evaluators/proj/paligemma/transfers/segmentation.py, pope.py) and of POPE's own figures says, one JSON object a line.

    pip install -r ../requirements.txt      # torch, Pillow 13, numpy
    python make_refcoco_goldens.py ../../../paligemma-evaluation/src/test/resources

Masks are decoded with the weights of paligemma-tiny. More cases: --count 2000 --seed 1, for -Drefcoco.cases=FILE.
"""

import argparse
import json
import re
import sys
from pathlib import Path

import numpy as np
from PIL import Image

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tiny"))
from masks import MaskCodec, run_lengths  # noqa: E402

WEIGHTS = HERE.parents[2] / "paligemma-tiny/src/main/resources/dev/paligemma/tiny/vae-oid.npz"


def answer_of(rng, box, size):
    """Mostly near the box; sometimes something that is no answer."""
    width, height = size
    x, y, w, h = box
    edges = np.array([y / height, x / width, (y + h) / height, (x + w) / width])
    codes = np.clip(np.round((edges + rng.normal(0, 0.03, 4)) * 1023), 0, 1023).astype(int)
    kind = rng.random()
    if kind < 0.05:
        codes[2] = codes[0]
    elif kind < 0.1:
        codes[[1, 3]] = codes[[3, 1]]
    elif kind < 0.15:
        codes[3] = min(1023, codes[1] + 1)
    text = "".join(f"<loc{c:04d}>" for c in codes)
    segments = rng.integers(0, 128, 16)
    text += "".join(f"<seg{c:03d}>" for c in segments)
    if 0.15 < kind < 0.2:
        text = text[: int(rng.integers(0, len(text)))]
    elif kind < 0.25:
        text = [" " + text, "a " + text, text.replace("<seg", " <seg", 1), text.replace("><seg", ">cat<seg", 1)][int(rng.integers(4))]
    elif kind < 0.5:
        text += " the cat ; " + text
    return text


def judge(codec, answer, box, mask):
    """Mask IoU, box IoU, and whether the answer is valid."""
    height, width = mask.shape
    match = re.match(r"((?:<loc\d{4}>){4})((?:<seg\d{3}>){16})", answer)
    place = np.zeros(4, int)
    segments = np.zeros(16, int)
    valid = False
    if match:
        t = [int(v) for v in re.findall(r"\d+", match[0])]
        if max(t[:4]) <= 1023 and max(t[4:]) <= 127 and t[2] > t[0] and t[3] > t[1]:
            valid, place, segments = True, np.array(t[:4]), np.array(t[4:])
    y1, x1, y2, x2 = place / 1023
    gx, gy, gw, gh = box
    truth = gy / height, gx / width, (gy + gh) / height, (gx + gw) / width
    common = max(min(y2, truth[2]) - max(y1, truth[0]), 0) * max(min(x2, truth[3]) - max(x1, truth[1]), 0)
    own = max(y2 - y1, 0) * max(x2 - x1, 0)
    box_iou = common / (own + (truth[2] - truth[0]) * (truth[3] - truth[1]) - common)
    top, left, bottom, right = int(y1 * height), int(x1 * width), int(y2 * height), int(x2 * width)
    if not valid or right <= left or bottom <= top:
        return 0.0, box_iou, False
    raw = codec.decode(segments[None])[0]
    found = np.asarray(Image.fromarray(raw).resize((right - left, bottom - top), Image.Resampling.BILINEAR)) > 0
    both = (mask[top:bottom, left:right] & found).sum()
    return float(both / (mask.sum() + found.sum() - both)), box_iou, True


def refcoco(codec, rng, index):
    width, height = (int(v) for v in rng.integers(20, 400, 2))
    w, h = rng.uniform(3, width), rng.uniform(3, height)
    box = [round(float(v), 2) for v in (rng.uniform(0, width - w), rng.uniform(0, height - h), w, h)]
    ys, xs = np.mgrid[:height, :width]
    mask = ((xs + 0.5 - box[0] - w / 2) / (w / 2)) ** 2 + ((ys + 0.5 - box[1] - h / 2) / (h / 2)) ** 2 < 1
    mask[int(box[1] + h / 2), int(box[0] + w / 2)] = True
    answer = answer_of(rng, box, (width, height))
    iou, box_iou, valid = judge(codec, answer, box, mask)
    return {"id": f"e{index}", "answer": answer, "width": width, "height": height, "bbox": box,
            "mask": run_lengths(mask), "iou": iou, "boxIou": box_iou, "valid": valid}


def pope(rng):
    words = ["yes", "no", "Yes", "NO", "yes ", "No.", "maybe", "", "yes, it is"]
    cases = [[str(rng.choice(words)), str(rng.choice(["yes", "no"]))] for _ in range(int(rng.integers(1, 12)))]
    said = [answer.lower() == "yes" for answer, _ in cases]
    true = [truth == "yes" for _, truth in cases]
    tp = sum(a and b for a, b in zip(said, true))
    precision = tp / sum(said) if any(said) else 0.0
    recall = tp / sum(true) if any(true) else 0.0
    return {"cases": cases, "accuracy": sum(a.lower() == t for a, t in cases) / len(cases), "precision": precision,
            "recall": recall, "f1": 2 * precision * recall / (precision + recall) if precision + recall else 0.0,
            "yes": sum(said) / len(cases),
            "valid": sum(a.lower() in ("yes", "no") for a, _ in cases) / len(cases)}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=Path)
    parser.add_argument("--count", type=int, default=120)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    codec = MaskCodec.load(WEIGHTS)
    for name, make in (("refcoco", lambda i: refcoco(codec, rng, i)), ("pope", lambda i: pope(rng))):
        with open(options.out / f"{name}.jsonl", "w") as out:
            for index in range(options.count):
                out.write(json.dumps(make(index), separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
