"""Writes what Pillow makes of pictures whose end is damaged: cut off, wrong, or followed by something else.

    pip install -r ../requirements.txt
    python make_endings.py ../../../paligemma-vision/src/test/resources/images

endings/cases.tsv  golden file of decode/, change, and the SHA-256 of the RGB or "refused"
                   cut-N      without the last N bytes
                   pad-N-B    with N bytes of value B behind it
                   cut-N+pad-N-B
                   flip-N     byte N from the end (1 is the last) xor 0x55

Left out is where Java reads what Pillow refuses, on purpose: a wrong checksum of a chunk before the picture data that is not
needed, and a GIF file without the last byte of its picture data.
"""

import hashlib
import io
import sys
import warnings
from pathlib import Path

import PIL
from PIL import Image, ImageOps

assert PIL.__version__ == "13.0.0", PIL.__version__
warnings.simplefilter("ignore")

PADS = ["pad-1-0", "pad-3-170", "pad-700-255"]
CUTS = [f"cut-{n}" for n in range(1, 22)]
FLIPS = [f"flip-{n}" for n in range(1, 21)]
CASES = {
    "png_rgb.png": [*CUTS, "cut-40", "cut-1000", *PADS, *FLIPS, "cut-12+pad-50-0", "cut-16+pad-9-170"],
    "png_palette.png": [*CUTS, *PADS, *FLIPS],
    "png_rgb_interlaced.png": [*CUTS, "cut-40", *PADS, *FLIPS],
    "png_1x9_interlaced.png": [*CUTS, *PADS],
    "png_bilevel.png": [*CUTS, *PADS],
    "png_rgb16_interlaced.png": [*CUTS, *FLIPS],
    "png_many_idat.png": [*CUTS, "cut-2000", *PADS, *FLIPS, "flip-3509"],  # the last is in a checksum
    "png_animated.png": ["cut-1", "cut-12", "cut-30", "cut-1000", *PADS],
    "png_exif3.png": ["cut-1", "cut-12", "cut-14", *PADS],
    "jpeg_444.jpg": ["cut-1", "cut-2", "cut-100", *PADS, "cut-2+pad-2-0", "cut-2+pad-100-0", "cut-2+pad-70000-0", "cut-2+pad-64-170", "cut-2+pad-100-255"],
    "jpeg_grey.jpg": ["cut-1", "cut-2", "cut-2+pad-100-0", *PADS],
    "jpeg_420_progressive.jpg": ["cut-1", "cut-2", *PADS],
    "gif_87a.gif": ["cut-1", "cut-2", "cut-20", *PADS],
    "bmp_rgb.bmp": ["cut-1", "cut-2", *PADS],
    "bmp_32.bmp": ["cut-1", *PADS],
    "bmp_555.bmp": ["cut-1", "cut-2", "cut-3"],
    "bmp_palette4.bmp": ["cut-1", "cut-2", "cut-3"],
    "bmp_rle8.bmp": ["cut-1", "cut-2", "cut-3", "cut-4", "cut-5", *PADS],
    "bmp_rle4.bmp": ["cut-2", "cut-4", "cut-5"],
    "tiff_grey_white_is_zero.tif": ["cut-1", "cut-4", "cut-12", *PADS],
    "tiff_big_endian.tif": ["cut-1", "cut-4", "cut-12", *PADS],
    "tiff_rgb_lzw.tif": ["cut-1", "cut-20", *PADS],
}


def changed(data, change):
    for step in change.split("+"):
        kind, *numbers = step.split("-")
        n = int(numbers[0])
        if kind == "cut":
            data = data[: len(data) - n]
        elif kind == "pad":
            data = data + bytes([int(numbers[1])]) * n
        else:
            data = data[:-n] + bytes([data[-n] ^ 0x55]) + data[len(data) - n + 1 :]
    return data


def outcome(data):
    try:
        image = ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB")
    except Exception:  # of any kind: Pillow has no class of its own for them
        return "refused"
    return hashlib.sha256(image.tobytes()).hexdigest()


def main(target):
    lines = []
    for name, changes in CASES.items():
        data = (target / "decode" / name).read_bytes()
        for change in changes:
            lines.append(f"{name}\t{change}\t{outcome(changed(data, change))}\n")
    (target / "endings").mkdir(exist_ok=True)
    (target / "endings" / "cases.tsv").write_text("".join(lines))
    print(f"endings: {len(lines)} cases, {sum('refused' in line for line in lines)} refused")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
