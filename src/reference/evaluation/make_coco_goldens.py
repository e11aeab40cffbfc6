"""Writes small data sets with detections and what pycocotools 2.0.11 says about them, one JSON object a line.

    pip install pycocotools==2.0.11 numpy==2.4.6 faster-coco-eval==1.8.0
    python make_coco_goldens.py --count 60 --out ../../../paligemma-evaluation/src/test/resources/coco.jsonl

More of them, with another seed, are compared by -Dcoco.cases=FILE in CocoGoldenTest. --second compares pycocotools with
faster-coco-eval as well.
"""

import argparse
import contextlib
import io
import json

import numpy as np
from pycocotools import mask as masks
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval


def polygon(rng, box):
    x, y, w, h = box
    corners = rng.integers(3, 8)
    angles = np.sort(rng.uniform(0, 2 * np.pi, corners))
    points = np.stack([x + w / 2 + w / 2 * np.cos(angles), y + h / 2 + h / 2 * np.sin(angles)], 1)
    return [round(float(value), 2) for value in points.reshape(-1)]


def run_lengths(rng, box, width, height, compressed):
    canvas = np.zeros((height, width), np.uint8, order="F")
    x, y, w, h = (int(value) for value in box)
    canvas[max(0, y) : y + h + 1, max(0, x) : x + w + 1] = 1
    if rng.random() < 0.04:
        canvas &= (rng.random((height, width)) < 0.8).astype(np.uint8)
    canvas = np.asfortranarray(canvas)
    if compressed:
        rle = masks.encode(canvas)
        return {"size": [height, width], "counts": rle["counts"].decode()}
    flat = canvas.reshape(-1, order="F")
    edges = np.flatnonzero(np.diff(flat)) + 1
    counts = np.diff(np.concatenate([[0], edges, [flat.size]])).tolist()
    return {"size": [height, width], "counts": ([0] if flat[0] else []) + counts}


def segmentation(rng, box, width, height, result):
    kind = rng.random()
    if not result and kind < 0.5:
        return [polygon(rng, box) for _ in range(rng.integers(1, 4))]
    return run_lengths(rng, box, width, height, result or kind < 0.75)


def random_box(rng, width, height, whole):
    w, h = rng.uniform(1, width), rng.uniform(1, height)
    if rng.random() < 0.5:
        w, h = w / 5 + 1, h / 5 + 1
    x, y = rng.uniform(0, width - w), rng.uniform(0, height - h)
    box = [x, y, w, h]
    return [float(round(value)) for value in box] if whole else [round(float(value), 2) for value in box]


def make(rng, boxed):
    """One data set; results have boxes, as most tools write them, or masks alone."""
    whole = rng.random() < 0.5
    width, height = (int(value) for value in rng.integers(40, 260, 2))
    count = int(rng.integers(1, 9))
    texts = rng.random() < 0.2
    picked = rng.choice(40, count, replace=False).tolist()
    images = [f"img{i}.jpg" if texts else i for i in picked]
    categories = rng.choice(30, int(rng.integers(1, 5)), replace=False).tolist()
    annotations, results = [], []
    scores = np.round(rng.random(5), 2)
    for image in images:
        if rng.random() < 0.15:
            continue
        for _ in range(int(rng.integers(0, 8))):
            box = random_box(rng, width, height, whole)
            crowd = rng.random() < 0.12
            part = run_lengths(rng, box, width, height, False) if crowd else segmentation(rng, box, width, height, False)
            annotations.append({
                "id": len(annotations) + 1, "image_id": image, "category_id": int(rng.choice(categories)), "bbox": box,
                "area": round(float(rng.choice([box[2] * box[3], 1024.0, 9216.0, rng.uniform(1, 20000)])), 2),
                "iscrowd": int(crowd), "segmentation": part,
                **({"ignore": 1} if rng.random() < 0.1 else {}),
            })
        many = rng.random() < 0.03
        for _ in range(int(rng.integers(101, 130)) if many else int(rng.integers(0, 14))):
            near = [a for a in annotations if a["image_id"] == image]
            if near and rng.random() < 0.7:
                source = near[int(rng.integers(len(near)))]
                box = list(source["bbox"])
                if rng.random() < 0.7:
                    box = [max(0.0, round(float(v + rng.normal() * 0.08 * max(box[2:])), 2)) for v in box]
                    box = [float(round(v)) for v in box] if whole else box
                category = source["category_id"] if rng.random() < 0.9 else int(rng.choice(categories))
            else:
                box, category = random_box(rng, width, height, whole), int(rng.choice(categories + [77]))
            result = {"image_id": image, "category_id": category,
                      "score": float(rng.choice(scores) if rng.random() < 0.5 else rng.random())}
            if boxed:
                result["bbox"] = box
            if not boxed or rng.random() < 0.7:
                result["segmentation"] = segmentation(rng, box, width, height, True)
            results.append(result)
    order = rng.permutation(len(results))
    return (
        {"images": [{"id": i, "width": width, "height": height, "file_name": str(i)} for i in images],
         "categories": [{"id": int(c), "name": f"thing {c}"} for c in categories + ([99] if rng.random() < 0.3 else [])],
         "annotations": annotations},
        [results[i] for i in order],
    )


def evaluate(truth, results, kind, coco=COCO, evaluator=COCOeval):
    with contextlib.redirect_stdout(io.StringIO()):
        gt = coco()
        gt.dataset = json.loads(json.dumps(truth))
        gt.createIndex()
        run = evaluator(gt, gt.loadRes(json.loads(json.dumps(results))), kind)
        run.evaluate()
        run.accumulate()
        run.summarize()
    return [float(value) for value in run.stats[:12]]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", required=True)
    parser.add_argument("--second", action="store_true")
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    worst = 0.0
    with open(options.out, "w") as out:
        written = 0
        while written < options.count:
            truth, results = make(rng, boxed=rng.random() < 0.6)
            if not any(r["category_id"] in {c["id"] for c in truth["categories"]} for r in results):
                continue
            expected = {kind: evaluate(truth, results, kind) for kind in ("bbox", "segm")}
            if options.second and not any(isinstance(i["id"], str) for i in truth["images"]):
                from faster_coco_eval import COCO as COCO2
                from faster_coco_eval import COCOeval_faster
                for kind, values in expected.items():
                    other = evaluate(truth, results, kind, COCO2, COCOeval_faster)
                    worst = max(worst, max(abs(a - b) for a, b in zip(values, other)))
            out.write(json.dumps({"truth": truth, "results": results, **expected}, separators=(",", ":")) + "\n")
            written += 1
    if options.second:
        print("largest difference of faster-coco-eval:", worst)


if __name__ == "__main__":
    main()
