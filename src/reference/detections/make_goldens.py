"""Answers with location and segmentation codes, and what the published parser makes of them; boxes and which of them
torchvision keeps.

    pip install torchvision==0.27.1     # the release for the pinned torch; nothing else here needs it
    python make_goldens.py --out paligemma-core/src/test/resources/detections

`answers.json`: a list of
    answer      the text
    width, height, divisor
    boxes       [{codes: [y0, x0, y1, x1], pixels: [x0, y0, x1, y1], label, mask: [16 codes] or null}]
    rest        all text outside of matches

`suppression.json`: a list of
    boxes       [[x0, y0, x1, y1]] in 1/1024 of the side
    labels, scores, threshold
    kept        the kept boxes, in the order of the list

The rules are those of the parser in the published PaliGemma demonstration: find four location codes, then blanks, sixteen
segmentation codes if they are there, blanks, and a name of any characters but ';', '<' and '>'; take it off and look again.
An edge is its code divided by the divisor, times the side, rounded by Python's round().
Left out: making names unique. Added: names are stripped, and empty instead of missing.
"""

import argparse
import json
import pathlib
import random
import re

import torch
import torchvision

LOCATION = re.compile(r"<loc(\d{4})>")
SEGMENTATION = re.compile(r"<seg(\d{3})>")
NAME = re.compile(r"[^;<>]+")
BLANKS = re.compile(r"\s*")


def repeated(pattern, text, position, count):
    """Reads exactly `count` codes in a row: the values and where they end, or None."""
    values = []
    for _ in range(count):
        match = pattern.match(text, position)
        if match is None:
            return None
        values.append(int(match.group(1)))
        position = match.end()
    return values, position


def parse(text, width, height, divisor):
    boxes, rest, position = [], "", 0
    while position < len(text):
        found = repeated(LOCATION, text, position, 4)
        if found is None:
            rest += text[position]
            position += 1
            continue
        codes, position = found
        position = BLANKS.match(text, position).end()
        mask = repeated(SEGMENTATION, text, position, 16)
        if mask is not None:
            mask, position = mask
            position = BLANKS.match(text, position).end()
        name = NAME.match(text, position)
        if name is not None:
            position = name.end()
        if text.startswith("; ", position):
            position += 2
        y0, x0, y1, x1 = (code / divisor for code in codes)
        boxes.append(
            {
                "codes": codes,
                "pixels": [round(x0 * width), round(y0 * height), round(x1 * width), round(y1 * height)],
                "label": name.group().strip() if name else "",
                "mask": mask,
            }
        )
    return boxes, rest


def loc(*codes):
    return "".join(f"<loc{code:04d}>" for code in codes)


def seg(*codes):
    return "".join(f"<seg{code:03d}>" for code in codes)


SIXTEEN = tuple(range(0, 128, 8))
ANSWERS = [
    "",
    "a cat on a mat",
    loc(51, 309, 708, 646) + " shoe",
    loc(51, 309, 708, 646),
    loc(0, 0, 1023, 1023) + " everything",
    loc(1, 2, 3, 4) + " red circle ; " + loc(5, 6, 7, 1023) + " word",
    loc(1, 2, 3, 4) + " cat ; " + loc(5, 6, 7, 8) + " dog ; " + loc(9, 10, 11, 12) + " bird ;",
    loc(1, 2, 3, 4) + " cat ;" + loc(5, 6, 7, 8) + " dog",
    loc(1, 2, 3, 4) + " cat;" + loc(5, 6, 7, 8) + "dog",
    loc(1, 2, 3, 4) + " cat " + loc(5, 6, 7, 8) + " dog",
    loc(1, 2, 3, 4) + loc(5, 6, 7, 8),
    loc(1, 2, 3, 4) + " ; " + loc(5, 6, 7, 8),
    loc(100, 200, 300, 400) + seg(*SIXTEEN) + " cat",
    loc(100, 200, 300, 400) + seg(*SIXTEEN),
    loc(100, 200, 300, 400) + " " + seg(*SIXTEEN) + "  cat  ; " + loc(5, 6, 7, 8) + seg(*reversed(SIXTEEN)) + " dog",
    "sure: " + loc(1, 2, 3, 4) + " cat",
    "no " + loc(1, 2, 3),
    loc(1, 2, 3) + " cat",
    loc(1, 2, 3) + " cat ; " + loc(5, 6, 7, 8) + " dog",
    loc(1, 2, 3) + " " + loc(5, 6, 7, 8) + " dog",
    loc(1, 2, 3, 4, 5) + " cat",
    loc(1, 2, 3, 4, 5, 6, 7) + " cat",
    loc(1, 2) + " " + loc(3, 4) + " cat",
    loc(1, 2, 3, 4) + " cat ; dog ; " + loc(5, 6, 7, 8) + " bird",
    loc(1, 2, 3, 4) + " cat " + seg(1, 2, 3),
    seg(*SIXTEEN) + " cat",
    seg(1) + loc(1, 2, 3, 4) + " cat",
    loc(10, 20, 10, 40) + " line",
    loc(10, 20, 10, 20) + " point",
    loc(1, 2, 3, 4) + " größer: 猫 🐈‍⬛, é",
    loc(1, 2, 3, 4) + " two\nlines ; " + loc(5, 6, 7, 8) + " tab\tbed",
    loc(1, 2, 3, 4) + " it's \"a\" (big) [cat] & co., 50 %!",
    "<loc12><loc00001>" + loc(1, 2, 3, 4) + " cat",
    "<LOC0001>" + loc(1, 2, 3, 4) + " cat",
    ";;; ; " + loc(1, 2, 3, 4) + " cat ;; ; ",
    "   " + loc(1, 2, 3, 4) + "    cat    ",
]
SIZES = [(1024, 1024), (640, 480), (1, 1), (1920, 1080), (333, 4001), (100_000, 7)]


def random_answer(dice):
    parts = []
    for _ in range(dice.randint(1, 6)):
        edges = [sorted(dice.sample(range(1024), 2)) for _ in range(2)]
        codes = loc(edges[0][0], edges[1][0], edges[0][1], edges[1][1])
        mask = seg(*(dice.randrange(128) for _ in range(16))) if dice.random() < 0.3 else ""
        parts.append(codes + mask + dice.choice([" cat", " big dog", " Hündin", ""]))
    return " ; ".join(parts)


def answers():
    dice = random.Random(20)
    texts = ANSWERS + [random_answer(dice) for _ in range(60)]
    result = []
    for i, text in enumerate(texts):
        width, height = SIZES[i % len(SIZES)]
        divisor = 1023 if i % 3 == 2 else 1024
        boxes, rest = parse(text, width, height, divisor)
        result.append(
            {"answer": text, "width": width, "height": height, "divisor": divisor, "boxes": boxes, "rest": rest}
        )
    return result


def suppression():
    dice = random.Random(21)
    result = []
    for case in range(40):
        count = dice.randint(1, 30)
        boxes, labels, scores = [], [], []
        for _ in range(count):
            x, y = dice.randrange(700), dice.randrange(700)
            boxes.append([x, y, x + dice.randint(1, 300), y + dice.randint(1, 300)])
            labels.append(dice.randrange(1 + case % 4))
            # few values, so that there are ties
            scores.append(dice.randint(0, 8) / 8 if case % 2 else dice.random())
        if case % 5 == 0:
            boxes[-1], labels[-1] = boxes[0], labels[0]
        threshold = [0.0, 0.2, 0.5, 0.8, 1.0][case % 5]
        kept = torchvision.ops.batched_nms(
            torch.tensor(boxes, dtype=torch.float64),
            torch.tensor(scores, dtype=torch.float64),
            torch.tensor(labels),
            threshold,
        )
        result.append(
            {
                "boxes": boxes,
                "labels": labels,
                "scores": scores,
                "threshold": threshold,
                "kept": sorted(kept.tolist()),
            }
        )
    return result


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("--out", type=pathlib.Path, required=True)
    out = arguments.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    for name, cases in (("answers", answers()), ("suppression", suppression())):
        lines = ",\n".join(json.dumps(case, ensure_ascii=False) for case in cases)
        (out / f"{name}.json").write_text(f"[\n{lines}\n]\n", encoding="utf-8")


if __name__ == "__main__":
    main()
