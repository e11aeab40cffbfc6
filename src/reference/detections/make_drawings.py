"""Boxes and masks drawn onto small pictures: a second implementation of the drawing, without tags, whose letters differ from
machine to machine.

    python make_drawings.py --out paligemma-core/src/test/resources/detections

`drawings.json`: a list of
    name        of the pictures drawing-NAME-before.png and drawing-NAME.png, which is the first with the drawing on it
    colourBy, lineWidth, maskOpacity
    things      [{label, box: [left, top, right, bottom] in pixels, mask: 64 rows of 16 hexadecimal digits, or null}]
                a mask is stretched over its box, whose sides are 64 or 128 pixels

Rectangles and blending are Pillow's, distances are measured from every pixel to every other one.
"""

import argparse
import colorsys
import json
import math
import pathlib

import numpy
from PIL import Image, ImageDraw

COLOURS = 24
HALO = 192 / 256


def java_hash(text):
    value = 0
    for unit in text:
        value = (31 * value + ord(unit)) & 0xFFFFFFFF
    return value


def slots(labels):
    taken, found = set(), {}
    for label in sorted(set(labels)):
        slot = ((java_hash(label) * 0x9E3779B1 & 0xFFFFFFFF) >> 8) % COLOURS
        while slot in taken and len(taken) < COLOURS:
            slot = (slot + 1) % COLOURS
        taken.add(slot)
        found[label] = slot
    return found


def colour(slot):
    hues = COLOURS // 2
    rgb = colorsys.hsv_to_rgb(slot * 5 % hues / hues, 0.85, 0.95 if slot < hues else 0.45)
    return tuple(math.floor(255 * share + 0.5) for share in rgb)


def colours(labels, by):
    found = slots(labels)
    if by == "LABEL" or by == "AUTO" and len(found) > 1:
        return [colour(found[label]) for label in labels]
    return [colour((found[labels[0]] + i) % COLOURS) for i in range(len(labels))]


def ink(rgb):
    linear = [s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in (v / 255 for v in rgb)]
    luminance = numpy.dot([0.2126, 0.7152, 0.0722], linear)
    return (0, 0, 0) if (luminance + 0.05) / 0.05 >= 1.05 / (luminance + 0.05) else (255, 255, 255)


def blend(picture, where, rgb, share):
    """Mixes a colour into the pixels where a boolean mask is set, halves rounded up."""
    mixed = numpy.floor(picture + (numpy.array(rgb, float) - picture) * share + 0.5)
    picture[where] = mixed[where]


def ring(picture, box, width):
    """The pixels within a box no farther than a width from its edge; what is out of the picture is left out."""
    mask = Image.new("1", (picture.shape[1], picture.shape[0]))
    left, top, right, bottom = box
    draw = ImageDraw.Draw(mask)
    for i in range(width):
        if left + i < right - i and top + i < bottom - i:
            draw.rectangle((left + i, top + i, right - i - 1, bottom - i - 1), outline=1)
    return numpy.array(mask)


def grow(box, by):
    return box[0] - by, box[1] - by, box[2] + by, box[3] + by


def sides(box):
    return box[2] - box[0], box[3] - box[1]


def place(picture, thing):
    """The mask of a thing in the picture."""
    bits = numpy.array([[int(c) for c in format(int(row, 16), "064b")] for row in thing["mask"]], bool)
    width, height = sides(thing["box"])
    stretched = numpy.repeat(numpy.repeat(bits, height // 64, axis=0), width // 64, axis=1)
    whole = numpy.zeros(picture.shape[:2], bool)
    left, top, right, bottom = thing["box"]
    whole[top:bottom, left:right] = stretched
    return whole


def outline(mask, thickness, halo):
    """The pixels of the line, within the mask, and those of the halo around it."""
    reach = max(thickness, halo)
    padded = numpy.pad(mask, reach)
    height, width = mask.shape
    nearest = numpy.full(mask.shape, 10**6)
    for dy in range(-reach, reach + 1):
        for dx in range(-reach, reach + 1):
            other = padded[reach + dy : reach + dy + height, reach + dx : reach + dx + width]
            least, most = sorted((abs(dx), abs(dy)))
            distance = 4 * least + 3 * (most - least)
            nearest = numpy.where(other != mask, numpy.minimum(nearest, distance), nearest)
    return mask & (nearest <= 3 * thickness), ~mask & (nearest <= 3 * halo)


def draw(before, scene):
    picture = numpy.array(before, float)
    things = scene["things"]
    line = scene["lineWidth"] or max(1, math.floor(min(before.size) / 270 + 0.5))
    inks = colours([thing["label"] for thing in things], scene["colourBy"])
    order = sorted(range(len(things)), key=lambda i: -math.prod(sides(things[i]["box"])))
    for i in order:
        if things[i]["mask"]:
            blend(picture, place(picture, things[i]), inks[i], scene["maskOpacity"])
    for i in order:
        box = things[i]["box"]
        thickness = max(1, min(line, min(sides(box)) // 6))
        halo = math.ceil(thickness / 3)
        blend(picture, ring(picture, grow(box, halo), halo), ink(inks[i]), HALO)
        blend(picture, ring(picture, box, thickness), inks[i], 1)
        if min(sides(box)) >= 8 * (thickness + halo):
            blend(picture, ring(picture, grow(box, -thickness), halo), ink(inks[i]), HALO)
        if things[i]["mask"]:
            within, around = outline(place(picture, things[i]), thickness, halo)
            blend(picture, around, ink(inks[i]), HALO)
            blend(picture, within, inks[i], 1)
    return Image.fromarray(picture.astype(numpy.uint8))


def shape(inside):
    """A mask from a function of x and y, -1 to 1."""
    at = [(i - 31.5) / 32 for i in range(64)]
    return [format(int("".join("1" if inside(x, y) else "0" for x in at), 2), "016x") for y in at]


def scenes():
    ring_shape = shape(lambda x, y: 0.4 < math.hypot(x, y) < 0.95)
    star = shape(lambda x, y: math.hypot(x, y) < 0.6 + 0.3 * math.sin(5 * math.atan2(y, x)) and math.hypot(x, y) > 0.12)
    full = shape(lambda x, y: True)
    gradient = numpy.mgrid[0:120, 0:160]
    rows, columns = gradient
    background = numpy.stack([columns * 255 // 159, rows * 255 // 119, 255 - columns * 255 // 159], axis=-1)
    teal = numpy.full((120, 160, 3), colour(slots(["person"])["person"]))

    def thing(label, box, mask=None):
        return {"label": label, "box": box, "mask": mask}

    yield "labels", background, "AUTO", 0, 0.5, [
        thing("cat", [0, 0, 160, 120]),
        thing("dog", [10, 20, 60, 100]),
        thing("cat", [50, 40, 120, 90]),
        thing("bird", [155, 115, 160, 120]),
        thing("bird", [80, 60, 83, 62]),
    ]
    yield "instances", background, "AUTO", 3, 0.4, [
        thing("person", [5, 10, 69, 74], ring_shape),
        thing("person", [20, 0, 148, 64], star),
        thing("person", [90, 50, 154, 114], full),
        thing("person", [30, 80, 70, 110]),
    ]
    yield "same-colour", teal, "LABEL", 2, 0.5, [
        thing("person", [10, 10, 74, 74], ring_shape),
        thing("person", [96, 0, 160, 64], full),
        thing("person", [40, 60, 100, 110]),
    ]
    yield "thick", background, "INSTANCE", 9, 1.0, [
        thing("cat", [16, 0, 144, 64], ring_shape),
        thing("dog", [0, 0, 160, 120]),
        thing("dog", [60, 56, 124, 120], star),
    ]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=pathlib.Path, required=True)
    folder = parser.parse_args().out
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, background, by, line, opacity, things in scenes():
        # Shares are 256ths in the library.
        scene = {"name": name, "colourBy": by, "lineWidth": line, "maskOpacity": round(opacity * 256) / 256, "things": things}
        before = Image.fromarray(background.astype(numpy.uint8))
        before.save(folder / f"drawing-{name}-before.png", optimize=True)
        draw(before, scene).save(folder / f"drawing-{name}.png", optimize=True)
        written.append(scene)
    (folder / "drawings.json").write_text(json.dumps(written, indent=1) + "\n")


if __name__ == "__main__":
    main()
