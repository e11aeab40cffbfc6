"""Makes the golden files for weights that bitsandbytes quantised.

    python make_goldens.py --weights FOLDER --checkpoints FOLDER

--weights receives single weights and what bitsandbytes says they stand for; --checkpoints receives tiny checkpoints,
saved by transformers with a BitsAndBytesConfig, and what transformers answers with the dequantised weights in float32.
Pinned versions: ../requirements.txt.
"""

import argparse
import json
import shutil
import sys
import tempfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path

import bitsandbytes
import bitsandbytes.functional as functional
import torch
import torch._dynamo
import transformers
from safetensors.torch import load_file, save_file
from transformers import BitsAndBytesConfig, PaliGemmaForConditionalGeneration

import layout

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "goldens"))
import checkpoints
import make_goldens as goldens
import recording
import tiny_tokenizer
from tiny_models import Scales, Shape, random_model

# ---- single weights -----------------------------------------------------------------------------------------------


def int8_weight(out, into, dtype, generator):
    layer = bitsandbytes.nn.Linear8bitLt(into, out, bias=False, has_fp16_weights=False)
    layer.weight.data = (0.05 * torch.randn(out, into, generator=generator)).to(dtype)
    return dict(layer.to("cpu").state_dict()) if layer.weight.CB is not None else _quantised_on_cpu(layer)


def _quantised_on_cpu(layer):
    layer.weight = layer.weight._quantize("cpu")
    return dict(layer.state_dict())


def weight_in_4_bits(out, into, dtype, generator, kind, nested=False, blocksize=64, storage=torch.uint8):
    values = (0.05 * torch.randn(out, into, generator=generator)).to(dtype)
    packed, state = functional.quantize_4bit(
        values, quant_type=kind, compress_statistics=nested, blocksize=blocksize, quant_storage=storage
    )
    # The names that Linear4bit gives in its state_dict.
    return {"weight": packed} | {f"weight.{name}": part for name, part in state.as_dict(packed=True).items()}


def write_weights(folder: Path):
    generator = torch.Generator().manual_seed(1)
    f32, bf16, f16 = torch.float32, torch.bfloat16, torch.float16
    weights = {
        "int8": int8_weight(33, 70, f16, generator),
        "nf4": weight_in_4_bits(48, 96, f32, generator, "nf4"),
        "nf4-bfloat16": weight_in_4_bits(40, 72, bf16, generator, "nf4"),
        "nf4-nested": weight_in_4_bits(150, 150, bf16, generator, "nf4", nested=True),
        "nf4-odd": weight_in_4_bits(5, 27, f32, generator, "nf4"),
        "nf4-large-blocks": weight_in_4_bits(33, 70, f16, generator, "nf4", blocksize=2048),
        "nf4-stored-bfloat16": weight_in_4_bits(32, 48, bf16, generator, "nf4", storage=bf16),
        "fp4": weight_in_4_bits(20, 100, f32, generator, "fp4", blocksize=128),
        "fp4-nested": weight_in_4_bits(130, 130, f16, generator, "fp4", nested=True),
    }
    stored, expected = {}, {}
    for name, tensors in weights.items():
        stored |= {f"{name}.{part}": tensor.contiguous() for part, tensor in tensors.items()}
        expected[f"{name}.weight"] = layout.dequantised(tensors).float().contiguous()
    folder.mkdir(parents=True, exist_ok=True)
    save_file(stored, folder / "weights.safetensors")
    save_file(expected, folder / "expected.safetensors")


# ---- checkpoints --------------------------------------------------------------------------------------------------


@dataclass
class Case:
    name: str
    about: str
    shape: Shape
    dtype: torch.dtype
    config: dict
    requests: list = field(default_factory=lambda: goldens.PLAIN[:3])
    shard_size: str = "1GB"
    scales: Scales = field(default_factory=Scales)
    needs_stop: bool = False
    stop_ids: tuple = (tiny_tokenizer.EOS,)
    ignored_stop: int = None


def cases():
    # Rows that are not a multiple of the block size, matrices that are not either.
    pg1 = Shape("gemma", vision_width=24, vision_mlp=40, width=24, mlp=56, heads=2, head_dim=20)
    pg2 = Shape("gemma2", vision_width=24, vision_mlp=40, width=24, mlp=56, heads=2, head_dim=20, query_scalar=20)
    four = {"load_in_4bit": True}
    return [
        Case("pg1-int8", "8 bits, from float16", pg1, torch.float16, {"load_in_8bit": True}),
        Case(
            "pg2-int8",
            "8 bits, from bfloat16, one projection left out, scales in other shards than codes",
            pg2,
            torch.bfloat16,
            {"load_in_8bit": True, "llm_int8_skip_modules": ["lm_head", "o_proj"]},
            shard_size="20KB",
        ),
        Case("pg1-nf4", "nf4, from bfloat16", pg1, torch.bfloat16, four | {"bnb_4bit_quant_type": "nf4"}),
        Case(
            "pg2-nf4-nested",
            "nf4 with quantised scales, from float32, scales in other shards than codes",
            pg2,
            torch.float32,
            four | {"bnb_4bit_quant_type": "nf4", "bnb_4bit_use_double_quant": True},
            shard_size="20KB",
        ),
        Case(
            "pg1-fp4-nested",
            "fp4 with quantised scales, from bfloat16, codes stored as bfloat16",
            pg1,
            torch.bfloat16,
            four | {"bnb_4bit_use_double_quant": True, "bnb_4bit_quant_storage": torch.bfloat16},
        ),
    ]


def quantise(case: Case, seed: int, folder: Path, base: Path):
    """Writes the checkpoint as a user does: loads the floats with a BitsAndBytesConfig, saves."""
    model = random_model(case.shape, case.scales, seed, case.dtype)
    checkpoints.write(
        base, model, case.shape, case.dtype, "saved", "saved", None, False, case.stop_ids, case.ignored_stop
    )
    quantised = PaliGemmaForConditionalGeneration.from_pretrained(
        base, quantization_config=BitsAndBytesConfig(**case.config), device_map="cpu", dtype=case.dtype
    )
    quantised.save_pretrained(folder, max_shard_size=case.shard_size)
    for name in ("tokenizer.json", "tokenizer_config.json", "preprocessor_config.json", "generation_config.json"):
        shutil.copyfile(base / name, folder / name)


def dequantise(folder: Path, into: Path, rounded: bool = False):
    """Writes the same checkpoint without quantisation, in float32."""
    tensors = {}
    for file in sorted(folder.glob("model*.safetensors")):
        tensors |= load_file(file)
    result = {name: tensor.float() for name, tensor in tensors.items()}
    modules = layout.modules(tensors)
    if not modules:
        raise AssertionError("nothing is quantised")
    for prefix, parts in modules.items():
        for name in parts:
            del result[prefix + name]
        dtype = torch.float32
        if rounded:
            state = next(tensor for name, tensor in parts.items() if name.startswith(layout.STATE))
            dtype = getattr(torch, json.loads(bytes(state.numpy()))["dtype"])
        result[prefix + "weight"] = layout.dequantised(parts, dtype).float().contiguous()
    into.mkdir(parents=True, exist_ok=True)
    save_file(result, into / "model.safetensors", metadata={"format": "pt"})
    config = json.loads((folder / "config.json").read_text())
    del config["quantization_config"]
    (into / "config.json").write_text(json.dumps(config))
    for name in ("tokenizer.json", "tokenizer_config.json", "preprocessor_config.json", "generation_config.json"):
        shutil.copyfile(folder / name, into / name)
    return modules


def load(folder: Path):
    model, loading = PaliGemmaForConditionalGeneration.from_pretrained(
        folder, dtype=torch.float32, attn_implementation="eager", output_loading_info=True
    )
    if loading["missing_keys"] or loading["unexpected_keys"] or loading["mismatched_keys"]:
        raise AssertionError(f"{folder}: {loading}")
    return model.eval()


def attempt(case: Case, seed: int, folder: Path, temporary: Path):
    quantise(case, seed, folder, temporary / "base")
    dequantise(folder, temporary / "floats")
    model = load(temporary / "floats")
    processor = recording.load_processor(folder)
    results = []
    for request in case.requests:
        results.append(recording.run(model, processor, folder, request, case.stop_ids))
        if goldens.why_unusable_alone(results[-1]):
            return None
    if goldens.why_unusable(case, results):
        return None
    for result in results:
        recording.check_generate_agrees(model, processor, folder, result)
    return results


def report_rounding(case: Case, folder: Path, temporary: Path, results):
    """How far the answer moves when weights are rounded to the type they had before, as the library's layers do."""
    dequantise(folder, temporary / "rounded", rounded=True)
    model, processor = load(temporary / "rounded"), recording.load_processor(folder)
    worst = 0.0
    for result in results:
        other = recording.run(model, processor, folder, result.request, case.stop_ids)
        for token, again, a, b in zip(
            result.token_ids, other.token_ids, result.log_probabilities, other.log_probabilities
        ):
            if token != again:
                break
            worst = max(worst, abs(a - b))
    print(f"    weights rounded to {case.dtype}: log-probabilities move by up to {worst:.1e}")


def make(case: Case, root: Path):
    folder = root / case.name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    first = zlib.crc32(case.name.encode()) % 1000 * 1000
    for index, name in enumerate(sorted({n for request in case.requests for n in request.images})):
        goldens.write_image(folder / name, first + index)
    for seed in range(first, first + goldens.SEEDS_PER_CASE):
        with tempfile.TemporaryDirectory() as temporary:
            for stale in folder.glob("model*"):
                stale.unlink()
            results = attempt(case, seed, folder, Path(temporary))
            if results is None:
                continue
            if "load_in_4bit" in case.config:
                report_rounding(case, folder, Path(temporary), results)
        break
    else:
        raise AssertionError(f"{case.name}: no usable seed")
    document = {
        "case": case.name,
        "about": case.about,
        "family": case.shape.family,
        "weightsSeed": seed,
        "reference": {
            "transformers": transformers.__version__,
            "torch": torch.__version__.split("+")[0],
            "bitsandbytes": bitsandbytes.__version__,
        },
        "imageTokenId": tiny_tokenizer.IMAGE,
        "stopTokenIds": list(case.stop_ids),
        "requests": [result.as_json(tiny_tokenizer.IMAGE) for result in results],
    }
    (folder / "golden.json").write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    size = sum(file.stat().st_size for file in folder.iterdir())
    print(f"{case.name}: {size // 1024} KiB, seed {seed} (+{seed - first})")
    for result in results:
        print(f"    {result.request.prompt!r} -> {result.text!r}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", type=Path, help="folder that receives single weights")
    parser.add_argument("--checkpoints", type=Path, help="folder that receives one folder per case")
    parser.add_argument("--case", action="append", help="only this checkpoint (may be repeated)")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    torch._dynamo.config.disable = True
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    if arguments.weights:
        write_weights(arguments.weights)
    if arguments.checkpoints:
        for case in cases():
            if not arguments.case or case.name in arguments.case:
                make(case, arguments.checkpoints)


if __name__ == "__main__":
    main()
