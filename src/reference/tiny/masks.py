"""Masks as sixteen `<segNNN>` codes: a VQ-VAE with the layers, names and shapes of PaliGemma's published
`vae-oid.npz` (without its two arrays of moving averages, which only training reads), trained here on simple outlines.

A mask is cut to its box, resized to 64 x 64 (Pillow's bilinear, which averages when it shrinks), scaled to -1..1 and
encoded to 4 x 4 vectors; each is replaced by the nearest of 128 codebook rows, whose numbers, row by row from the top,
are the codes. The decoder turns codes back into 64 x 64 values, nominally -1..1.

What is trained on: the shapes of scenes.py at every size and aspect they are drawn in, and random ellipses, boxes,
polygons and stars, so that the codes mean something for other outlines too. The first part of the time trains a plain
autoencoder; then the codebook starts from k-means over what the encoder gives and follows it by moving averages.

    python masks.py train --out vae-oid.npz --minutes 6
    python masks.py measure --masks vae-oid.npz
"""

from __future__ import annotations

import argparse
import math
import random
import re
import time
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image, ImageDraw
from scenes import SHAPES, Question, Thing, shape_mask, thing_mask
from torch import nn

SIZE = 64
CODES = 128
WIDTH = 512
GRID = 4
SEGMENT = re.compile(r"((?:<loc\d{4}>){4})((?:<seg\d{3}>){16}) ([^;<>]+?)(?: ; |$)")


class Residual(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        self.net = nn.Sequential(
            nn.Conv2d(width, width, 3, padding=1), nn.ReLU(),
            nn.Conv2d(width, width, 3, padding=1), nn.ReLU(),
            nn.Conv2d(width, width, 1),
        )  # fmt: skip

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.net(x)


class MaskCodec(nn.Module):
    """Masks to codes and back."""

    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Conv2d(1, 16, 4, stride=2, padding=1), nn.ReLU(),
            nn.Conv2d(16, 32, 4, stride=2, padding=1), nn.ReLU(),
            nn.Conv2d(32, 64, 4, stride=2, padding=1), nn.ReLU(),
            nn.Conv2d(64, 128, 4, stride=2, padding=1), nn.ReLU(),
            Residual(128), Residual(128),
            nn.Conv2d(128, WIDTH, 1),
        )  # fmt: skip
        self.decoder = nn.Sequential(
            nn.Conv2d(WIDTH, 128, 1), nn.ReLU(),
            Residual(128), Residual(128),
            nn.ConvTranspose2d(128, 128, 4, stride=2, padding=1), nn.ReLU(),
            nn.ConvTranspose2d(128, 64, 4, stride=2, padding=1), nn.ReLU(),
            nn.ConvTranspose2d(64, 32, 4, stride=2, padding=1), nn.ReLU(),
            nn.ConvTranspose2d(32, 16, 4, stride=2, padding=1), nn.ReLU(),
            nn.Conv2d(16, 1, 1),
        )  # fmt: skip
        self.register_buffer("embedding", torch.zeros(CODES, WIDTH))
        self._seen: dict[tuple[str, int, int], tuple[int, ...]] = {}

    @torch.no_grad()
    def encode(self, masks: np.ndarray) -> np.ndarray:
        """int64[N, 16] codes of uint8[N, 64, 64] masks of 0..255."""
        values = self.encoder(to_input(masks)).permute(0, 2, 3, 1).reshape(len(masks), GRID * GRID, WIDTH)
        return torch.cdist(values, self.embedding[None].expand(len(masks), -1, -1)).argmin(2).numpy()

    @torch.no_grad()
    def decode(self, codes: np.ndarray) -> np.ndarray:
        """float32[N, 64, 64], nominally -1..1, of int[N, 16] codes."""
        rows = self.embedding[torch.as_tensor(codes).long()]
        return self.decoder(rows.view(-1, GRID, GRID, WIDTH).permute(0, 3, 1, 2))[:, 0].numpy()

    def codes_of(self, thing: Thing) -> tuple[int, ...]:
        """The sixteen codes of a shape of a scene, which depend on its kind and the size of its box only."""
        x0, y0, x1, y1 = (int(v) for v in thing.box)
        key = thing.name, x1 - x0, y1 - y0
        if key not in self._seen:
            self._seen[key] = tuple(self.encode(resized(shape_mask(*key))[None])[0].tolist())
        return self._seen[key]

    def save(self, path: Path) -> None:
        """Writes the published layout. Weights are rounded to bfloat16, which halves the compressed file; the file
        holds float32."""
        arrays = {"_vq_vae._embedding" if k == "embedding" else k: v for k, v in self.state_dict().items()}
        np.savez_compressed(path, **{k: v.bfloat16().float().numpy() for k, v in arrays.items()})

    @staticmethod
    def load(path: Path) -> MaskCodec:
        codec = MaskCodec()
        with np.load(path) as arrays:
            state = {k: torch.from_numpy(arrays[k]) for k in arrays.files if "_ema_" not in k}
        state["embedding"] = state.pop("_vq_vae._embedding")
        codec.load_state_dict(state)
        return codec.eval()


def to_input(masks: np.ndarray) -> torch.Tensor:
    """float32[N, 1, 64, 64] in -1..1 from uint8[N, 64, 64]."""
    return torch.from_numpy(np.array(masks)).float()[:, None] / 127.5 - 1


def resized(mask: np.ndarray) -> np.ndarray:
    """uint8[64, 64] of 0..255 from a bool[H, W] mask that is cut to its box."""
    picture = Image.fromarray(mask.astype(np.uint8) * 255)
    return np.asarray(picture.resize((SIZE, SIZE), Image.Resampling.BILINEAR))


# --------------------------------------------------------------------------------------------------- masks in pictures


def paste(raw: np.ndarray, box: tuple[int, ...], width: int, height: int) -> np.ndarray:
    """bool[height, width] from a decoder's float32[64, 64] and location codes y0, x0, y1, x1.

    The values become probabilities, 0.5 * value + 0.5 clipped to 0..1, and are resized with Pillow's bilinear to the
    box in whole pixels. A pixel belongs to the mask above one half.
    """
    out = np.zeros((height, width), bool)
    y0, x0, y1, x1 = (round(v / 1024 * side) for v, side in zip(box, (height, width, height, width)))
    if x1 > x0 and y1 > y0:
        soft = Image.fromarray(np.clip(0.5 * raw + 0.5, 0, 1).astype(np.float32))
        out[y0:y1, x0:x1] = np.asarray(soft.resize((x1 - x0, y1 - y0), Image.Resampling.BILINEAR)) > 0.5
    return out


def mask_iou(a: np.ndarray, b: np.ndarray) -> float:
    union = int((a | b).sum())
    return int((a & b).sum()) / union if union else 0.0


def run_lengths(mask: np.ndarray) -> dict:
    """COCO's compressed run lengths: down the columns, zeros first, from the fourth on as the difference to the run two
    before, in groups of five bits, lowest first, as characters from `0` on."""
    flat = np.concatenate([[False], mask.T.reshape(-1)])
    edges = np.flatnonzero(flat[1:] != flat[:-1])
    runs = np.diff(np.concatenate([[0], edges, [mask.size]])).tolist()
    text = ""
    for i, run in enumerate(runs):
        value = run - runs[i - 2] if i > 2 else run
        while True:
            bits, value = value & 31, value >> 5
            last = value == (-1 if bits & 16 else 0)
            text += chr(48 + bits + (0 if last else 32))
            if last:
                break
    return {"size": list(mask.shape), "counts": text}


def from_run_lengths(record: dict) -> np.ndarray:
    """bool[H, W] from what `run_lengths` gives."""
    runs: list[int] = []
    value = shift = 0
    for character in record["counts"]:
        bits = ord(character) - 48
        value |= (bits & 31) << shift
        shift += 5
        if not bits & 32:
            if bits & 16:
                value -= 1 << shift
            runs.append(value + (runs[-2] if len(runs) > 2 else 0))
            value = shift = 0
    height, width = record["size"]
    return np.repeat(np.arange(len(runs)) % 2 == 1, runs).reshape(width, height).T


def segments(text: str) -> list[tuple[tuple[int, ...], tuple[int, ...], str]]:
    """Box codes (y0, x0, y1, x1), mask codes and names of a segmentation answer."""
    return [
        (tuple(int(v) for v in re.findall(r"\d{4}", m[1])), tuple(int(v) for v in re.findall(r"\d{3}", m[2])), m[3])
        for m in SEGMENT.finditer(text)
    ]


def score_segments(codec: MaskCodec, questions: list[Question], answers: list[str],
                   truths: list[list[np.ndarray]]) -> dict[str, tuple[float, int]]:
    """Per metric the mean and how many cases it was taken over; `truths`: the masks of each question's things."""
    values: dict[str, list] = {}

    def add(metric: str, value: float) -> None:
        values.setdefault(metric, []).append(value)

    for q, given, masks in zip(questions, answers, truths):
        if q.kind == "segment-absent":
            add("segment-absent", given == "")
            continue
        wanted, found = segments(q.answer), segments(given)
        add("segment labels", [s[2] for s in wanted] == [s[2] for s in found])
        for k, (_, codes, name) in enumerate(wanted):
            hit, best = 0.0, 0.0
            height, width = masks[k].shape
            if k < len(found) and found[k][2] == name:
                raw = codec.decode(np.array([found[k][1]]))[0]
                hit = mask_iou(paste(raw, found[k][0], width, height), masks[k])
                add("segment codes equal", float(np.mean(np.array(found[k][1]) == np.array(codes))))
            raw = codec.decode(np.array([codes]))[0]
            best = mask_iou(paste(raw, wanted[k][0], width, height), masks[k])
            add("segment mask IoU", hit)
            add("segment mask IoU > 0.5", hit > 0.5)
            add(f"segment mask IoU, {name.split()[-1]}", hit)
            add("segment mask IoU of the right answer", best)
    return {k: (float(np.mean(v)), len(v)) for k, v in sorted(values.items())}


def truths_of(questions: list[Question], sizes: list[tuple[int, int]]) -> list[list[np.ndarray]]:
    """The masks of each question's things; `sizes`: width and height of each question's picture."""
    return [[thing_mask(t, *size) for t in q.things] for q, size in zip(questions, sizes)]


# -------------------------------------------------------------------------------------------------------- training data


def scene_outline(r: random.Random) -> np.ndarray:
    """uint8[64, 64]: a shape as scenes.py draws it, in a picture of 112 to 320 pixels."""
    width = r.randint(25, 183)
    return scene_mask(r.choice(SHAPES), width, round(width * r.uniform(0.9, 1.11)))


@lru_cache(maxsize=None)
def scene_mask(name: str, width: int, height: int) -> np.ndarray:
    return resized(shape_mask(name, width, height))


def random_outline(r: random.Random) -> np.ndarray:
    """uint8[64, 64]: an ellipse, box, polygon or star, turned and cut to its own box."""
    kind = r.random()
    turn = r.uniform(0, 2 * math.pi)
    stretch = r.uniform(0.4, 1)
    corners = 48 if kind < 0.3 else 4 if kind < 0.45 else r.randint(3, 9)
    points = []
    for i in range(corners):
        angle = 2 * math.pi * (i + (r.uniform(-0.3, 0.3) if kind >= 0.45 else 0)) / corners
        radius = 1 if kind < 0.7 else r.uniform(0.45, 1)
        x, y = radius * math.cos(angle), stretch * radius * math.sin(angle)
        points.append((x * math.cos(turn) - y * math.sin(turn), x * math.sin(turn) + y * math.cos(turn)))
    low = [min(p[k] for p in points) for k in (0, 1)]
    high = [max(p[k] for p in points) for k in (0, 1)]
    side = r.randint(48, 160)
    canvas = Image.new("L", (side, side))
    scaled = [tuple((p[k] - low[k]) / (high[k] - low[k]) * (side - 1) for k in (0, 1)) for p in points]
    ImageDraw.Draw(canvas).polygon(scaled, fill=255)
    return resized(np.asarray(canvas) > 0)


def outlines(seed: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Two pools of uint8[count, 64, 64]: shapes of scenes and random outlines."""
    r = random.Random(f"outlines/{seed}")
    return np.stack([scene_outline(r) for _ in range(count)]), np.stack([random_outline(r) for _ in range(count)])


# ------------------------------------------------------------------------------------------------------------- training


@torch.no_grad()
def k_means(values: torch.Tensor, count: int, rounds: int = 12) -> torch.Tensor:
    """float32[count, D] centres of float32[N, D]; starts from far points, so that rare values keep a centre."""
    generator = torch.Generator().manual_seed(0)
    chosen = [int(torch.randint(len(values), (1,), generator=generator))]
    distance = torch.full((len(values),), math.inf)
    for _ in range(count - 1):
        distance = torch.minimum(distance, (values - values[chosen[-1]]).square().sum(1))
        chosen.append(int(torch.multinomial(distance.clamp(min=1e-9), 1, generator=generator)))
    centres = values[chosen].clone()
    for _ in range(rounds):
        nearest = torch.cdist(values, centres).argmin(1)
        sums = torch.zeros_like(centres).index_add_(0, nearest, values)
        sizes = torch.bincount(nearest, minlength=count).float()
        centres = torch.where(sizes[:, None] > 0, sums / sizes[:, None].clamp(min=1), centres)
    return centres


def train(out: Path, minutes: float, batch: int, resume: bool) -> None:
    torch.manual_seed(0)
    checkpoint = out.with_suffix(".pt")
    codec = MaskCodec()
    for module in codec.modules():
        if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
            fan = module.weight[0].numel() if isinstance(module, nn.Conv2d) else module.weight.shape[0] * 4
            nn.init.normal_(module.weight, 0.0, math.sqrt(2 / fan))
            nn.init.zeros_(module.bias)
    for block in (codec.encoder[8], codec.encoder[9], codec.decoder[2], codec.decoder[3]):
        block.net[4].weight.data.mul_(0.3)
    codec.encoder[10].weight.data.mul_(0.5)
    adam = torch.optim.AdamW(codec.parameters(), lr=1e-3, betas=(0.9, 0.97), weight_decay=0)
    sizes, sums = torch.ones(CODES), torch.zeros(CODES, WIDTH)
    quantised, step, before = False, 0, 0.0
    if resume and checkpoint.exists():
        state = torch.load(checkpoint, weights_only=False)
        codec.load_state_dict(state["codec"])
        adam.load_state_dict(state["adam"])
        sizes, sums, quantised, step, before = (state[k] for k in ("sizes", "sums", "quantised", "step", "seconds"))
    scene_pool, random_pool = outlines(1, 6000)
    picker = np.random.default_rng(step + 1)
    started, saved = time.time() - before, time.time()
    while (used := (time.time() - started) / (60 * minutes)) < 1:
        for group in adam.param_groups:
            group["lr"] = 1.2e-3 * min(1, (step + 1) / 30) * min(1.0, max(0.02, (1 - used) / 0.6))
        masks = np.concatenate([scene_pool[picker.integers(0, len(scene_pool), batch // 2)],
                                random_pool[picker.integers(0, len(random_pool), batch - batch // 2)]])
        if picker.random() < 0.5:
            masks[batch // 2 :] = masks[batch // 2 :, ::-1]
        target = to_input(masks)
        with torch.autocast("cpu", torch.bfloat16):
            encoded = codec.encoder(target)
        encoded = encoded.float().permute(0, 2, 3, 1)
        flat = encoded.reshape(-1, WIDTH)
        if not quantised and used > 0.35:
            codec.eval()
            with torch.no_grad():
                pool = np.concatenate([scene_pool[:150], random_pool[:350]])
                values = codec.encoder(to_input(pool)).permute(0, 2, 3, 1).reshape(-1, WIDTH)
            sums = k_means(values, CODES)
            sizes = torch.ones(CODES)
            codec.embedding.copy_(sums)
            quantised = True
        commitment = torch.zeros(())
        if quantised:
            with torch.no_grad():
                nearest = torch.cdist(flat, codec.embedding).argmin(1)
                counts = torch.bincount(nearest, minlength=CODES).float()
                sizes = sizes.lerp(counts, 0.01)
                sums = sums.lerp(torch.zeros_like(sums).index_add_(0, nearest, flat.detach()), 0.01)
                codec.embedding.copy_(sums / sizes.clamp(min=1e-20)[:, None])
            chosen = codec.embedding[nearest]
            commitment = F.mse_loss(flat, chosen) * 0.25
            quantities = (flat + (chosen - flat).detach()).view_as(encoded)
        else:
            quantities = encoded
        with torch.autocast("cpu", torch.bfloat16):
            decoded = codec.decoder(quantities.permute(0, 3, 1, 2))
        reconstruction = F.mse_loss(decoded.float(), target)
        loss = reconstruction + commitment
        adam.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(codec.parameters(), 1.0)
        adam.step()
        step += 1
        if step % 50 == 0:
            print(f"step {step}, {used:.2f} of the time: reconstruction {reconstruction.item():.4f}, commitment "
                  f"{commitment.item():.4f}, mean square {flat.detach().square().mean().item():.3f}", flush=True)
        if time.time() - saved > 60:
            torch.save({"codec": codec.state_dict(), "adam": adam.state_dict(), "sizes": sizes, "sums": sums,
                        "quantised": quantised, "step": step, "seconds": time.time() - started}, checkpoint)
            saved = time.time()
    codec.save(out)
    print(f"{out}: {step} steps, {out.stat().st_size:,} bytes")


def measure(path: Path) -> None:
    codec = MaskCodec.load(path)
    for name, pool in zip(("shapes of scenes", "other outlines"), outlines(2, 400)):
        codes = codec.encode(pool)
        raw = codec.decode(codes)
        overlap = [mask_iou(a > 0, b >= 128) for a, b in zip(raw, pool)]
        print(f"{name}: mean IoU {np.mean(overlap):.3f}, least {np.min(overlap):.3f}, "
              f"{len(np.unique(codes))} codes in use, {len(np.unique(codes, axis=0))} sequences")
    r = random.Random("measure")
    for name in SHAPES:
        pool = [scene_mask(name, w, round(w * r.uniform(0.9, 1.11))) for w in range(25, 183)]
        codes = codec.encode(np.stack(pool))
        common = np.array([np.bincount(column).argmax() for column in codes.T])
        print(f"{name}: codes {common.tolist()}, {np.mean(codes == common):.3f} of the codes of other sizes are equal")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=["train", "measure"])
    parser.add_argument("--out", type=Path, default=Path("vae-oid.npz"), help="file to write (train)")
    parser.add_argument("--masks", type=Path, default=Path("vae-oid.npz"), help="file to read (measure)")
    parser.add_argument("--minutes", type=float, default=6, help="planned wall time (train)")
    parser.add_argument("--batch", type=int, default=48, help="masks per step (train)")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--resume", action="store_true", help="continue from the checkpoint beside --out (train)")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    if args.action == "train":
        train(args.out, args.minutes, args.batch, args.resume)
    measure(args.out if args.action == "train" else args.masks)


if __name__ == "__main__":
    main()
