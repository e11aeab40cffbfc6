"""Makes golden adapters: small PEFT adapter folders and what peft and transformers compute with them.

    python make_goldens.py --golden GOLDEN --out FOLDER                all cases, always the same
    python make_goldens.py --golden GOLDEN --out FOLDER --case NAME    one of them

GOLDEN holds the checkpoints that ../goldens/make_goldens.py made, which are the base models. What the files contain: README.md beside this
script. Pinned versions: ../requirements.txt.
"""

import argparse
import copy
import json
import re
import shutil
import sys
import time
import warnings
import zlib
from dataclasses import dataclass, field
from pathlib import Path

import peft
import torch
import transformers
from peft import LoraConfig, PeftModel, get_peft_model
from peft.tuners.tuners_utils import BaseTunerLayer
from safetensors.torch import load_file, save_file
from transformers import PaliGemmaForConditionalGeneration

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "goldens"))
import recording  # noqa: E402
import tiny_tokenizer  # noqa: E402

SMALLEST_MARGIN = 0.01
SEEDS_PER_CASE = 200
REQUESTS = 2
LARGE_TABLE_ROWS = 1000  # of merged tables with more rows only every ROW_STEP-th row is stored
ROW_STEP = 41
RECORDED = ("projector", "prefill.norm", "prefill.logits", "decode0.logits")
ALL_PROJECTIONS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


@dataclass
class Case:
    name: str
    about: str
    base: str
    options: dict
    dtype: torch.dtype = torch.float32  # of the file of the adapter
    merge_dtype: torch.dtype = torch.float32  # of the model that peft merges into
    noise: float = 1.0
    renamings: dict = field(default_factory=dict)  # name of a further case -> what is done to its keys


def cases():
    return [
        Case(
            "projections",
            "the usual list of projections, which also meets those of the image encoder",
            "pg2-gqa",
            dict(r=4, lora_alpha=8, target_modules=ALL_PROJECTIONS),
        ),
        Case(
            "patterns",
            "ranks and alphas by suffix and by regular expression; the first pattern that matches counts",
            "pg1-mqa-fp32",
            dict(
                r=4,
                lora_alpha=8,
                target_modules=["q_proj", "v_proj", "gate_proj"],
                rank_pattern={r"layers.1.self_attn.q_proj": 2, r"vision_tower.*v_proj": 3},
                alpha_pattern={r"q_proj": 6, r"layers\.[02]\.mlp\.gate_proj": 12, r".*(k|v)_proj": 5},
            ),
            renamings={
                "names-first": ("names of transformers up to 4.51", to_first_names),
                "names-second": ("names of transformers 4.52 to 4.57", to_second_names),
                "names-adapter": ("the adapter's name in every key", to_adapter_names),
            },
        ),
        Case(
            "rslora",
            "scale alpha / sqrt(r)",
            "pg1-mqa-fp32",
            dict(r=8, lora_alpha=4, use_rslora=True, target_modules=["q_proj", "down_proj", "fc2"]),
        ),
        Case(
            "dora",
            "DoRA on projections of both towers and on the patch convolution",
            "pg2-gqa",
            dict(
                r=4,
                lora_alpha=8,
                use_dora=True,
                target_modules=["q_proj", "k_proj", "down_proj", "fc1", "patch_embedding", "linear"],
            ),
            noise=0.5,
            renamings={"dora-older": ("DoRA with the older .weight in the keys", to_older_dora_names)},
        ),
        Case(
            "dora-embedding",
            "DoRA on the token embedding and the position embedding",
            "pg1-names-g2",
            dict(r=3, lora_alpha=6, use_dora=True, target_modules=["embed_tokens", "position_embedding", "v_proj"]),
            dtype=torch.bfloat16,
            noise=0.5,
        ),
        Case(
            "embedding",
            "LoRA on the token embedding of a tied model, with the copy of the table that peft adds",
            "pg1-sharded",
            dict(r=4, lora_alpha=8, target_modules=["embed_tokens", "o_proj"]),
        ),
        Case(
            "embedding-tied",
            "the same with ensure_weight_tying: the head changes with the embedding",
            "pg1-names-g2",
            dict(r=4, lora_alpha=8, target_modules=["embed_tokens", "o_proj"], ensure_weight_tying=True),
            dtype=torch.bfloat16,
            noise=0.5,
        ),
        Case(
            "head",
            "LoRA on the output head of a tied model",
            "pg2-names-g1",
            dict(r=4, lora_alpha=8, target_modules=["lm_head", "v_proj"]),
            dtype=torch.bfloat16,
            noise=0.5,
        ),
        Case(
            "saved-projector",
            "modules_to_save: the projector",
            "pg1-mqa-fp32",
            dict(r=4, lora_alpha=8, target_modules=["q_proj"], modules_to_save=["multi_modal_projector"]),
            renamings={"saved-older": ("the wrapper's and the adapter's name in the keys", to_older_saved_names)},
        ),
        Case(
            "saved-norms",
            "modules_to_save: norms of every kind, and a projection",
            "pg2-gqa",
            dict(
                r=4,
                lora_alpha=8,
                target_modules=["q_proj"],
                modules_to_save=[
                    "input_layernorm",
                    "post_feedforward_layernorm",
                    "norm",
                    "layer_norm1",
                    "post_layernorm",
                    "fc1",
                    "o_proj",
                ],
            ),
        ),
        Case(
            "saved-embeddings",
            "modules_to_save: the token embedding and the position embedding",
            "pg1-sharded",
            dict(
                r=2,
                lora_alpha=4,
                target_modules=["v_proj"],
                modules_to_save=["embed_tokens", "position_embedding", "patch_embedding"],
            ),
            dtype=torch.bfloat16,
        ),
        Case(
            "saved-head",
            "modules_to_save: the head of a tied model",
            "pg1-names-g2",
            dict(r=2, lora_alpha=4, target_modules=["v_proj"], modules_to_save=["lm_head"]),
            dtype=torch.bfloat16,
            noise=0.5,
        ),
        Case(
            "saved-embedding-tied",
            "modules_to_save: the token embedding with ensure_weight_tying",
            "pg1-names-g2",
            dict(
                r=2,
                lora_alpha=4,
                target_modules=["v_proj"],
                modules_to_save=["embed_tokens"],
                ensure_weight_tying=True,
            ),
            dtype=torch.bfloat16,
            noise=0.5,
        ),
        Case(
            "bias-all",
            "bias=all: every bias of the model is trained",
            "pg1-mqa-fp32",
            dict(r=4, lora_alpha=8, target_modules=["q_proj", "v_proj"], bias="all"),
        ),
        Case(
            "bias-lora-only",
            "bias=lora_only",
            "pg1-mqa-fp32",
            dict(r=4, lora_alpha=8, target_modules=["q_proj", "fc2"], bias="lora_only"),
        ),
        Case(
            "lora-bias",
            "lora_bias: a bias of B, on layers that have one of their own",
            "pg1-mqa-fp32",
            dict(r=4, lora_alpha=6, target_modules=r".*vision_tower.*(q_proj|fc1)", lora_bias=True),
        ),
        Case(
            "lora-bias-text",
            "lora_bias on layers without a bias, which peft cannot merge",
            "pg1-mqa-fp32",
            dict(r=4, lora_alpha=6, target_modules=["gate_proj", "o_proj"], lora_bias=True),
        ),
        Case(
            "patch-embedding",
            "LoRA on the patch convolution and on the position embedding",
            "pg1-mqa-fp32",
            dict(r=4, lora_alpha=8, target_modules=["patch_embedding", "position_embedding"]),
        ),
        Case(
            "all-linear",
            "target_modules=all-linear",
            "pg1-mqa-fp32",
            dict(r=2, lora_alpha=4, target_modules="all-linear"),
            noise=0.7,
        ),
        Case(
            "regex",
            "target_modules as a regular expression: two layers of the text model",
            "pg2-gqa",
            dict(r=4, lora_alpha=8, target_modules=r".*language_model\.layers\.[13]\..*(q_proj|up_proj)"),
        ),
        Case(
            "tokens",
            "trainable_token_indices on a tied model: rows of the embedding, and with them of the head",
            "pg1-mqa-fp32",
            dict(r=2, lora_alpha=4, target_modules=["v_proj"], trainable_token_indices=[2, 287, 300, 328, 1476]),
        ),
        Case(
            "bfloat16-base",
            "a base in bfloat16, into which the merged weights are rounded",
            "pg2-narrow",
            dict(r=4, lora_alpha=8, target_modules=ALL_PROJECTIONS + ["fc1", "linear"]),
            merge_dtype=torch.bfloat16,
        ),
        Case(
            "float16-base",
            "a base in float16",
            "pg1-minimal-fp16",
            dict(r=2, lora_alpha=4, target_modules=["v_proj", "fc2"], use_dora=True),
            merge_dtype=torch.float16,
            noise=0.5,
        ),
    ]


# ---- other spellings of the keys ----------------------------------------------------------------------------------


def to_first_names(key):
    key = key.replace("base_model.model.model.", "base_model.model.", 1)
    key = key.replace(".vision_tower.", ".vision_tower.vision_model.", 1)
    return key.replace(".language_model.", ".language_model.model.", 1)


def to_second_names(key):
    return key.replace(".vision_tower.", ".vision_tower.vision_model.", 1)


def to_adapter_names(key):
    return re.sub(r"\.(lora_[AB])\.weight$", r".\1.task.weight", key)


def to_older_dora_names(key):
    return re.sub(r"\.lora_magnitude_vector$", ".lora_magnitude_vector.weight", key)


def to_older_saved_names(key):
    return key.replace(".multi_modal_projector.linear.", ".multi_modal_projector.modules_to_save.default.linear.")


# ---- models -------------------------------------------------------------------------------------------------------


def load_base(folder: Path, dtype=torch.float32):
    return PaliGemmaForConditionalGeneration.from_pretrained(folder, dtype=dtype, attn_implementation="eager").eval()


def randomise(model, seed, noise):
    """Moves every trainable parameter away from where it starts."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in sorted(model.named_parameters()):
            if not parameter.requires_grad:
                continue
            values = torch.randn(parameter.shape, generator=generator)
            if "lora_magnitude_vector" in name:
                parameter.mul_(1 + 0.3 * noise * values)
            elif "lora_embedding_A" in name:
                parameter.copy_(0.4 * noise * values)
            elif "lora_embedding_B" in name:
                parameter.copy_(0.3 * noise * values)
            elif "lora_A" in name:
                parameter.copy_(noise * values / parameter[0].numel() ** 0.5)
            elif "lora_B" in name:
                parameter.copy_(0.4 * noise * values)
            elif "trainable_tokens" in name:
                parameter.add_(0.5 * noise * parameter.std() * values)
            else:
                parameter.add_(0.3 * noise * (parameter.std() if parameter.dim() > 1 else 1.0) * values)


def requests_of(base: Path):
    document = json.loads((base / "golden.json").read_text(encoding="utf-8"))
    chosen, prompts = [], set()
    for request in document["requests"]:
        key = (request["prompt"], tuple(request["images"]))
        if request["prompt"] and key not in prompts and len(chosen) < REQUESTS:
            prompts.add(key)
            chosen.append((recording.Request(request["prompt"], request["images"], 8), request["tokenIds"][:8]))
    return chosen, document["stopTokenIds"]


def why_unusable(results, base_tokens):
    for result, before in zip(results, base_tokens):
        if min(result.margins) < SMALLEST_MARGIN:
            return "margin"
        odd = {tiny_tokenizer.PAD, tiny_tokenizer.BOS, tiny_tokenizer.UNK, tiny_tokenizer.MASK}
        if any(i in odd or i >= tiny_tokenizer.IMAGE for i in result.token_ids) or "\ufffd" in result.text:
            return "special or broken text"
        if len(result.token_ids) < 2:
            return "too short"
        if result.token_ids == before:
            return "as without the adapter"
    return None


def make(case: Case, golden: Path, root: Path):
    started = time.time()
    base = golden / case.base
    requests, stop_ids = requests_of(base)
    processor = recording.load_processor(base)
    first_seed = zlib.crc32(case.name.encode()) % 1000 * 1000
    reasons = {}
    for seed in range(first_seed, first_seed + SEEDS_PER_CASE):
        folder = root / case.name
        if folder.exists():
            shutil.rmtree(folder)
        model = get_peft_model(load_base(base), LoraConfig(**case.options)).eval()
        randomise(model, seed, case.noise)
        save(model, folder, case)
        model = PeftModel.from_pretrained(load_base(base), folder).eval()
        inner = model.base_model.model
        results = [recording.run(inner, processor, base, request, stop_ids) for request, _ in requests]
        problem = why_unusable(results, [tokens for _, tokens in requests])
        if problem is None:
            break
        reasons[problem] = reasons.get(problem, 0) + 1
    else:
        raise AssertionError(f"{case.name}: no usable seed: {reasons}")
    tensors = recording.record_tensors(inner, processor, base, requests[0][0], RECORDED)
    tensors |= merged(case, base, folder)
    save_file(tensors, folder / "golden.safetensors")
    document = {
        "case": case.name,
        "about": case.about,
        "base": case.base,
        "seed": seed,
        "reference": {
            "peft": peft.__version__,
            "transformers": transformers.__version__,
            "torch": torch.__version__.split("+")[0],
        },
        "requests": [result.as_json(tiny_tokenizer.IMAGE) for result in results],
    }
    write_json(folder / "golden.json", document)
    for name, (about, rename) in case.renamings.items():
        other = root / name
        if other.exists():
            shutil.rmtree(other)
        shutil.copytree(folder, other)
        adapter = load_file(other / "adapter_model.safetensors")
        renamed = {rename(key): tensor for key, tensor in adapter.items()}
        if renamed.keys() == adapter.keys():
            raise AssertionError(f"{name}: nothing is renamed")
        save_file(renamed, other / "adapter_model.safetensors", metadata={"format": "pt"})
        (other / "golden.safetensors").unlink()
        write_json(other / "golden.json", document | {"case": name, "about": about, "sameAs": case.name})
    size = sum(f.stat().st_size for f in folder.iterdir())
    print(f"{case.name}: {size // 1024} KiB, seed {seed} (+{seed - first_seed}), {time.time() - started:.0f} s")
    for result in results:
        print(f"    {result.request.prompt!r} -> {result.text!r} {'length' if result.stop_id is None else 'eos'}")


def save(model, folder, case):
    model.save_pretrained(folder)
    (folder / "README.md").unlink(missing_ok=True)
    file = folder / "adapter_model.safetensors"
    if case.dtype != torch.float32:
        adapter = {key: tensor.to(case.dtype) for key, tensor in load_file(file).items()}
        save_file(adapter, file, metadata={"format": "pt"})
    path = folder / "adapter_config.json"
    config = json.loads(path.read_text())
    config["base_model_name_or_path"] = case.base
    for name in ("target_modules", "modules_to_save", "exclude_modules"):
        if isinstance(config.get(name), list):
            config[name] = sorted(config[name])  # peft writes a set, in any order
    write_json(path, config)


def merged(case, base, folder):
    """The weights after peft has merged the adapter: of each kind of changed tensor the one of the last layer."""
    if case.options.get("lora_bias") and case.name.endswith("text"):
        return {}
    original = {canonical(n): t for n, t in load_base(base, case.merge_dtype).state_dict().items()}
    model = PeftModel.from_pretrained(load_base(base, case.merge_dtype), folder)
    if case.options.get("ensure_weight_tying") and "embed_tokens" in case.options["target_modules"]:
        # peft merges into the embedding and into the head, which here are one tensor, and so adds the change twice.
        table = model.get_input_embeddings()
        delta = table.get_delta_weight("default")
        return {
            f"merged.{name}.weight": (table.base_layer.weight + delta)[::ROW_STEP].detach().contiguous().clone()
            for name in ("language_model.embed_tokens", "lm_head")
        }
    result = model.merge_and_unload().state_dict()
    chosen = {}
    for name, tensor in result.items():
        name = canonical(name)
        if torch.equal(tensor, original[name]):
            continue
        if name == "lm_head.weight" and not head_is_meant(case):
            continue  # changed only because it shares its memory with the embedding
        if name == "language_model.embed_tokens.weight" and not embedding_is_meant(case):
            continue
        chosen[re.sub(r"\.\d+\.", ".N.", name)] = (name, tensor)
    if not chosen:
        raise AssertionError(f"{case.name}: nothing has changed")
    return {
        "merged." + name: (tensor[::ROW_STEP] if tensor.shape[0] > LARGE_TABLE_ROWS else tensor).contiguous().clone()
        for name, tensor in chosen.values()
    }


def head_is_meant(case):
    named = list(case.options["target_modules"]) + list(case.options.get("modules_to_save", []))
    tied = case.options.get("ensure_weight_tying") or "trainable_token_indices" in case.options
    return "lm_head" in named or tied


def embedding_is_meant(case):
    named = list(case.options["target_modules"]) + list(case.options.get("modules_to_save", []))
    return "embed_tokens" in named or "trainable_token_indices" in case.options


def canonical(name):
    return name.removeprefix("model.")


def write_json(path, document):
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--golden", type=Path, required=True, help="the folders that ../goldens/make_goldens.py made")
    parser.add_argument("--out", type=Path, required=True, help="folder that receives one folder per case")
    parser.add_argument("--case", action="append", help="only this case (may be repeated)")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    warnings.filterwarnings("ignore")
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    chosen = cases()
    unknown = set(arguments.case or []) - {case.name for case in chosen}
    if unknown:
        parser.error(f"unknown cases {sorted(unknown)}, known are {[case.name for case in chosen]}")
    for case in chosen:
        if not arguments.case or case.name in arguments.case:
            make(case, arguments.golden, arguments.out)


if __name__ == "__main__":
    main()
