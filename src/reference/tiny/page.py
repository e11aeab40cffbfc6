"""Draws the pictures that the server's web page offers, beside the one of the bundled model.

They come from the split `page`, which training never draws.

    python page.py --out FOLDER
"""

from __future__ import annotations

import argparse
from pathlib import Path

from scenes import draw_scene

SIZE = 448
PICTURES = {"shapes.png": (105, "2"), "evening.png": (4, "3"), "rain.png": (6, "1w")}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    out = parser.parse_args().out
    for name, (index, layout) in PICTURES.items():
        image = draw_scene("page", index, size=SIZE, layout=layout).image
        # Fewer colours take fewer bytes, and nobody sees the difference.
        image.quantize(64, dither=0).save(out / name, optimize=True)


if __name__ == "__main__":
    main()
