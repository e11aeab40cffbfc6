"""Rows of numbers and what they become in 8 and 4 bits, computed by numpy in float32.

    python make_goldens.py --out paligemma-checkpoint/src/test/resources/quantisation

For each case a file of little-endian binaries: rows and columns as int32, the numbers as float32, then for each of the
three formats (int8_channels, int8_blocks, int4_blocks) all scales as float32 and all codes as bytes.
"""

import argparse
import pathlib

import numpy as np

BLOCK = 128
FACTORS = [np.float32(f) for f in (1, 0.96, 0.92, 0.88, 0.84)]
TINY = np.finfo(np.float32).tiny


def blocks_of(values, fill):
    rows, columns = values.shape
    padded = np.full((rows, -(-columns // BLOCK) * BLOCK), fill, values.dtype)
    padded[:, :columns] = values
    return padded.reshape(rows, -1, BLOCK)


def usable(scale):
    """Scales below the normal numbers count as zero."""
    return np.where(np.abs(scale) < TINY, np.float32(0), scale)


def inverse(scale):
    return np.divide(np.float32(1), scale, out=np.zeros_like(scale), where=scale != 0)


def int8_channels(w):
    scale = usable(np.abs(w).max(1) / np.float32(127))
    codes = (np.rint(w * inverse(scale)[:, None]) + 128).astype(np.uint8)
    codes = blocks_of(codes, 128)
    return np.repeat(scale[:, None], codes.shape[1], 1), codes


def int8_blocks(w):
    blocks = blocks_of(w, 0)
    scale = usable(np.abs(blocks).max(2) / np.float32(127))
    codes = np.rint(blocks * inverse(scale)[:, :, None]) + 128
    return scale, codes.astype(np.uint8)


def sum_of_lanes(errors):
    """Eight sums of every eighth element, one after the other, then in pairs: float32 sums depend on the order."""
    lanes = np.zeros(errors.shape[:-1] + (8,), np.float32)
    for start in range(0, BLOCK, 8):
        lanes = lanes + errors[..., start : start + 8]
    pairs = lanes[..., 0::2] + lanes[..., 1::2]
    return (pairs[..., 0] + pairs[..., 1]) + (pairs[..., 2] + pairs[..., 3])


def int4_blocks(w):
    blocks = blocks_of(w, 0)
    largest = np.abs(blocks).argmax(2)
    full = np.take_along_axis(blocks, largest[:, :, None], 2)[:, :, 0] / np.float32(-8)
    full = np.where(np.abs(full) * FACTORS[-1] < TINY, np.float32(0), full)
    best, least = None, None
    for factor in FACTORS:
        scale = factor * full
        q = np.clip(np.rint(blocks * inverse(scale)[:, :, None]), -8, 7).astype(np.float32)
        error = sum_of_lanes((blocks - q * scale[:, :, None]) ** 2)
        better = np.zeros(error.shape, bool) if best is None else error < least
        best = scale if best is None else np.where(better, scale, best)
        least = error if least is None else np.where(better, error, least)
    best = best + np.float32(0)  # no negative zero
    q = np.clip(np.rint(blocks * inverse(best)[:, :, None]), -8, 7).astype(np.int32) + 8
    return best, (q[..., 0::2] | q[..., 1::2] << 4).astype(np.uint8)


def cases():
    rng = np.random.default_rng(20)
    normal = lambda *shape: rng.standard_normal(shape).astype(np.float32)
    yield "normal", normal(6, 256) * np.float32(0.02)
    yield "padded", normal(5, 200)
    yield "short", normal(4, 7)
    yield "long_tails", rng.standard_t(3, (6, 384)).astype(np.float32)
    outliers = normal(4, 256)
    outliers[:, 17] *= 100
    yield "outliers", outliers
    odd = np.zeros((7, 256), np.float32)
    odd[1, 130] = 1
    odd[2] = np.float32(1e-40)
    odd[3] = np.float32(3e38) * np.sign(normal(256))
    odd[4] = np.arange(256) - 127  # ties, for scales are powers of two or near
    odd[5, :128] = (np.arange(128) - 64) / 8
    odd[6] = -np.float32(2.5e-37)
    yield "odd", odd
    # Values from bfloat16, as most checkpoints have them: many equal magnitudes and ties.
    bits = (normal(6, 256).view(np.uint32) >> 16) << 16
    yield "bfloat16", bits.view(np.float32)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=pathlib.Path, required=True)
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    for name, w in cases():
        with np.errstate(over="ignore", invalid="ignore"):
            formats = [f(w) for f in (int8_channels, int8_blocks, int4_blocks)]
        with open(out / f"{name}.bin", "wb") as file:
            file.write(np.array(w.shape, "<i4").tobytes() + w.astype("<f4").tobytes())
            for scales, codes in formats:
                assert scales.dtype == np.float32 and np.isfinite(scales).all(), name
                file.write(scales.astype("<f4").tobytes() + codes.tobytes())


if __name__ == "__main__":
    main()
