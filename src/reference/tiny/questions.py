"""Writes the held-out scenes as the JSON lines that `paligemma evaluate --data` reads, beside their pictures.

    python questions.py paligemma-examples/src/test/resources/heldout --out /tmp/questions

captions.jsonl, answers.jsonl and texts.jsonl are for the metric exact, boxes.jsonl for coco-box, masks.jsonl for
coco-mask, and absences.jsonl, whose right answer is to write nothing, for exact. Needs Python alone.
"""

import argparse
import json
import re
import struct
from pathlib import Path

FILES = {"caption": "captions", "answer": "answers", "ocr": "texts", "detect": "boxes", "detect-absent": "absences",
         "segment": "masks", "segment-absent": "absences"}


def size(picture: Path) -> tuple[int, int]:
    return struct.unpack(">II", picture.read_bytes()[16:24])


def rows(folder: Path):
    for name in ("scenes.jsonl", "segments.jsonl"):
        for line in (folder / name).read_text().splitlines():
            scene = json.loads(line)
            width, height = size(folder / scene["file"])
            row = {"image": scene["file"], "prompt": scene["prompt"]}
            kind = FILES[scene["kind"]]
            if kind == "boxes":
                boxes = [
                    {"label": label, "bbox": [x0, y0, x1 - x0, y1 - y0]} for label, x0, y0, x1, y1 in scene["boxes"]
                ]
                row |= {"width": width, "height": height, "boxes": boxes}
            elif kind == "masks":
                labels = [part.rsplit(">", 1)[1].strip() for part in scene["expected"].split(" ; ")]
                boxes = [{"label": label, "mask": mask} for label, mask in zip(labels, scene["masks"])]
                row |= {"width": width, "height": height, "boxes": boxes}
            else:
                row["references"] = [re.sub(r"<.*", "", scene["expected"])]
            yield kind, row


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    files: dict[str, list[str]] = {}
    for kind, row in rows(options.folder):
        lines = files.setdefault(kind, [])
        lines.append(json.dumps({"id": f"{kind}-{len(lines) + 1}"} | row))
    for kind, lines in files.items():
        (options.out / f"{kind}.jsonl").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
