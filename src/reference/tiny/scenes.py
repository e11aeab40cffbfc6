"""Synthetic scenes with exact answers: the only data that `paligemma-tiny` ever sees.

A scene is a square picture with one to three coloured shapes, or a printed word, or a shape and a word, on a varied
background. Everything the model may be asked about it is known exactly, because the scene was drawn from that answer.

Coordinates live on the 112 x 112 grid the model sees and are scaled to the size of the picture. A scene is a pure
function of (split, index): the splits `train`, `valid` and `heldout` can never share one.

Run as a program to look at some scenes:  python scenes.py --out DIR --count 8
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

GRID = 112
PATCH = 14
COLOURS = {
    "red": (215, 40, 40),
    "green": (40, 160, 60),
    "blue": (45, 80, 220),
    "yellow": (238, 208, 40),
    "purple": (135, 55, 175),
    "orange": (242, 135, 25),
    "black": (22, 22, 22),
}
SHAPES = ("circle", "square", "triangle")
WORDS = (
    "sun moon star tree leaf bird fish frog cat dog cow bee sea sand rain wind fire ice stone road bus taxi "
    "shop cafe exit open stop hotel bank park milk bread tea salt apple lemon book door key box"
).split()


@dataclass(frozen=True)
class Thing:
    """A shape (colour set) or a printed word (colour None); the box is x0, y0, x1, y1 in pixels of the picture."""

    name: str
    colour: str | None
    box: tuple[float, float, float, float]

    @property
    def is_word(self) -> bool:
        return self.colour is None

    @property
    def label(self) -> str:
        return self.name if self.is_word else f"{self.colour} {self.name}"


@dataclass(frozen=True)
class Scene:
    image: Image.Image
    shapes: tuple[Thing, ...]  # from left to right
    word: Thing | None


@dataclass(frozen=True)
class Question:
    """A prompt, the one right answer, and for detection and masks the things it names, in order."""

    kind: str
    prompt: str
    answer: str
    things: tuple[Thing, ...] = ()


# ---------------------------------------------------------------------------------------------------------- drawing


def _distance(a, b) -> float:
    return sum((p - q) ** 2 for p, q in zip(a, b)) ** 0.5


def _background(r: random.Random, avoid: list[tuple[int, int, int]]) -> tuple[int, int, int]:
    """A colour far enough from every colour that will be drawn on it."""
    while True:
        style = r.random()
        if style < 0.6:
            colour = tuple(r.randint(175, 255) for _ in range(3))
        elif style < 0.75:
            v = r.randint(150, 255)
            colour = (v, v, v)
        else:
            colour = tuple(r.randint(20, 200) for _ in range(3))
        if all(_distance(colour, a) > 115 for a in avoid):
            return colour


def _canvas(r: random.Random, size: int, base: tuple[int, int, int]) -> Image.Image:
    """Plain, graded, striped or noisy; always within a few levels of `base`, so that shapes stay visible."""
    style = r.random()
    if style < 0.35:
        return Image.new("RGB", (size, size), base)
    pixels = np.zeros((1, 1, 3), np.float32) + np.array(base, np.float32)
    if style < 0.65:
        direction = np.linspace(-1, 1, size, dtype=np.float32)
        slope = np.array([r.uniform(-28, 28) for _ in range(3)], np.float32)
        ramp = direction[:, None, None] if r.random() < 0.5 else direction[None, :, None]
        pixels = pixels + ramp * slope
    elif style < 0.8:
        period = r.uniform(8, 40) * size / GRID
        wave = np.sin(np.arange(size, dtype=np.float32) * (2 * np.pi / period) + r.uniform(0, 6.28))
        wave = (wave > 0) * r.uniform(8, 26) - 8
        pixels = pixels + (wave[:, None, None] if r.random() < 0.5 else wave[None, :, None])
    if style >= 0.55:
        noise = np.random.default_rng(r.getrandbits(32))
        amplitude = r.randint(4, 22)
        pixels = pixels + noise.integers(-amplitude, amplitude + 1, (size, size, 1), dtype=np.int8)
    pixels = np.clip(pixels, 0, 255).astype(np.uint8)
    return Image.fromarray(np.ascontiguousarray(np.broadcast_to(pixels, (size, size, 3))))


def _place(r: random.Random, low: float, high: float, length: float) -> float:
    return r.uniform(low, max(low, high - length))


def _shape_frames(r: random.Random, count: int, top: float, bottom: float) -> list[tuple[float, float, float, float]]:
    """Boxes of `count` shapes on the grid, side by side with clear gaps, between the rows `top` and `bottom`."""
    largest = min(64.0, bottom - top, {1: 64.0, 2: 48.0, 3: 33.0}[count])
    smallest = min(largest, {1: 30.0, 2: 28.0, 3: 25.0}[count])
    widths, heights = [], []
    for _ in range(count):
        w = r.uniform(smallest, largest)
        widths.append(w)
        heights.append(min(bottom - top, w * r.uniform(0.9, 1.11)))
    free = GRID - 4 - sum(widths) - 4 * (count - 1)
    cuts = sorted(r.uniform(0, free) for _ in range(count))
    frames, used = [], 2.0
    for i in range(count):
        x = used + cuts[i]
        y = _place(r, top, bottom, heights[i])
        frames.append((x, y, x + widths[i], y + heights[i]))
        used += widths[i] + 4
    return frames


_FONTS: dict[int, ImageFont.FreeTypeFont] = {}


def _font(size: int) -> ImageFont.FreeTypeFont:
    if size not in _FONTS:
        _FONTS[size] = ImageFont.load_default(size)
    return _FONTS[size]


def _jitter(r: random.Random, colour, amount: int = 14):
    return tuple(min(255, max(0, c + r.randint(-amount, amount))) for c in colour)


def _draw_shape(draw: ImageDraw.ImageDraw, shape: str, box: tuple[int, int, int, int], fill) -> None:
    x0, y0, x1, y1 = box
    inclusive = (x0, y0, x1 - 1, y1 - 1)
    if shape == "circle":
        draw.ellipse(inclusive, fill=fill)
    elif shape == "square":
        draw.rectangle(inclusive, fill=fill)
    else:
        draw.polygon([((x0 + x1 - 1) // 2, y0), (x0, y1 - 1), (x1 - 1, y1 - 1)], fill=fill)


def shape_mask(shape: str, width: int, height: int) -> np.ndarray:
    """bool[height, width]: the pixels of a shape that fills its box."""
    canvas = Image.new("L", (width, height))
    _draw_shape(ImageDraw.Draw(canvas), shape, (0, 0, width, height), 255)
    return np.asarray(canvas) > 0


def thing_mask(thing: Thing, width: int, height: int) -> np.ndarray:
    """bool[height, width]: the pixels of a shape in a picture of this size."""
    out = np.zeros((height, width), bool)
    x0, y0, x1, y1 = (int(v) for v in thing.box)
    out[y0:y1, x0:x1] = shape_mask(thing.name, x1 - x0, y1 - y0)
    return out


def draw_scene(split: str, index: int, size: int | None = None, layout: str | None = None) -> Scene:
    """Draws scene number `index` of a split; `size` in pixels (random when None); `layout` such as `2` or `1w`."""
    r = random.Random(f"{split}/{index}")
    if size is None:
        size = r.choices([224, 112, 168, 320], [80, 8, 8, 4])[0]
    layout = layout or r.choices(["1", "2", "3", "w", "1w"], [26, 34, 6, 10, 24])[0]
    count = int(layout[0]) if layout[0] != "w" else 0
    scale = size / GRID

    kinds = r.sample([(c, s) for c in COLOURS for s in SHAPES], count)
    paints = [_jitter(r, COLOURS[c]) for c, _ in kinds]
    avoid = list(paints)
    ink = None
    if layout.endswith("w"):
        ink = r.choice([(15, 15, 15), (15, 15, 15), (250, 250, 250), (30, 30, 110), (110, 20, 20)])
        ink = _jitter(r, ink, 10)
        avoid += [ink, tuple(min(255, max(0, v + d)) for v, d in zip(ink, (60, 60, 60)))]
    base = _background(r, avoid)
    image = _canvas(r, size, base)
    draw = ImageDraw.Draw(image)

    word = None
    top, bottom = 2.0, GRID - 2.0
    if ink is not None:
        text = r.choice(WORDS)
        for height in range(r.randint(25, 33), 15, -1):
            font = _font(round(height * scale))
            x0, y0, x1, y1 = draw.textbbox((0, 0), text, font=font)
            if x1 - x0 <= (GRID - 6) * scale:
                break
        ink_w, ink_h = x1 - x0, y1 - y0
        room = GRID * scale
        x = round(_place(r, 3 * scale, room - 3 * scale, ink_w))
        if count == 0:
            y = round(_place(r, 3 * scale, room - 3 * scale, ink_h))
        elif r.random() < 0.5:
            y = round(r.uniform(2, 10) * scale)
            top = (y + ink_h) / scale + 4
        else:
            y = round(room - r.uniform(2, 10) * scale - ink_h)
            bottom = y / scale - 4
        draw.text((x - x0, y - y0), text, font=font, fill=ink)
        word = Thing(text, None, (x, y, x + ink_w, y + ink_h))

    shapes = []
    for (colour, shape), paint, frame in zip(kinds, paints, _shape_frames(r, count, top, bottom) if count else []):
        box = tuple(round(v * scale) for v in frame)
        _draw_shape(draw, shape, box, paint)
        shapes.append(Thing(shape, colour, box))
    return Scene(image, tuple(shapes), word)


# -------------------------------------------------------------------------------------------------------- questions


def _article(label: str) -> str:
    return f"{'an' if label[0] in 'aeiou' else 'a'} {label}"


def location_codes(box, width: int, height: int) -> str:
    """`<locY0><locX0><locY1><locX1>`: each coordinate as floor(fraction * 1024), at most 1023."""
    x0, y0, x1, y1 = box
    fractions = (y0 / height, x0 / width, y1 / height, x1 / width)
    return "".join(f"<loc{min(1023, int(f * 1024)):04d}>" for f in fractions)


def caption(scene: Scene) -> Question:
    parts = [_article(s.label) for s in scene.shapes]
    if scene.word:
        parts.append(f"the word {scene.word.name}")
    return Question("caption", "caption en", " and ".join(parts))


def ocr(scene: Scene) -> Question:
    return Question("ocr", "ocr", scene.word.name if scene.word else "")


def detect(scene: Scene, targets: list[tuple[str, Thing]]) -> Question:
    """`targets`: what to call the thing, and the thing."""
    width, height = scene.image.size
    prompt = "detect " + " ; ".join(name for name, _ in targets)
    answer = " ; ".join(f"{location_codes(t.box, width, height)} {name}" for name, t in targets)
    return Question("detect", prompt, answer, tuple(t for _, t in targets))


def detectable(scene: Scene) -> list[tuple[str, Thing]]:
    """Every unambiguous name of every thing in the scene."""
    names = [(s.label, s) for s in scene.shapes]
    for s in scene.shapes:
        if sum(o.name == s.name for o in scene.shapes) == 1:
            names.append((s.name, s))
    if scene.word:
        names.append(("word", scene.word))
    return names


def _absent(r: random.Random, scene: Scene) -> str:
    """The label of a shape that is not there; half of the time it differs from one that is in one respect only."""
    present = {s.label for s in scene.shapes}
    while True:
        colour, shape = r.choice(list(COLOURS)), r.choice(SHAPES)
        if scene.shapes and r.random() < 0.5:
            near = r.choice(scene.shapes)
            colour, shape = (near.colour, shape) if r.random() < 0.6 else (colour, near.name)
        if f"{colour} {shape}" not in present:
            return f"{colour} {shape}"


def random_detect(r: random.Random, scene: Scene) -> Question:
    if r.random() < 0.12 or not detectable(scene):
        return Question("detect-absent", f"detect {_absent(r, scene)}", "")
    labelled = [(s.label, s) for s in scene.shapes] + ([("word", scene.word)] if scene.word else [])
    if len(labelled) >= 2 and r.random() < 0.4:
        return detect(scene, r.sample(labelled, 2))
    names = detectable(scene) if r.random() < 0.35 else labelled
    return detect(scene, [r.choice(names)])


def random_answer(r: random.Random, scene: Scene) -> Question:
    """A question about the scene that has exactly one right answer."""
    shapes = scene.shapes
    kinds = ["count", "exists", "exists"]
    unique = [s for s in shapes if sum(o.name == s.name for o in shapes) == 1]
    if unique:
        kinds += ["colour"] * 3
    if len(shapes) >= 2:
        kinds += ["side"] * 2
    if scene.word:
        kinds += ["word"] * 2
    kind = r.choice(kinds)
    if kind == "count":
        return Question("answer", "answer en how many shapes are there?", str(len(shapes)))
    if kind == "exists":
        there = bool(shapes) and r.random() < 0.5
        label = r.choice(shapes).label if there else _absent(r, scene)
        # Word-only scenes can only be answered "no"; keep them rare so that yes and no stay balanced.
        if not shapes and r.random() < 0.7:
            return Question("answer", "answer en how many shapes are there?", "0")
        return Question("answer", f"answer en is there {_article(label)}?", "yes" if there else "no")
    if kind == "colour":
        s = r.choice(unique)
        return Question("answer", f"answer en what color is the {s.name}?", s.colour)
    if kind == "side":
        side, s = r.choice([("left", shapes[0]), ("right", shapes[-1])])
        return Question("answer", f"answer en what shape is on the {side}?", s.name)
    return Question("answer", "answer en what word is written?", scene.word.name)


def random_questions(split: str, index: int, scene: Scene, count: int = 4) -> list[Question]:
    """A caption, a detection and an answer, then OCR where there is a word (rarely where not) or one more of each."""
    r = random.Random(f"questions/{split}/{index}")
    questions = [caption(scene), random_detect(r, scene), random_answer(r, scene)]
    while len(questions) < count:
        if scene.word and len(questions) == 3 or r.random() < 0.1:
            questions.append(ocr(scene))
        else:
            questions.append(random_detect(r, scene) if r.random() < 0.55 else random_answer(r, scene))
    return questions[:count]


def segment(scene: Scene, targets: list[tuple[str, Thing]], codes_of: Callable[[Thing], Sequence[int]]) -> Question:
    """`targets`: what to call the shape, and the shape; `codes_of`: the sixteen mask codes of a shape."""
    width, height = scene.image.size
    prompt = "segment " + " ; ".join(name for name, _ in targets)
    parts = []
    for name, t in targets:
        codes = "".join(f"<seg{c:03d}>" for c in codes_of(t))
        parts.append(f"{location_codes(t.box, width, height)}{codes} {name}")
    return Question("segment", prompt, " ; ".join(parts), tuple(t for _, t in targets))


def random_segment(split: str, index: int, scene: Scene, codes_of: Callable[[Thing], Sequence[int]]) -> Question:
    """One shape, two, or one that is not there. Has its own random numbers: the other questions stay what they are."""
    r = random.Random(f"segment/{split}/{index}")
    names = [(name, t) for name, t in detectable(scene) if not t.is_word]
    if r.random() < 0.12 or not names:
        return Question("segment-absent", f"segment {_absent(r, scene)}", "")
    labelled = [(s.label, s) for s in scene.shapes]
    if len(labelled) >= 2 and r.random() < 0.35:
        return segment(scene, r.sample(labelled, 2), codes_of)
    return segment(scene, [r.choice(names if r.random() < 0.35 else labelled)], codes_of)


# ------------------------------------------------------------------------------------------- what the model is given


def model_pixels(image: Image.Image) -> np.ndarray:
    """uint8[112, 112, 3]: the picture reduced as the SigLIP processor does it (Pillow's bicubic)."""
    image = image.convert("RGB")
    if image.size != (GRID, GRID):
        image = image.resize((GRID, GRID), Image.Resampling.BICUBIC)
    return np.asarray(image)


def patch_labels(scene: Scene) -> np.ndarray:
    """float32[64, 8]: per patch kind (0 nothing, 1..3 shape, 4 word), colour, word, box on the grid / 112, unused.

    Only the training aid of train.py reads this; a patch belongs to the thing whose box covers most of it.
    """
    side = GRID // PATCH
    width, height = scene.image.size
    labels = np.zeros((side, side, 8), np.float32)
    best = np.full((side, side), 0.4 * PATCH * PATCH, np.float32)
    edges = np.arange(side, dtype=np.float32) * PATCH
    colours = list(COLOURS)
    for t in scene.shapes + ((scene.word,) if scene.word else ()):
        x0, x1 = (v * GRID / width for v in t.box[::2])
        y0, y1 = (v * GRID / height for v in t.box[1::2])
        in_x = np.clip(np.minimum(edges + PATCH, x1) - np.maximum(edges, x0), 0, None)
        in_y = np.clip(np.minimum(edges + PATCH, y1) - np.maximum(edges, y0), 0, None)
        cover = in_y[:, None] * in_x[None, :]
        mine = cover > best
        best = np.where(mine, cover, best)
        kind = 4 if t.is_word else 1 + SHAPES.index(t.name)
        colour = 0 if t.is_word else colours.index(t.colour)
        word = WORDS.index(t.name) if t.is_word else 0
        labels[mine] = (kind, colour, word, y0 / GRID, x0 / GRID, y1 / GRID, x1 / GRID, 0)
    return labels.reshape(side * side, 8)


def main() -> None:
    parser = argparse.ArgumentParser(description="Draw a few scenes and print their questions.")
    parser.add_argument("--out", type=Path, required=True, help="folder for the pictures")
    parser.add_argument("--count", type=int, default=8, help="how many scenes")
    parser.add_argument("--split", default="train", help="train, valid or heldout")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    for i in range(args.count):
        scene = draw_scene(args.split, i)
        scene.image.save(args.out / f"{args.split}-{i:03d}.png")
        for q in random_questions(args.split, i, scene):
            print(f"{i:3d}  {q.prompt!r:48} {q.answer!r}")


if __name__ == "__main__":
    main()
