"""Makes a checkpoint folder of real shape with random weights, always the same, unless it is there already. Needs numpy, Pillow.

    python -m paligemma_bench.make_checkpoint --model pg1 --size 224 --dtype float32 --work FOLDER

Prints the folder. The sizes of one model share the file of all weights but the position embedding, by hard link.
"""

import argparse
import json
import os
import shutil
import struct
import zlib
from math import prod
from pathlib import Path

import numpy as np

from . import shapes, vocabulary

VERSION = 1  # of what is written; another number makes the folders anew
POOL = 1 << 20
SPREAD = 0.02
OUTLIERS = (7, 301, 1190, 1733)  # channels of the hidden state that are wider than the others, as in trained models
OUTLIER_FACTOR = 8.0
EOS_ROW, EOS_SPREAD = 1, 1e-3  # too small to be the most likely token, so that no answer ends early
DTYPES = {"float32": ("F32", 4), "bfloat16": ("BF16", 2)}


class Weights:
    """Normally distributed numbers out of one pool: the pool is read at another offset for each block of rows."""

    def __init__(self):
        numbers = np.random.default_rng(20240514).standard_normal(POOL).astype(np.float32)
        numbers[np.abs(numbers) < 1e-4] = 1e-4  # nothing near the denormal numbers, which some processors are slow at
        self.pool = np.concatenate([numbers, numbers])

    def blocks(self, name, shape):
        """The tensor as float32 blocks of whole rows, first to last."""
        row = prod(shape[1:])
        draw = np.random.default_rng(zlib.crc32(name.encode()))
        rows = max(1, POOL // row)
        for start in range(0, shape[0], rows):
            count = min(rows, shape[0] - start)
            offset = int(draw.integers(POOL))
            block = self.pool[offset : offset + count * row].reshape(count, row) * np.float32(SPREAD)
            _shape_block(name, start, block)
            yield block


def _shape_block(name, start, block):
    """What is not plainly random: scales of layer norms, outlier channels, the end-of-sequence token."""
    if "layer_norm" in name or "post_layernorm" in name:
        if name.endswith(".weight"):
            block += 1
    elif name.endswith("embed_tokens.weight"):
        block[:, OUTLIERS] *= OUTLIER_FACTOR
        if start <= EOS_ROW < start + block.shape[0]:
            block[EOS_ROW - start] *= EOS_SPREAD
    elif name.startswith("language_model") and name.endswith(("o_proj.weight", "down_proj.weight")):
        for channel in OUTLIERS:
            if start <= channel < start + block.shape[0]:
                block[channel - start] *= OUTLIER_FACTOR


def to_bfloat16(block):
    """The upper halves of the numbers, rounded to nearest, ties to even."""
    bits = block.view(np.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)


def write_safetensors(path, tensors, dtype, weights):
    kind, element = DTYPES[dtype]
    header, offset = {}, 0
    for name, shape in tensors:
        length = prod(shape) * element
        header[name] = {"dtype": kind, "shape": list(shape), "data_offsets": [offset, offset + length]}
        offset += length
    text = json.dumps(header | {"__metadata__": {"format": "pt"}}).encode()
    text += b" " * (-len(text) % 8)
    part = path.with_suffix(".part")
    with open(part, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for name, shape in tensors:
            for block in weights.blocks(name, shape):
                block = np.ascontiguousarray(block)
                file.write((to_bfloat16(block) if dtype == "bfloat16" else block).tobytes())
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    return offset


def write_image(path):
    """A picture of 640 by 480 with areas, gradients and noise."""
    from PIL import Image

    y, x = np.mgrid[0:480, 0:640]
    picture = np.stack([x * 255 // 639, y * 255 // 479, (x + y) * 255 // 1118], -1).astype(np.int32)
    picture[120:320, 200:420] = (200, 40, 30)
    picture += np.random.default_rng(1).integers(-12, 13, picture.shape)
    Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8)).save(path)


def _link(source, target):
    target.unlink(missing_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def make(model_key, size, dtype, layers, work):
    model = shapes.MODELS[model_key].limited_to(layers)
    name = f"{model_key}-{size}-{dtype}" + (f"-{layers}layers" if layers else "")
    folder, shared = work / name, work / "shared"
    wanted = {"version": VERSION, "model": model_key, "size": size, "dtype": dtype, "layers": layers}
    marker = folder / "complete.json"
    if marker.exists() and json.loads(marker.read_text()) == wanted:
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    for needed in (folder, shared):
        needed.mkdir(parents=True, exist_ok=True)
    weights, tensors = None, shapes.tensors(model)
    common = shared / f"{model_key}-{dtype}-{layers or 'all'}-v{VERSION}.safetensors"
    if not common.exists():
        weights = Weights()
        write_safetensors(common, tensors, dtype, weights)
    first, second = "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"
    _link(common, folder / first)
    position = shapes.position_tensor(size)
    write_safetensors(folder / second, [position], dtype, weights or Weights())
    index = {
        "metadata": {"total_size": shapes.parameters(model, size) * DTYPES[dtype][1]},
        "weight_map": {tensor: first for tensor, _ in tensors} | {position[0]: second},
    }
    generation = {"_from_model_config": True, "bos_token_id": 2, "eos_token_id": 1, "pad_token_id": 0}
    for file, content in (
        ("model.safetensors.index.json", index),
        ("config.json", shapes.config(model, size, dtype)),
        ("preprocessor_config.json", shapes.preprocessor_config(size)),
        ("generation_config.json", generation),
    ):
        (folder / file).write_text(json.dumps(content, indent=2) + "\n")
    vocabulary.write(shared)
    for file in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copyfile(shared / file, folder / file)
    if not (shared / "picture.png").exists():
        write_image(shared / "picture.png")
    marker.write_text(json.dumps(wanted))
    return folder


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", choices=shapes.MODELS, required=True)
    parser.add_argument("--size", type=int, required=True)
    parser.add_argument("--dtype", choices=DTYPES, required=True)
    parser.add_argument("--layers", type=int)
    parser.add_argument("--work", type=Path, required=True)
    options = parser.parse_args()
    print(make(options.model, options.size, options.dtype, options.layers, options.work))


if __name__ == "__main__":
    main()
