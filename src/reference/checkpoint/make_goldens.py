"""Makes the golden files of the checkpoint tests.

    pip install -r ../requirements.txt
    python make_goldens.py ../../../paligemma-checkpoint/src/test/resources/checkpoint

- <model>/: tiny random models saved by transformers, whole or in shards, in each float type, with expected.txt: for
  every parameter its name inside transformers, the dtype, the shape, and the SHA-256 of its values as little-endian
  float32 (widened by torch).
- configs/resaved/: every configs/*.json loaded and saved again by transformers, which writes all fields in the style of
  version 5, and configs/resaved/expected.txt with the values transformers computes with.
- widening.txt: the SHA-256 of all 65536 bit patterns of bfloat16 (torch) and float16 (numpy) widened to float32. All
  NaNs are replaced by 0x7fc00000 first: whether a signalling NaN is quietened differs between processors.
- special.safetensors: infinities, NaNs, zeros, subnormals and extremes in each float type, written by the safetensors
  library, with the widened bits next to them as I32.
"""

import hashlib
import pathlib
import shutil
import sys

import numpy as np
import torch
from safetensors.torch import save_file
from transformers import PaliGemmaConfig, PaliGemmaForConditionalGeneration

VISION = dict(
    model_type="siglip_vision_model",
    hidden_size=8,
    intermediate_size=12,
    num_hidden_layers=2,
    num_attention_heads=2,
    image_size=4,
    patch_size=2,
    vision_use_head=False,
)
GEMMA = dict(
    model_type="gemma",
    hidden_size=12,
    intermediate_size=16,
    num_hidden_layers=2,
    num_attention_heads=2,
    num_key_value_heads=1,
    head_dim=4,
    vocab_size=40,
)
GEMMA2 = dict(
    GEMMA,
    model_type="gemma2",
    num_hidden_layers=3,
    num_attention_heads=4,
    num_key_value_heads=2,
    query_pre_attn_scalar=9,
    sliding_window=8,
)


def sha256_of_floats(tensor):
    values = tensor.detach().to(torch.float32).contiguous().numpy().astype("<f4")
    return hashlib.sha256(values.tobytes()).hexdigest()


def save_model(folder, text, dtype, tied=True, shard_size="50GB"):
    torch.manual_seed(7)
    config = PaliGemmaConfig(
        vision_config=dict(VISION),
        text_config=dict(text),
        projection_dim=text["hidden_size"],
        image_token_index=32,
        tie_word_embeddings=tied,
    )
    model = PaliGemmaForConditionalGeneration(config)
    with torch.no_grad():
        for parameter in model.parameters():  # norms and biases start as constants, which would hide mix-ups
            parameter.add_(torch.randn_like(parameter) * 0.1)
    model = model.to(dtype)
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(folder, max_shard_size=shard_size)
    (folder / "generation_config.json").unlink()
    lines = [
        f"{name} {str(p.dtype).removeprefix('torch.')} {','.join(map(str, p.shape))} {sha256_of_floats(p)}"
        for name, p in model.named_parameters()
    ]
    (folder / "expected.txt").write_text("\n".join(lines) + "\n")


def resave_configs(folder):
    target = folder / "resaved"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    lines = []
    for file in sorted(folder.glob("*.json")):
        config = PaliGemmaConfig.from_pretrained(file)
        config.save_pretrained(target)
        (target / "config.json").rename(target / file.name)
        v, t = config.vision_config, config.text_config
        sliding = sum(kind == "sliding_attention" for kind in getattr(t, "layer_types", None) or [])
        values = [
            v.hidden_size, v.intermediate_size, v.num_hidden_layers, v.num_attention_heads, v.image_size, v.patch_size,
            t.model_type, t.vocab_size, t.hidden_size, t.intermediate_size, t.num_hidden_layers, t.num_attention_heads,
            t.num_key_value_heads, t.head_dim, t.rope_parameters["rope_theta"],
            getattr(t, "query_pre_attn_scalar", t.head_dim), getattr(t, "attn_logit_softcapping", None) or 0,
            getattr(t, "final_logit_softcapping", None) or 0, getattr(t, "sliding_window", None) or 0, sliding,
            config.image_token_id, config.tie_word_embeddings,
        ]
        lines.append(" ".join([file.stem, *(f"{x:g}" if isinstance(x, float) else str(x) for x in values)]))
    (target / "expected.txt").write_text("\n".join(lines) + "\n")


def widening(file):
    patterns = np.arange(65536, dtype=np.uint16)
    bf16 = torch.from_numpy(patterns.view(np.int16)).view(torch.bfloat16).to(torch.float32).numpy()
    f16 = patterns.view(np.float16).astype(np.float32)
    lines = []
    for name, values in [("BF16", bf16), ("F16", f16)]:
        bits = values.view(np.uint32).copy()
        bits[np.isnan(values)] = 0x7FC00000
        lines.append(f"{name} {hashlib.sha256(bits.astype('<u4').tobytes()).hexdigest()}")
    file.write_text("\n".join(lines) + "\n")


def special(file):
    patterns = {
        "F32": ([0x00000000, 0x80000000, 0x00000001, 0x807FFFFF, 0x00800000, 0x7F7FFFFF, 0x7F800000, 0xFF800000,
                 0x7FC00000, 0xFFC12345, 0x3F800000, 0xC0490FDB], np.uint32, torch.float32),
        "BF16": ([0x0000, 0x8000, 0x0001, 0x807F, 0x0080, 0x7F7F, 0x7F80, 0xFF80, 0x7FC0, 0xFFC1, 0x3F80, 0xC049],
                 np.uint16, torch.bfloat16),
        "F16": ([0x0000, 0x8000, 0x0001, 0x83FF, 0x0400, 0x7BFF, 0x7C00, 0xFC00, 0x7E00, 0xFE01, 0x3C00, 0xC248],
                np.uint16, torch.float16),
    }
    tensors = {}
    for name, (bits, unsigned, dtype) in patterns.items():
        raw = np.array(bits, dtype=unsigned)
        signed = raw.view(np.int32 if unsigned is np.uint32 else np.int16)
        values = torch.from_numpy(signed).view(dtype).reshape(3, 4)
        tensors[name] = values
        # Quiet NaNs only, so numpy and torch keep the bits on every processor.
        tensors[name + ".bits"] = values.to(torch.float32).view(torch.int32).clone()
    save_file(tensors, str(file), metadata={"format": "pt", "note": "special values"})


def main(target):
    target.mkdir(parents=True, exist_ok=True)
    save_model(target / "gemma-f32", GEMMA, torch.float32)
    save_model(target / "gemma-f16-untied", GEMMA, torch.float16, tied=False)
    save_model(target / "gemma2-bf16-sharded", GEMMA2, torch.bfloat16, shard_size="4KB")
    resave_configs(target / "configs")
    widening(target / "widening.txt")
    special(target / "special.safetensors")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
