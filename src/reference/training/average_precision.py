"""Boxes with their mean average precision by pycocotools, for AveragePrecisionTest:

    python average_precision.py > ../../../paligemma-training/src/test/resources/figures/average-precision.txt

Lines: `want PICTURE LABEL left top right bottom` and `find PICTURE LABEL left top right bottom CONFIDENCE`, in fractions of a
picture of 1000 pixels; the last line is `mean VALUE`.
"""
import contextlib
import io
import random

from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

SIDE = 1000
LABELS = ["cat", "dog", "bolt"]


def shifted(r, box, most):
    return [min(SIDE, max(0, v + r.randint(-most, most))) for v in box]


def main():
    r = random.Random(5)
    truth, found, lines = [], [], []
    for picture in range(8):
        for _ in range(r.randint(0, 4)):
            label = r.randrange(3)
            x, y = r.randint(0, 600), r.randint(0, 600)
            box = [x, y, x + r.randint(100, 390), y + r.randint(100, 390)]
            truth.append((picture, label, box))
            for _ in range(r.randint(0, 2)):
                other = label if r.random() < 0.85 else r.randrange(3)
                found.append((picture, other, shifted(r, box, r.choice([5, 15, 40, 90])), round(r.random(), 3)))
        if r.random() < 0.5:
            found.append((picture, r.randrange(3), [10, 20, 90, 80], round(r.random(), 3)))
    found = [f for f in found if f[2][2] > f[2][0] and f[2][3] > f[2][1]]
    coco = COCO()
    coco.dataset = dict(
        images=[dict(id=i, width=SIDE, height=SIDE) for i in range(8)],
        categories=[dict(id=i + 1, name=name) for i, name in enumerate(LABELS)],
        annotations=[
            dict(id=i + 1, image_id=p, category_id=c + 1, bbox=[b[0], b[1], b[2] - b[0], b[3] - b[1]],
                 area=(b[2] - b[0]) * (b[3] - b[1]), iscrowd=0)
            for i, (p, c, b) in enumerate(truth)
        ],
    )
    with contextlib.redirect_stdout(io.StringIO()):
        coco.createIndex()
        results = coco.loadRes([
            dict(image_id=p, category_id=c + 1, bbox=[b[0], b[1], b[2] - b[0], b[3] - b[1]], score=s)
            for p, c, b, s in found
        ])
        evaluation = COCOeval(coco, results, "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    for p, c, b in truth:
        lines.append(f"want {p} {LABELS[c]} " + " ".join(str(v / SIDE) for v in b))
    for p, c, b, s in found:
        lines.append(f"find {p} {LABELS[c]} " + " ".join(str(v / SIDE) for v in b) + f" {s}")
    print("\n".join(lines))
    print("mean", float(evaluation.stats[0]))


main()
