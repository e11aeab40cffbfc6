"""Writes checkpoints of `goldens` once more as big_vision stores them: one NumPy archive each.

    python make_goldens.py GOLDEN_FOLDER OUTPUT_FOLDER [--converters FOLDER]

GOLDEN_FOLDER is paligemma-core/src/test/resources/golden, OUTPUT_FOLDER paligemma-core/src/test/resources/big-vision.
Every number of model.safetensors appears in the archive with the same bits, so that both files are one model.

--converters names a folder with convert_paligemma_weights_to_hf.py and convert_paligemma2_weights_to_hf.py of the
transformers repository, version 4.57 (src/transformers/models/paligemma; the published packages leave them out).
Their own slice_state_dict is run on the archives, and must give the tensors of model.safetensors again. The converter
for PaliGemma 1 knows one key/value head and heads * head_dim = width, so it is run on archives made of networks of that
shape, which are not kept; the others are compared with the converter for PaliGemma 2, whose formulas are the same but
for the names of the norms.
Pinned versions: ../requirements.txt.
"""

import argparse
import ast
import json
import tempfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import torch
from safetensors.torch import load_file

CASES = ["pg1-mqa-fp32", "pg1-gqa-bf16", "pg1-minimal-fp16", "pg2-fewer-rows"]


def canonical(name):
    name = name.removeprefix("model.").replace("vision_tower.vision_model.", "vision_tower.")
    return name.replace("language_model.model.", "language_model.")


def bits(tensor):
    """NumPy has no bfloat16: its bits, as two bytes without a meaning, are what jax leaves in an archive."""
    if tensor.dtype == torch.bfloat16:
        return tensor.contiguous().view(torch.int16).numpy().view("V2")
    return tensor.contiguous().numpy()


def archive(weights, config):
    """The arrays of big_vision, by the inverse of what the converters of transformers do."""
    vision, text = config["vision_config"], config["text_config"]
    heads, width = vision["num_attention_heads"], vision["hidden_size"]
    text_heads, kv_heads = text["num_attention_heads"], text["num_key_value_heads"]
    layers = range(text["num_hidden_layers"])
    blocks = range(vision["num_hidden_layers"])

    def stack(pattern, numbers, change=lambda w: w):
        return torch.stack([change(weights[pattern.format(i)]) for i in numbers])

    def per_head(count):
        """[heads * h, D] as [heads, D, h]."""
        return lambda w: w.reshape(count, -1, w.shape[1]).transpose(1, 2)

    arrays = {
        "img/embedding/kernel": weights["vision_tower.embeddings.patch_embedding.weight"].permute(2, 3, 1, 0),
        "img/embedding/bias": weights["vision_tower.embeddings.patch_embedding.bias"],
        "img/pos_embedding": weights["vision_tower.embeddings.position_embedding.weight"][None],
        "img/Transformer/encoder_norm/scale": weights["vision_tower.post_layernorm.weight"],
        "img/Transformer/encoder_norm/bias": weights["vision_tower.post_layernorm.bias"],
        "img/head/kernel": weights["multi_modal_projector.linear.weight"].T,
        "img/head/bias": weights["multi_modal_projector.linear.bias"],
        "llm/embedder/input_embedding": weights["language_model.embed_tokens.weight"],
        "llm/final_norm/scale": weights["language_model.norm.weight"],
    }
    block = "img/Transformer/encoderblock/"
    layer = "vision_tower.encoder.layers.{}."
    for number in range(2):
        for ours, theirs in (("weight", "scale"), ("bias", "bias")):
            arrays[f"{block}LayerNorm_{number}/{theirs}"] = stack(f"{layer}layer_norm{number + 1}.{ours}", blocks)
        dense = f"{block}MlpBlock_0/Dense_{number}/"
        arrays[dense + "kernel"] = stack(f"{layer}mlp.fc{number + 1}.weight", blocks, lambda w: w.T)
        arrays[dense + "bias"] = stack(f"{layer}mlp.fc{number + 1}.bias", blocks)
    attention = block + "MultiHeadDotProductAttention_0/"
    for part in ("query", "key", "value"):
        projection = f"{layer}self_attn.{part[0]}_proj."
        arrays[f"{attention}{part}/kernel"] = stack(
            projection + "weight", blocks, lambda w: w.T.reshape(width, heads, -1)
        )
        arrays[f"{attention}{part}/bias"] = stack(projection + "bias", blocks, lambda w: w.reshape(heads, -1))
    arrays[attention + "out/kernel"] = stack(
        f"{layer}self_attn.out_proj.weight", blocks, lambda w: w.T.reshape(heads, -1, width)
    )
    arrays[attention + "out/bias"] = stack(f"{layer}self_attn.out_proj.bias", blocks)

    layer = "language_model.layers.{}."
    arrays["llm/layers/attn/q_einsum/w"] = stack(f"{layer}self_attn.q_proj.weight", layers, per_head(text_heads))
    arrays["llm/layers/attn/kv_einsum/w"] = torch.stack(
        [stack(f"{layer}self_attn.{part}_proj.weight", layers, per_head(kv_heads)) for part in "kv"], dim=1
    )
    arrays["llm/layers/attn/attn_vec_einsum/w"] = stack(
        f"{layer}self_attn.o_proj.weight", layers, lambda w: w.T.reshape(text_heads, -1, w.shape[0])
    )
    arrays["llm/layers/mlp/gating_einsum"] = torch.stack(
        [stack(f"{layer}mlp.{part}_proj.weight", layers, lambda w: w.T) for part in ("gate", "up")], dim=1
    )
    arrays["llm/layers/mlp/linear"] = stack(f"{layer}mlp.down_proj.weight", layers, lambda w: w.T)
    norms = {"pre_attention_norm": "input_layernorm", "pre_ffw_norm": "post_attention_layernorm"}
    if text["model_type"] == "gemma2":
        norms = {
            "pre_attention_norm": "input_layernorm",
            "post_attention_norm": "post_attention_layernorm",
            "pre_ffw_norm": "pre_feedforward_layernorm",
            "post_ffw_norm": "post_feedforward_layernorm",
        }
    for theirs, ours in norms.items():
        arrays[f"llm/layers/{theirs}/scale"] = stack(f"{layer}{ours}.weight", layers)
    return {"params/" + name: bits(array) for name, array in arrays.items()}


def slice_state_dict(file):
    """That function of a converter and nothing else of it, which would need jax."""
    tree = ast.parse(file.read_text())
    found = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "slice_state_dict"]
    names = {"torch": torch, "np": np, "jnp": SimpleNamespace(bfloat16=None)}
    exec(compile(ast.Module(found, []), str(file), "exec"), names)
    return names["slice_state_dict"]


def compare(npz, weights, config, function):
    """Runs a converter on an archive; integers stand for the bits of bfloat16, which it only moves."""
    arrays = {}
    with np.load(npz) as stored:
        for name in stored.files:
            array = stored[name]
            arrays[name.removeprefix("params/")] = array.view(np.int16) if array.dtype.kind == "V" else array
    vision, text = config["vision_config"], config["text_config"]
    gemma = text["model_type"] == "gemma"
    general = "post_attention_norm" in function.__code__.co_consts.__repr__()
    if gemma and general:
        # The converter for PaliGemma 2 on PaliGemma 1: the only other norm is in the place of another one.
        scale = arrays["llm/layers/pre_ffw_norm/scale"]
        arrays["llm/layers/post_attention_norm/scale"] = scale
        arrays["llm/layers/post_ffw_norm/scale"] = scale
    names = SimpleNamespace(vision_config=SimpleNamespace(**vision), text_config=SimpleNamespace(**text))
    converted = {canonical(name): tensor for name, tensor in function(arrays, names).items()}
    count = 0
    for name, tensor in converted.items():
        if name == "language_model.lm_head.weight" or (gemma and "feedforward" in name):
            continue
        weight = weights[name]
        expected = weight.view(torch.int16) if weight.dtype == torch.bfloat16 else weight
        assert torch.equal(torch.as_tensor(tensor), expected), name
        count += 1
    return count


def completed(config):
    """What config.json leaves to the defaults of transformers."""
    defaults = {"num_attention_heads": 8, "head_dim": 256}
    return config | {"text_config": defaults | config["text_config"]}


def square_network(weights_of, config):
    """Random weights of PaliGemma 1 with one key/value head and heads * head_dim = width."""
    text = config["text_config"]
    text = text | {"num_key_value_heads": 1, "head_dim": text["hidden_size"] // text["num_attention_heads"]}
    generator = torch.Generator().manual_seed(3)
    width = text["hidden_size"]
    shapes = {"q_proj": (width, width), "o_proj": (width, width)}
    shapes |= dict.fromkeys(("k_proj", "v_proj"), (text["head_dim"], width))
    weights = dict(weights_of)
    for name in weights:
        part = name.split(".")[-2]
        if name.startswith("language_model.") and part in shapes:
            weights[name] = torch.randn(shapes[part], generator=generator)
    return weights, config | {"text_config": text}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("golden", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--converters", type=Path)
    arguments = parser.parse_args()
    for case in CASES:
        folder = arguments.golden / case
        config = completed(json.loads((folder / "config.json").read_text()))
        weights = {canonical(name): tensor for name, tensor in load_file(folder / "model.safetensors").items()}
        out = arguments.output / case
        out.mkdir(parents=True, exist_ok=True)
        file = out / "checkpoint.npz"
        np.savez(file, **archive(weights, config))
        print(case, file.stat().st_size, "bytes")
        if not arguments.converters:
            continue
        second = slice_state_dict(arguments.converters / "convert_paligemma2_weights_to_hf.py")
        print("  the same", compare(file, weights, config, second), "tensors after the converter for PaliGemma 2")
        if config["text_config"]["model_type"] == "gemma":
            first = slice_state_dict(arguments.converters / "convert_paligemma_weights_to_hf.py")
            weights, config = square_network(weights, config)
            with tempfile.TemporaryDirectory() as temporary:
                square = Path(temporary) / "square.npz"
                np.savez(square, **archive(weights, config))
                print("  the same", compare(square, weights, config, first), "tensors after the converter for PaliGemma 1")


if __name__ == "__main__":
    main()
