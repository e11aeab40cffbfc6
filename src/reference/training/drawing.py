"""Draws the few pictures of the training data and writes the annotations in the format that the command line takes."""

import json
import random
from pathlib import Path

from PIL import Image, ImageDraw

COLOURS = {
    "red": (214, 40, 40),
    "green": (40, 160, 60),
    "blue": (40, 80, 210),
    "yellow": (240, 210, 40),
    "black": (20, 20, 20),
}
SHAPES = ("circle", "square", "triangle")
SIZES = [(64, 64), (96, 72), (64, 64), (48, 80), (64, 64)]  # width and height; some are not square

# Suffixes that a tokenizer or a mask of labels can get wrong. Prefix and suffix.
AWKWARD = [
    ("caption en", ""),
    ("caption en", " "),
    ("caption en", " two  spaces in front"),
    ("caption en", "trailing space "),
    ("caption en", "trailing newline\n"),
    ("caption en", "\nleading newline"),
    ("caption en", "\n\ntwo newlines"),
    ("caption en", "two\nlines"),
    ("caption en", "a\ttab"),
    ("caption en", "caf\u00e9 \u00fcber na\u00efve"),
    ("caption en", "cafe\u0301"),
    ("caption en", "\u8d64\u3044\u5186"),
    ("caption en", "\U0001f600 smile"),
    ("caption en", '{"total": 12.50, "items": ["a", "b"]}'),
    ("detect cat", "<loc0001><loc0020><loc0300><loc1023> cat"),
    ("detect cat ; dog", "<loc0001><loc0020><loc0300><loc1023> cat ; <loc0000><loc0000><loc0512><loc0512> dog"),
    ("segment cat", "<loc0001><loc0020><loc0300><loc1023><seg000><seg127><seg064> cat"),
    ("detect cat", "<loc1024><loc12><seg128> cat"),
    ("caption en", "a <bos> inside"),
    ("caption en", "an <eos> inside"),
    ("caption en", "a <pad> inside"),
    ("caption en", "<unk> and <mask>"),
    ("", "no prefix"),
    (" caption en", "space before the prefix"),
    ("caption en ", "space after the prefix"),
    ("caption <loc0007> <seg003>", "places in the prefix"),
    ("caption\nen", "newline in the prefix"),
    ("caption en\n", "newline after the prefix"),
    ("answer en what is <bos> this?", "bos in the prefix"),
    ("caption en", "an <image> inside"),
    ("caption en", "<image>"),
]


def draw(seed, count, folder: Path, name):
    """Writes `count` pictures and returns for each its file, colour, shape and box in tokens."""
    numbers = random.Random(seed)
    scenes = []
    for i in range(count):
        width, height = SIZES[i % len(SIZES)]
        background = tuple(numbers.randint(120, 255) for _ in range(3))
        far = [c for c, v in COLOURS.items() if sum(abs(a - b) for a, b in zip(v, background)) > 150]
        colour, shape = numbers.choice(far), numbers.choice(SHAPES)
        size = numbers.randint(20, 36)
        left, top = numbers.randint(2, width - size - 2), numbers.randint(2, height - size - 2)
        box = (left, top, left + size, top + size)
        picture = Image.new("RGB", (width, height), background)
        pencil = ImageDraw.Draw(picture)
        if shape == "circle":
            pencil.ellipse(box, fill=COLOURS[colour])
        elif shape == "square":
            pencil.rectangle(box, fill=COLOURS[colour])
        else:
            pencil.polygon([(left + size // 2, top), (left + size, top + size), (left, top + size)], fill=COLOURS[colour])
        file = f"{name}{i:02d}.png"
        picture.save(folder / file, optimize=True)
        tops = [box[1] / height, box[0] / width, box[3] / height, box[2] / width]
        scenes.append((file, colour, shape, "".join(f"<loc{min(1023, int(v * 1024)):04d}>" for v in tops)))
    return scenes


def annotations(scenes):
    """One example for each scene, in turn a caption, a detection and a question."""
    lines = []
    for i, (file, colour, shape, box) in enumerate(scenes):
        if i % 3 == 0:
            prefix, suffix = "caption en", f"a {colour} {shape}"
        elif i % 3 == 1:
            prefix, suffix = f"detect {shape}", f"{box} {shape}"
        else:
            prefix, suffix = f"answer en what color is the {shape}?", colour
        lines.append({"image": file, "prefix": prefix, "suffix": suffix})
    return lines


def write(root: Path, seed):
    """The folder of data: ten examples to train with, four to validate with."""
    for split, count, shift in (("train", 10, 0), ("valid", 4, 1)):
        folder = root / split
        folder.mkdir(parents=True, exist_ok=True)
        lines = annotations(draw(seed + shift, count, folder, split))
        if split == "train":
            lines[6]["suffix"] = f"{lines[6]['suffix']} and nothing else on a plain ground"  # one much longer
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        (folder / "annotations.jsonl").write_text(text, encoding="utf-8")


def read(folder: Path):
    return [json.loads(line) for line in (folder / "annotations.jsonl").read_text(encoding="utf-8").splitlines()]
