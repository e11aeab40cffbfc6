"""How likely boxes are right, by the formula in the documentation of Detection, from the distributions of their edges.

    python confidence.py --out paligemma-core/src/test/resources/detections

`confidence.json`: a list of
    codes       [top, left, bottom, right]
    edges       in the same order: mass, and weights [[code, weight]]; a probability is a weight over the sum of weights
    separator   the probability of the semicolon before the box
    label       the probability of the label
    overlap     the probability that intersection over union is at least 1/2
    confidence  separator * masses * overlap * label

The sum is over all combinations of the four edges, one by one. An edge moves in steps: a code, or 1/128 of a side of the
written box that is longer than 128 codes, rounded to the nearest, halves to even.
"""

import argparse
import json
import pathlib
import random

import numpy as np

STEPS = 128
LOCATIONS = 1024


def moves(written, weights, steps, side):
    """The moves of an edge from where it was written, in steps, and their probabilities."""
    total = sum(weight for _, weight in weights)
    found = {}
    for code, weight in weights:
        move = int(np.rint((code - written) * steps / side))
        found[move] = found.get(move, 0.0) + weight / total
    return np.array(list(found)), np.array(list(found.values()))


def pairs(low, high, lows, highs, steps):
    """Of every pair of edges along one side: its probability, the length and the overlap with the written side."""
    (low_moves, low_p), (high_moves, high_p) = (moves(c, w, steps, high - low) for c, w in ((low, lows), (high, highs)))
    start, end = low_moves[:, None], steps + high_moves[None, :]
    overlap = np.clip(np.minimum(steps, end) - np.maximum(0, start), 0, None)
    return (low_p[:, None] * high_p).ravel(), np.clip(end - start, 0, None).ravel(), overlap.ravel()


def overlap(codes, edges):
    top, left, bottom, right = codes
    if top >= bottom or left >= right:
        return float(np.prod([dict(map(tuple, w)).get(c, 0) / sum(v for _, v in w) for c, w in zip(codes, edges)]))
    width, height = min(STEPS, right - left), min(STEPS, bottom - top)
    px, other_width, u = pairs(left, right, edges[1], edges[3], width)
    py, other_height, v = pairs(top, bottom, edges[0], edges[2], height)
    sum_ = 0.0
    for p, h, overlap_y in zip(py, other_height, v):
        both = u * overlap_y
        union = width * height + other_width * h - both
        sum_ += p * px[2 * both >= union].sum()
    return float(sum_)


def bell(centre, spread):
    near = range(max(0, int(centre - 3 * spread)), min(LOCATIONS - 1, int(centre + 3 * spread)) + 1)
    weights = [[c, round(10000 * np.exp(-0.5 * ((c - centre) / spread) ** 2))] for c in near]
    return [w for w in weights if w[1]]


def cases(r):
    def around(codes, spread):
        return [bell(c + r.uniform(-spread, spread) / 2, spread) for c in codes]

    yield [100, 200, 600, 500], around([100, 200, 600, 500], 10)
    yield [100, 200, 600, 500], around([100, 200, 600, 500], 60)
    yield [100, 200, 140, 235], around([100, 200, 140, 235], 8)  # small, exact
    yield [500, 500, 503, 504], around([500, 500, 503, 504], 1.5)
    yield [0, 0, 1023, 1023], around([0, 0, 1023, 1023], 40)  # the whole picture
    yield [0, 300, 120, 1023], around([0, 300, 120, 1023], 25)
    two = around([300, 300, 700, 700], 9)
    two[3] = two[3] + [[c, w // 2] for c, w in bell(950, 9)]  # a right edge in one of two places
    yield [300, 300, 700, 700], two
    yield [300, 300, 700, 700], [[[c, 1 + r.randrange(9)] for c in range(0, LOCATIONS, 37)] for _ in range(4)]
    yield [10, 10, 50, 900], [[[c, 1] for c in range(s, LOCATIONS, 41)] for s in (0, 3, 7, 10)]
    yield [300, 300, 700, 700], around([800, 100, 900, 200], 20)  # written against all odds
    yield [300, 300, 300, 700], around([300, 300, 300, 700], 2)  # no area
    yield [256, 256, 768, 768], [[[256, 1]], [[256, 1], [397, 1]], [[768, 1]], [[768, 1], [1023, 1]]]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    args = parser.parse_args()
    r = random.Random(15)
    boxes = []
    for codes, edges in cases(r):
        masses = [round(r.uniform(0.5, 1), 3) for _ in range(4)]
        separator, label = round(r.uniform(0.5, 1), 3), round(r.uniform(0.5, 1), 3)
        found = overlap(codes, edges)
        boxes.append(
            {
                "codes": codes,
                "edges": [{"mass": m, "weights": w} for m, w in zip(masses, edges)],
                "separator": separator,
                "label": label,
                "overlap": found,
                "confidence": separator * float(np.prod(masses)) * found * label,
            }
        )
    lines = ",\n".join(json.dumps(box, separators=(",", ":")) for box in boxes)
    (args.out / "confidence.json").write_text(f"[\n{lines}\n]\n", encoding="utf-8")
    print([round(box["overlap"], 4) for box in boxes])


if __name__ == "__main__":
    main()
