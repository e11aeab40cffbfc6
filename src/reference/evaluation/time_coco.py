"""Writes 5,000 pictures with 100 detections each in COCO's formats, and times pycocotools on them.

    python time_coco.py --write /tmp/coco                                # truth.json, results.json
    time python time_coco.py --evaluate /tmp/coco
    time paligemma evaluate --metric coco-box --references /tmp/coco/truth.json --predictions /tmp/coco/results.json
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np

IMAGES, DETECTIONS, OBJECTS, CATEGORIES = 5000, 100, 7, 80


def write(folder):
    rng = np.random.default_rng(0)
    annotations, results = [], []
    for image in range(1, IMAGES + 1):
        objects = []
        for _ in range(int(rng.poisson(OBJECTS))):
            w, h = rng.uniform(5, 300, 2)
            box = [round(float(v), 2) for v in (rng.uniform(0, 640 - w), rng.uniform(0, 480 - h), w, h)]
            objects.append((box, int(rng.integers(1, CATEGORIES + 1))))
            annotations.append({"id": len(annotations) + 1, "image_id": image, "category_id": objects[-1][1], "bbox": box,
                                "area": box[2] * box[3], "iscrowd": 0})
        for _ in range(DETECTIONS):
            if objects and rng.random() < 0.5:
                source, category = objects[int(rng.integers(len(objects)))]
                box = [round(float(v + rng.normal() * 8), 2) for v in source]
                box[2:] = [max(1.0, v) for v in box[2:]]
            else:
                category = int(rng.integers(1, CATEGORIES + 1))
                box = [round(float(v), 2) for v in (*rng.uniform(0, 400, 2), *rng.uniform(5, 200, 2))]
            results.append({"image_id": image, "category_id": category, "bbox": box, "score": round(float(rng.random()), 4)})
    folder.mkdir(parents=True, exist_ok=True)
    truth = {"images": [{"id": i, "width": 640, "height": 480} for i in range(1, IMAGES + 1)],
             "categories": [{"id": c, "name": f"thing {c}"} for c in range(1, CATEGORIES + 1)], "annotations": annotations}
    (folder / "truth.json").write_text(json.dumps(truth))
    (folder / "results.json").write_text(json.dumps(results))


def evaluate(folder):
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    start = time.perf_counter()
    truth = COCO(str(folder / "truth.json"))
    run = COCOeval(truth, truth.loadRes(str(folder / "results.json")), "bbox")
    read = time.perf_counter()
    run.evaluate()
    run.accumulate()
    run.summarize()
    print(f"read {read - start:.2f} s, evaluated {time.perf_counter() - read:.2f} s")
    print([float(value) for value in run.stats])


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--write", type=Path)
    parser.add_argument("--evaluate", type=Path)
    options = parser.parse_args()
    if options.write:
        write(options.write)
    if options.evaluate:
        evaluate(options.evaluate)
