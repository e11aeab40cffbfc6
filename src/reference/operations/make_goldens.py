"""Writes what each operation of the engine must compute, and small checkpoints that hold the weights for it.

    python make_goldens.py --out ../../../paligemma-engine/src/test/resources/operations

    FOLDER/operations.safetensors       inputs and expected results: NAME.x, NAME.q, ... and NAME.y
    FOLDER/float32 (bfloat16, float16)  a complete PaliGemma checkpoint of one layer, its weights stored in that type

The weights of an operation go by their names in the checkpoint. A result that depends on weights is there once for each
type: NAME.y.float32, NAME.y.bfloat16, NAME.y.float16, computed with the rounded weights.

Everything is computed in float64 from float32 numbers and rounded to float32 at the end. Where transformers has the same
function, the script compares with it. Sizes, scales and windows are written down a second time in EngineContract, which
builds the graphs. Pinned versions: ../requirements.txt.
"""

import argparse
import math
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
import transformers
from safetensors.torch import save_file
from transformers.models.gemma import modeling_gemma
from transformers.models.gemma2 import modeling_gemma2

assert torch.__version__.split("+")[0] == "2.15.0", torch.__version__
assert transformers.__version__ == "5.24.0", transformers.__version__

TYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
WIDTH, VISION_WIDTH, VISION_INNER, INNER, PATCH, PATCHES = 64, 12, 20, 24, 2, 4
HEADS, HEAD_DIM, KV_HEADS = 2, 4, 1
ROWS_OF_TABLE = 1040  # times WIDTH is more than 65536 elements, above which an engine may treat weights differently

random = torch.Generator().manual_seed(20240711)


def normal(*shape, scale=1.0):
    return torch.randn(*shape, generator=random, dtype=torch.float32) * scale


# Weights


def weights():
    """One layer of everything, by canonical names; large enough numbers for every bias and norm to show."""
    tower, layer = "vision_tower.", "language_model.layers.0."
    block = tower + "encoder.layers.0."
    w = {
        tower + "embeddings.patch_embedding.weight": normal(VISION_WIDTH, 3, PATCH, PATCH, scale=0.3),
        tower + "embeddings.patch_embedding.bias": normal(VISION_WIDTH),
        tower + "embeddings.position_embedding.weight": normal(PATCHES, VISION_WIDTH),
    }

    def affine(name, out, width):
        w[name + ".weight"] = normal(out, width, scale=1 / math.sqrt(width))
        w[name + ".bias"] = normal(out)

    def layer_norm(name):
        w[name + ".weight"] = 1 + normal(VISION_WIDTH, scale=0.5)
        w[name + ".bias"] = normal(VISION_WIDTH)

    layer_norm(block + "layer_norm1")
    for projection in ("q_proj", "k_proj", "v_proj", "out_proj"):
        affine(block + "self_attn." + projection, VISION_WIDTH, VISION_WIDTH)
    layer_norm(block + "layer_norm2")
    affine(block + "mlp.fc1", VISION_INNER, VISION_WIDTH)
    affine(block + "mlp.fc2", VISION_WIDTH, VISION_INNER)
    layer_norm(tower + "post_layernorm")
    affine("multi_modal_projector.linear", WIDTH, VISION_WIDTH)

    # Multiples of 1/16 between -1 and 1 are the same in all three types, and the large file packs well.
    table = torch.randint(-16, 17, (ROWS_OF_TABLE, WIDTH), generator=random)
    w["language_model.embed_tokens.weight"] = table.float() / 16
    w[layer + "input_layernorm.weight"] = normal(WIDTH, scale=0.5)
    for projection, out, width in (
        ("self_attn.q_proj", HEADS * HEAD_DIM, WIDTH),
        ("self_attn.k_proj", KV_HEADS * HEAD_DIM, WIDTH),
        ("self_attn.v_proj", KV_HEADS * HEAD_DIM, WIDTH),
        ("self_attn.o_proj", WIDTH, HEADS * HEAD_DIM),
        ("mlp.gate_proj", INNER, WIDTH),
        ("mlp.up_proj", INNER, WIDTH),
        ("mlp.down_proj", WIDTH, INNER),
    ):
        w[layer + projection + ".weight"] = normal(out, width, scale=1 / math.sqrt(width))
    w[layer + "post_attention_layernorm.weight"] = normal(WIDTH, scale=0.5)
    w["language_model.norm.weight"] = normal(WIDTH, scale=0.5)
    return w


# Operations

golden = {}


def put(name, tensor):
    assert name not in golden, name
    assert torch.isfinite(tensor).all(), name
    golden[name] = (tensor if tensor.dtype == torch.int64 else tensor.to(torch.float32)).contiguous().clone()


def same(ours, theirs, tolerance=3e-6):
    """Compares with transformers, which computes in float32."""
    difference = (ours - theirs).abs().max()
    assert difference <= tolerance * theirs.abs().max(), difference


def weighted(name, stored, function):
    """Puts the result of a function of weights, once for each type in which they may be stored."""
    for label, dtype in TYPES.items():
        rounded = {key: value.to(dtype).to(torch.float64) for key, value in stored.items()}
        put(f"{name}.y.{label}", function(rounded))


def with_weights(stored):
    ids = torch.tensor([3, 0, 3, 1, 2])
    put("embedding.ids", ids)
    weighted("embedding", stored, lambda w: F.embedding(ids, w["vision_tower.embeddings.position_embedding.weight"]))

    ids = torch.tensor([ROWS_OF_TABLE - 1, 0, 517])
    put("embedding_large.ids", ids)
    weighted("embedding_large", stored, lambda w: F.embedding(ids, w["language_model.embed_tokens.weight"]))

    weighted("parameter", stored, lambda w: w["vision_tower.embeddings.position_embedding.weight"])

    x = normal(5, VISION_WIDTH)
    put("linear_bias.x", x)
    fc1 = "vision_tower.encoder.layers.0.mlp.fc1"
    weighted("linear_bias", stored, lambda w: F.linear(x.double(), w[fc1 + ".weight"], w[fc1 + ".bias"]))

    # The convolution over patches is used as a matrix; here torch convolves.
    patches = normal(3, 3 * PATCH * PATCH)
    put("linear_patches.x", patches)
    conv = "vision_tower.embeddings.patch_embedding"
    weighted(
        "linear_patches",
        stored,
        lambda w: F.conv2d(
            patches.double().reshape(3, 3, PATCH, PATCH), w[conv + ".weight"], w[conv + ".bias"], stride=PATCH
        ).reshape(3, VISION_WIDTH),
    )

    x2 = normal(4, WIDTH)
    put("linear.x", x2)
    weighted("linear", stored, lambda w: F.linear(x2.double(), w["language_model.layers.0.mlp.gate_proj.weight"]))

    x3 = normal(2, WIDTH)
    put("linear_large.x", x3)
    weighted("linear_large", stored, lambda w: F.linear(x3.double(), w["language_model.embed_tokens.weight"]))

    # Ordinary rows, one off centre, one so even that epsilon decides, one of equal elements.
    x4 = normal(5, VISION_WIDTH)
    x4[1] += 20
    x4[2] *= 0.002
    x4[3] = 1.5
    put("layer_norm.x", x4)
    norm = "vision_tower.post_layernorm"
    weighted(
        "layer_norm",
        stored,
        lambda w: F.layer_norm(x4.double(), [VISION_WIDTH], w[norm + ".weight"], w[norm + ".bias"], 1e-5),
    )
    x5 = normal(2, 3, VISION_WIDTH)
    put("layer_norm_rank3.x", x5)
    weighted(
        "layer_norm_rank3",
        stored,
        lambda w: F.layer_norm(x5.double(), [VISION_WIDTH], w[norm + ".weight"], w[norm + ".bias"], 1e-6),
    )

    # Ordinary rows, a large one, one so small that epsilon decides, zeros.
    x6 = normal(5, WIDTH)
    x6[1] *= 1000
    x6[2] *= 0.001
    x6[3] = 0
    put("rms_norm.x", x6)
    rms = "language_model.norm.weight"
    weighted("rms_norm", stored, lambda w: F.rms_norm(x6.double(), [WIDTH], 1 + w[rms], 1e-6))
    module = modeling_gemma.GemmaRMSNorm(WIDTH, eps=1e-6)
    module.weight.data = stored[rms]
    same(golden["rms_norm.y.float32"], module(x6).detach())


def elementwise():
    x = torch.cat([torch.linspace(-9, 9, 43), normal(16, scale=2), torch.tensor([0.0, -0.0, 1e-4, -1e-4, 50.0, -50.0])])
    x = x[: x.numel() // 5 * 5].reshape(5, -1).T  # small and large numbers in each row
    put("gelu.x", x)
    put("gelu.y", F.gelu(x.double(), approximate="tanh"))

    x = torch.cat([normal(20, scale=30), torch.tensor([0.0, 1e-3, -500.0, 500.0])]).reshape(6, 4)
    put("softcap.x", x)
    put("softcap.y", 30 * torch.tanh(x.double() / 30))

    a, b = normal(3, 4, 5), normal(3, 4, 5)
    put("add.a", a)
    put("add.b", b)
    put("add.y", a.double() + b.double())
    put("add_last_two.a", a)
    put("add_last_two.b", b[0])
    put("add_last_two.y", a.double() + b[0].double())
    put("add_last.a", a)
    put("add_last.b", b[0, 0])
    put("add_last.y", a.double() + b[0, 0].double())
    put("multiply.a", a)
    put("multiply.b", b)
    put("multiply.y", a.double() * b.double())
    put("scale.x", a)
    put("scale.y", -0.37 * a.double())


def moving():
    x = normal(4, 12)
    put("reshape.x", x)
    put("reshape.y", x.reshape(4, 3, 4))
    put("reshape_rows.x", x.reshape(4, 3, 4))
    put("reshape_rows.y", x.reshape(12, 4))

    x = normal(2, 3, 4)
    put("transpose.x", x)
    put("transpose.y", x.permute(2, 0, 1))
    # [images, channels, rows, pixels down, columns, pixels across] to patches, as the image encoder cuts them.
    x = normal(2, 3, 2, 2, 3, 2)
    put("transpose_rank6.x", x)
    put("transpose_rank6.y", x.permute(0, 2, 4, 1, 3, 5))

    a, b = normal(2, 6), normal(3, 6)
    put("concat_rows.a", a)
    put("concat_rows.b", b)
    put("concat_rows.y", torch.cat([a, b]))
    put("concat_rows_empty_first.a", a[:0])
    put("concat_rows_empty_first.b", b)
    put("concat_rows_empty_first.y", b)
    put("concat_rows_empty_second.a", a)
    put("concat_rows_empty_second.b", b[:0])
    put("concat_rows_empty_second.y", a)

    x, index = normal(5, 3), torch.tensor([4, 0, 0, 2, 1, 3, 4])
    put("gather_rows.x", x)
    put("gather_rows.index", index)
    put("gather_rows.y", x[index])


def rope():
    for name, rows, heads, width in (("rope", 6, 3, 8), ("rope_one_head", 5, 1, 6), ("rope_one_row", 1, 2, 4)):
        x = normal(rows, heads * width)
        angles = normal(rows, width // 2, scale=3)
        cos, sin = angles.cos(), angles.sin()
        put(name + ".x", x)
        put(name + ".cos", cos)
        put(name + ".sin", sin)
        by_head = x.double().reshape(rows, heads, width)
        a, b = by_head[..., : width // 2], by_head[..., width // 2 :]
        c, s = cos.double()[:, None], sin.double()[:, None]
        put(name + ".y", torch.cat([a * c - b * s, b * c + a * s], dim=-1).reshape(rows, heads * width))
        theirs, _ = modeling_gemma.apply_rotary_pos_emb(
            x.reshape(1, rows, heads, width),
            x.reshape(1, rows, heads, width),
            torch.cat([cos, cos], dim=-1)[None],
            torch.cat([sin, sin], dim=-1)[None],
            unsqueeze_dim=2,
        )
        same(golden[name + ".y"], theirs.reshape(rows, heads * width))


def attend(q, k, v, heads, kv_heads, width, scale, softcap=0.0, visible=None):
    """q[T, heads * width], k and v[T, kv_heads * width], visible[T, T] or None for all; in float64."""
    q = q.double().reshape(-1, heads, width).transpose(0, 1)
    k = k.double().reshape(-1, kv_heads, width).transpose(0, 1).repeat_interleave(heads // kv_heads, dim=0)
    v = v.double().reshape(-1, kv_heads, width).transpose(0, 1).repeat_interleave(heads // kv_heads, dim=0)
    scores = scale * (q @ k.transpose(1, 2))
    if softcap:
        scores = softcap * torch.tanh(scores / softcap)
    if visible is not None:
        scores = scores.masked_fill(~visible, -math.inf)
    return (scores.softmax(dim=-1) @ v).transpose(0, 1).reshape(-1, heads * width)


def attention():
    # Name, sequences, rows of one, heads, width, factor on the queries.
    for name, sequences, rows, heads, width, factor in (
        ("attention", 3, 5, 3, 4, 1),
        ("attention_long", 2, 40, 2, 8, 1),
        ("attention_large_scores", 1, 9, 2, 4, 60),
        ("attention_one_row", 4, 1, 2, 4, 1),
    ):
        q, k, v = (normal(sequences * rows, heads * width) for _ in range(3))
        q = q * factor
        put(name + ".q", q)
        put(name + ".k", k)
        put(name + ".v", v)
        parts = zip(q.split(rows), k.split(rows), v.split(rows))
        put(name + ".y", torch.cat([attend(*part, heads, heads, width, 0.4) for part in parts]))
        split = [t.double().reshape(sequences, rows, heads, width).transpose(1, 2) for t in (q, k, v)]
        theirs = F.scaled_dot_product_attention(*split, scale=0.4).transpose(1, 2)
        same(golden[name + ".y"], theirs.reshape(-1, heads * width))


@dataclass
class Cached:
    name: str
    heads: int
    kv_heads: int
    width: int
    scale: float
    softcap: float
    window: int
    prefix: int
    steps: int
    factor: float = 1


CACHED = [
    Cached("one_kv_head", 4, 1, 8, 0.35, 0, 0, 7, 5),
    Cached("own_kv_heads", 3, 3, 4, 0.5, 0, 0, 6, 4),
    Cached("shared_kv_heads", 6, 2, 4, 0.45, 0, 0, 7, 5),
    Cached("softcap", 4, 2, 8, 0.35, 2, 0, 7, 5, 4),
    Cached("softcap_one_kv_head", 4, 1, 8, 0.35, 2, 0, 7, 5, 4),
    Cached("large_scores", 2, 1, 8, 0.35, 0, 0, 5, 4, 60),
    Cached("prefix_of_one", 2, 1, 8, 0.35, 0, 0, 1, 3),
    Cached("window_below_prefix", 4, 2, 4, 0.5, 0, 4, 7, 9),
    Cached("window_of_prefix", 4, 1, 4, 0.5, 0, 6, 6, 8),
    Cached("window_beyond_prefix", 4, 2, 4, 0.5, 0, 9, 4, 12),
    Cached("window_of_one", 2, 1, 4, 0.5, 0, 1, 3, 3),
    Cached("window_and_softcap", 6, 2, 4, 0.5, 2, 5, 6, 7, 4),
    Cached("many_steps", 2, 1, 4, 0.5, 0, 0, 3, 45),
    Cached("many_steps_in_window", 2, 2, 4, 0.5, 0, 20, 3, 45),
]


def cached_attention():
    for case in CACHED:
        name = "cached_" + case.name
        rows = case.prefix + case.steps
        q = normal(rows, case.heads * case.width, scale=case.factor)
        k, v = (normal(rows, case.kv_heads * case.width) for _ in range(2))
        for letter, tensor in (("q", q), ("k", k), ("v", v)):
            put(f"{name}.{letter}", tensor)
        result = attend(
            q, k, v, case.heads, case.kv_heads, case.width, case.scale, case.softcap, visible(case, case.window)
        )
        put(name + ".y", result)
        compare_with_transformers(case, q, k, v)
        if case.window and case.window < rows:
            without = attend(
                q, k, v, case.heads, case.kv_heads, case.width, case.scale, case.softcap, visible(case, 0)
            )
            assert (without - result).abs().max() > 0.1, "the window must show"
        if case.name == "window_below_prefix":
            put(name + ".y_without_window", without)
        if case.softcap:
            without = attend(q, k, v, case.heads, case.kv_heads, case.width, case.scale, 0, visible(case, case.window))
            assert (without - result).abs().max() > 0.1, "the cap must show"


def visible(case, window):
    """visible[i, j]: the prefix sees all of itself; a later row what is before it, within the window, and itself."""
    i = torch.arange(case.prefix + case.steps)[:, None]
    j = torch.arange(case.prefix + case.steps)[None, :]
    causal = j <= i
    if window:
        causal = causal & (j > i - window)
    return torch.where(i < case.prefix, j < case.prefix, causal)


def compare_with_transformers(case, q, k, v):
    class Module:
        num_key_value_groups = case.heads // case.kv_heads
        training = False

    mask = torch.zeros(case.prefix + case.steps, case.prefix + case.steps)
    mask.masked_fill_(~visible(case, case.window), torch.finfo(torch.float32).min)

    def by_head(tensor, heads):
        return tensor.reshape(1, -1, heads, case.width).transpose(1, 2)

    theirs, _ = modeling_gemma2.eager_attention_forward(
        Module(),
        by_head(q, case.heads),
        by_head(k, case.kv_heads),
        by_head(v, case.kv_heads),
        mask[None, None],
        scaling=case.scale,
        softcap=case.softcap or None,
    )
    same(golden[f"cached_{case.name}.y"], theirs.reshape(-1, case.heads * case.width), 2e-5)


def choices():
    x = torch.cat([normal(5, 1040, scale=4), torch.zeros(1, 1040)])
    x[0, 17] = x[0].max() + 1
    x[1, 900] = x[1, 30] = x[1].max() + 2  # equals: the lowest index counts
    x[2] *= 100  # far apart: exponentials must not overflow
    put("choice.x", x)
    put("choice.index", x.argmax(-1))
    put("choice.log_probability", F.log_softmax(x.double(), -1).max(-1).values)


def adapting():
    x, a, b = normal(6, 40), normal(3, 40), normal(24, 3)
    put("product.x", x)
    put("product.a", a)
    put("product.b", b)
    put("product.y", x.double() @ a.double().T @ b.double().T)
    x, scale = normal(6, 24), normal(24)
    put("multiply_last.a", x)
    put("multiply_last.b", scale)
    put("multiply_last.y", x.double() * scale.double())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    out = parser.parse_args().out
    torch.set_num_threads(1)

    stored = weights()
    for label, dtype in TYPES.items():
        folder = out / label
        folder.mkdir(parents=True, exist_ok=True)
        tensors = {name: tensor.to(dtype).contiguous() for name, tensor in stored.items()}
        save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    with_weights(stored)
    elementwise()
    moving()
    rope()
    attention()
    cached_attention()
    choices()
    adapting()
    save_file(golden, out / "operations.safetensors", metadata={"about": "made by src/reference/operations"})
    print(f"{len(golden)} tensors, {sum(t.numel() for t in golden.values())} numbers")


if __name__ == "__main__":
    main()
