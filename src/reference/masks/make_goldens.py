"""Writes the golden masks of module paligemma-vision: what torch, Pillow, pycocotools and numpy make of the same inputs.

    pip install -r ../requirements.txt
    python make_goldens.py ../../../paligemma-vision/src/test/resources/masks \\
        ../../../paligemma-checkpoint/src/test/resources
    python make_goldens.py --weights vae.npz        # the random weights below as a full-size file

decode.tsv        16 codes; float32[64, 64] of the decoder in NAME.f32; the codes that the encoder gives for that mask,
                  clipped to 0..1
encode.tsv        name, width, height, COCO run lengths of a mask, box, 16 codes; its 64x64 pixels in NAME.f32, if kept
place.tsv         name, decode case, image width and height, box; float32[height, width] in NAME.f32
rle.tsv           name, width, height, bits (row by row, lowest bit first, base64), counts, compressed counts, area, box
polygon.tsv       name, width, height, points of a polygon (x and y in turn), compressed counts
npz/              in the second folder: small files of numpy.savez and numpy.savez_compressed

All .f32 files are little endian. The network is the published one (big_vision, pp/proj/paligemma/segmentation.py and
evaluators/proj/paligemma/transfers/segmentation.py) with random weights that the formula of `uniform` gives; the
tests repeat the formula, so that no weights are stored.
"""

import base64
import json
import math
import sys
from pathlib import Path

import numpy as np
import PIL
import pycocotools.mask
import torch
from PIL import Image
from torch import nn

assert PIL.__version__ == "13.0.0", PIL.__version__
torch.set_num_threads(1)

# ---------------------------------------------------------------- the network


class ResidualBlock(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.net = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(channels, channels, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(channels, channels, 1),
        )

    def forward(self, x):
        return x + self.net(x)


def down(inputs, outputs):
    return [nn.Conv2d(inputs, outputs, 4, stride=2, padding=1), nn.ReLU()]


def up(inputs, outputs):
    return [nn.ConvTranspose2d(inputs, outputs, 4, stride=2, padding=1), nn.ReLU()]


class Codebook(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("_embedding", torch.zeros(128, 512))


class MaskAutoencoder(nn.Module):
    """Gives its arrays the names and shapes of vae-oid.npz."""

    def __init__(self):
        super().__init__()
        self._vq_vae = Codebook()
        self.encoder = nn.Sequential(
            *down(1, 16),
            *down(16, 32),
            *down(32, 64),
            *down(64, 128),
            ResidualBlock(128),
            ResidualBlock(128),
            nn.Conv2d(128, 512, 1),
        )
        self.decoder = nn.Sequential(
            nn.Conv2d(512, 128, 1),
            nn.ReLU(),
            ResidualBlock(128),
            ResidualBlock(128),
            *up(128, 128),
            *up(128, 64),
            *up(64, 32),
            *up(32, 16),
            nn.Conv2d(16, 1, 1),
        )

    @torch.no_grad()
    def decode(self, codes):
        x = self._vq_vae._embedding[torch.tensor(codes)].reshape(1, 4, 4, 512).permute(0, 3, 1, 2)
        return self.decoder(x)[0, 0].numpy()

    @torch.no_grad()
    def encode(self, probabilities):
        """Codes of a mask float32[64, 64], 0..1, and by how much the nearest vector is nearer than the next."""
        x = self.encoder(2.0 * (torch.tensor(probabilities)[None, None].to(self._vq_vae._embedding.dtype) - 0.5))
        x = x[0].permute(1, 2, 0).reshape(16, 1, 512)
        distances = ((x - self._vq_vae._embedding[None]) ** 2).sum(-1)
        two = distances.sort(dim=1).values[:, :2]
        return distances.argmin(dim=1).tolist(), float(((two[:, 1] - two[:, 0]) / two[:, 0]).min())


# ---------------------------------------------------------------- its weights


def uniform(seed, count):
    """Numbers from -1 to 1 (exclusive), multiples of 2**-23, from integer arithmetic modulo 2**32."""
    h = (np.arange(count, dtype=np.uint64) * 2654435761 + seed * 40503 + 12345) & 0xFFFFFFFF
    h ^= h >> np.uint64(15)
    h = h * 2246822519 & 0xFFFFFFFF
    h ^= h >> np.uint64(13)
    h = h * 3266489917 & 0xFFFFFFFF
    h ^= h >> np.uint64(16)
    return (h >> np.uint64(8)).astype(np.float64) / 2**23 - 1


def scale(name, shape):
    """Keeps the size of the activations through the layers (He); chosen so that decoded values vary around -1 to 1."""
    if name == "_vq_vae._embedding":
        return 1.0
    if name.endswith(".bias"):
        return 0.1
    taps = shape[2] * shape[3]
    if name in ("decoder.4.weight", "decoder.6.weight", "decoder.8.weight", "decoder.10.weight"):
        inputs = shape[0] * taps // 4
    else:
        inputs = shape[1] * taps
    gain = {"decoder.12.weight": DECODER_GAIN, "encoder.10.weight": ENCODER_GAIN}.get(name, 1.0)
    return math.sqrt(6.0 / inputs) * gain


DECODER_GAIN = 0.4
ENCODER_GAIN = 1.0


def random_weights(model):
    """Seeds are the positions in the sorted names."""
    weights = {}
    for seed, (name, tensor) in enumerate(sorted(model.state_dict().items())):
        values = uniform(seed, tensor.numel()) * scale(name, tensor.shape)
        weights[name] = values.astype(np.float32).reshape(tuple(tensor.shape))
    return weights


def loaded(weights, dtype):
    model = MaskAutoencoder()
    model.load_state_dict({k: torch.tensor(v) for k, v in weights.items()}, strict=True)
    return model.to(dtype).eval()


WEIGHTS = random_weights(MaskAutoencoder())

if sys.argv[1] == "--weights":
    unused = {"_vq_vae._ema_cluster_size": np.zeros(128, np.float32), "_vq_vae._ema_w": np.zeros((128, 512), np.float32)}
    np.savez(sys.argv[2], **WEIGHTS, **unused)
    sys.exit()

OUT = Path(sys.argv[1])
OUT.mkdir(parents=True, exist_ok=True)
SINGLE = loaded(WEIGHTS, torch.float32)
DOUBLE = loaded(WEIGHTS, torch.float64)


def write(name, lines):
    (OUT / name).write_text("".join("\t".join(map(str, line)) + "\n" for line in lines), encoding="utf-8")


def write_f32(name, values):
    (OUT / f"{name}.f32").write_bytes(np.ascontiguousarray(values, "<f4").tobytes())


def join(values):
    return " ".join(map(str, values))


def encoded(probabilities):
    """The codes; float32 and float64 must agree, and none may be a matter of rounding."""
    codes, margin = DOUBLE.encode(probabilities)
    single, _ = SINGLE.encode(probabilities)
    assert codes == single and margin > 3e-5, (codes, single, margin)
    return codes


# ---------------------------------------------------------------- decoding

DECODE = {
    "decode_zeros": [0] * 16,
    "decode_ascending": [8 * i + 3 for i in range(16)],
    "decode_mixed": [127, 0, 64, 5, 99, 31, 32, 1, 120, 77, 77, 13, 2, 126, 50, 90],
}

masks = {}
lines = []
for name, codes in DECODE.items():
    raw = SINGLE.decode(codes)
    difference = np.abs(raw - DOUBLE.decode(codes)).max()
    print(f"{name}: {raw.min():.3f} to {raw.max():.3f}, std {raw.std():.3f}, float32 off by {difference:.1e}")
    assert difference < 3e-6
    masks[name] = np.clip(0.5 * raw + 0.5, 0, 1)
    write_f32(name, raw)
    lines.append([name, join(codes), join(encoded(masks[name]))])
write("decode.tsv", lines)


# ---------------------------------------------------------------- encoding


def grid(width, height):
    y, x = np.mgrid[0:height, 0:width]
    return x, y


def disc(width, height):
    x, y = grid(width, height)
    return ((x + 0.5 - 0.45 * width) / (0.37 * width)) ** 2 + ((y + 0.5 - 0.55 * height) / (0.33 * height)) ** 2 < 1


def bars(width, height):
    x, y = grid(width, height)
    return (x // 7 + y // 11) % 3 == 0


def triangle(width, height):
    x, y = grid(width, height)
    return x * height > y * width


def resized(image, size):
    """Pillow's float bilinear filter."""
    return np.asarray(Image.fromarray(np.ascontiguousarray(image, np.float32)).resize(size, Image.Resampling.BILINEAR))


ENCODE = [
    ("encode_disc", disc(200, 150), (0, 0, 200, 150), True),
    ("encode_disc_part", disc(200, 150), (30, 41, 111, 150), False),
    ("encode_bars", bars(37, 23), (2, 1, 37, 20), True),
    ("encode_same_size", triangle(64, 64), (0, 0, 64, 64), False),
    ("encode_one_pixel", triangle(9, 9), (5, 2, 6, 3), False),
    ("encode_wide", bars(640, 31), (10, 3, 630, 30), False),
    ("encode_empty", np.zeros((5, 4), bool), (1, 1, 3, 4), False),
]

lines = []
for name, mask, box, keep in ENCODE:
    left, top, right, bottom = box
    small = np.clip(resized(mask[top:bottom, left:right], (64, 64)), 0, 1)
    # The filter of TensorFlow's resize(antialias=True), which training used, is the same as torch's.
    other = torch.nn.functional.interpolate(
        torch.tensor(mask[top:bottom, left:right], dtype=torch.float32)[None, None],
        (64, 64), mode="bilinear", antialias=True, align_corners=False,
    )[0, 0].numpy()
    assert np.abs(small - other).max() < 2e-6, np.abs(small - other).max()
    if keep:
        write_f32(name, small)
    counts = pycocotools.mask.encode(np.asfortranarray(mask.astype(np.uint8)))["counts"].decode()
    codes = encoded(small)
    print(name, codes)
    lines.append([name, mask.shape[1], mask.shape[0], counts, join(box), join(codes), "kept" if keep else ""])
write("encode.tsv", lines)

# ---------------------------------------------------------------- placing

PLACE = [
    ("place_inside", "decode_mixed", 100, 80, (5, 7, 95, 77)),
    ("place_smaller", "decode_mixed", 40, 30, (3, 2, 33, 29)),
    ("place_narrow", "decode_ascending", 30, 90, (10, 0, 19, 90)),
    ("place_beyond", "decode_ascending", 60, 50, (-10, -25, 65, 58)),
    ("place_one_pixel", "decode_mixed", 4, 3, (1, 1, 2, 2)),
    ("place_outside", "decode_mixed", 12, 10, (12, 0, 30, 10)),
    ("place_empty", "decode_mixed", 12, 10, (7, 2, 7, 9)),
    ("place_reversed", "decode_mixed", 12, 10, (7, 8, 3, 2)),
]

lines = []
for name, source, width, height, box in PLACE:
    left, top, right, bottom = box
    image = Image.new("F", (width, height), 0.0)
    if right > left and bottom > top:
        whole = resized(masks[source], (right - left, bottom - top))
        image.paste(Image.fromarray(whole), (left, top))
    write_f32(name, np.asarray(image))
    lines.append([name, source, width, height, join(box)])
write("place.tsv", lines)

# ---------------------------------------------------------------- run lengths


def noise(width, height, seed, share):
    return uniform(seed, width * height).reshape(height, width) < 2 * share - 1


RLE = [
    ("empty", np.zeros((4, 3), bool)),
    ("full", np.ones((3, 5), bool)),
    ("one_pixel", np.ones((1, 1), bool)),
    ("no_pixel", np.zeros((1, 1), bool)),
    ("first_pixel", np.eye(1, 12, dtype=bool).reshape(3, 4)),
    ("last_pixel", np.eye(1, 12, 11, dtype=bool).reshape(3, 4)),
    ("disc", disc(70, 55)),
    ("bars", bars(40, 30)),
    ("triangle", triangle(33, 64)),
    ("noise", noise(50, 40, 900, 0.5)),
    ("sparse", noise(300, 200, 901, 0.001)),
    ("long_runs", disc(900, 700)),
    ("row", noise(64, 1, 902, 0.4)),
    ("column", noise(1, 64, 903, 0.4)),
]

lines = []
for name, mask in RLE:
    height, width = mask.shape
    rle = pycocotools.mask.encode(np.asfortranarray(mask.astype(np.uint8)))
    # pycocotools does not hand out its run lengths: these are numpy's, and pycocotools must compress them alike.
    flat = np.concatenate([[False], mask.flatten(order="F")])
    edges = np.flatnonzero(flat[1:] != flat[:-1])
    counts = np.diff(np.concatenate([[0], edges, [mask.size]])).tolist()
    again = pycocotools.mask.frPyObjects({"size": [height, width], "counts": counts}, height, width)
    assert again["counts"] == rle["counts"], name
    box = pycocotools.mask.toBbox(rle).astype(int).tolist()
    bits = base64.b64encode(np.packbits(mask.flatten(), bitorder="little").tobytes()).decode()
    lines.append([name, width, height, bits if width * height < 10000 else "", join(counts), rle["counts"].decode(),
                  int(pycocotools.mask.area(rle)), join(box)])
write("rle.tsv", lines)

first, second = noise(50, 40, 910, 0.5), disc(50, 40)
coco = [pycocotools.mask.encode(np.asfortranarray(m.astype(np.uint8))) for m in (first, second)]
iou = pycocotools.mask.iou([coco[0]], [coco[1]], [0])[0][0]
write("iou.tsv", [[50, 40, coco[0]["counts"].decode(), coco[1]["counts"].decode(), repr(float(iou))]])

# ---------------------------------------------------------------- polygons


def star(cx, cy, outer, inner, corners):
    points = []
    for i in range(2 * corners):
        radius = inner if i % 2 else outer
        angle = math.pi * i / corners - 0.3
        points += [round(cx + radius * math.cos(angle), 2), round(cy + radius * math.sin(angle), 2)]
    return points


POLYGON = [
    ("square", 10, 8, [2, 1, 7, 1, 7, 5, 2, 5]),
    ("square_backwards", 10, 8, [2, 5, 7, 5, 7, 1, 2, 1]),
    ("halves", 10, 8, [1.5, 1.5, 6.5, 1.5, 6.5, 4.5, 1.5, 4.5]),
    ("triangle", 33, 21, [0, 0, 32.4, 3.3, 10.2, 20.9]),
    ("star", 90, 70, star(44.3, 33.8, 31.7, 13.1, 5)),
    ("many_corners", 200, 150, star(101.25, 70.5, 66.6, 51.3, 40)),
    ("beyond_the_picture", 40, 30, [-7.3, 4.1, 52.9, -3.2, 44.4, 36.0, 11.1, 28.7]),
    ("outside", 20, 10, [-9, 1, -3, 1, -3, 5]),
    ("thinner_than_a_pixel", 20, 10, [3, 3.1, 12, 3.1, 12, 3.2]),
    ("without_area", 20, 10, [4, 4, 4, 4, 4, 4]),
    ("corner_twice", 20, 10, [2, 2, 12, 2, 12, 2, 12, 8, 2, 8, 2, 8]),
    ("crossing_itself", 40, 40, [5, 5, 35, 35, 35, 5, 5, 35]),
    ("whole", 12, 9, [0, 0, 12, 0, 12, 9, 0, 9]),
]

lines = []
for name, width, height, points in POLYGON:
    rle = pycocotools.mask.frPyObjects([points], height, width)[0]
    lines.append([name, width, height, join(points), rle["counts"].decode()])
write("polygon.tsv", lines)

# ---------------------------------------------------------------- npz

NPZ = Path(sys.argv[2]) / "npz"
NPZ.mkdir(parents=True, exist_ok=True)
ARRAYS = {
    "scalar": np.float32(0.25),
    "vector": np.array([1.5, -2.0, 3e38, 1e-45, -0.0], np.float32),
    "encoder.0.weight": (np.arange(24, dtype=np.float32) / 8).reshape(2, 3, 4),
    "empty": np.zeros((0, 3), np.float32),
    "many": np.arange(40000, dtype=np.float32) % 7,
}
np.savez_compressed(NPZ / "deflated.npz", **ARRAYS)
np.savez(NPZ / "stored.npz", **{k: v for k, v in ARRAYS.items() if k != "many"})
np.savez(
    NPZ / "other_types.npz",
    half=np.ones(3, np.float16),
    double=np.ones(3),
    big_endian=np.ones(3, ">f4"),
    integers=np.ones(3, np.int32),
    fortran=np.asfortranarray(np.arange(6, dtype=np.float32).reshape(2, 3)),
    structured=np.zeros(2, [("a", "<f4"), ("b", "<i4")]),
    text=np.array(["a"]),
)
print(json.dumps({"bytes": sum(f.stat().st_size for d in (OUT, NPZ) for f in d.rglob("*") if f.is_file())}))
