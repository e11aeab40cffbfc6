"""Makes adapters in the files of mlx-vlm, and what transformers computes with their weights merged.

    python make_mlx.py --out FOLDER --bases BASES      paligemma-core/src/test/resources/mlx-adapters, .../resized/bases

The format is that of mlx-vlm's trainer/peft (lora_a, lora_b, m, lora_parameters) and, case "older", of its trainer/lora.py
(A, B, alpha). Merged is y = x W^T + scale (x A) B, for DoRA times m / |W + scale (A B)^T| by output.
"""

import argparse
import json
import shutil
import sys
import warnings
from pathlib import Path

import torch
import transformers
from safetensors.torch import save_file
from transformers import AutoTokenizer, PaliGemmaForConditionalGeneration, PaliGemmaProcessor
from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "goldens"))
import recording  # noqa: E402
import tiny_tokenizer  # noqa: E402

RANK = 3
SCALE = 1.7
Q = "language_model.model.layers.{}.self_attn.q_proj"
DOWN = "language_model.model.layers.{}.mlp.down_proj"
CASES = {
    "lora": dict(modules=[Q.format(0), Q.format(1), DOWN.format(1)], kind="lora"),
    "older": dict(modules=[Q.format(0), DOWN.format(0)], kind="older"),
    "dora": dict(modules=[Q.format(1), DOWN.format(0)], kind="dora"),
    "vision": dict(
        modules=["vision_tower.vision_model.encoder.layers.0.self_attn.v_proj", "multi_modal_projector.linear"], kind="lora"
    ),
    "embedding": dict(modules=["language_model.model.embed_tokens"], kind="lora"),
}


def module_of(model, name):
    path = name.replace("language_model.model.", "model.language_model.").replace("vision_model.", "")
    path = path if path.startswith("model.") else "model." + path
    return model.get_submodule(path)


def make(name, about, folder, base, seed):
    model = PaliGemmaForConditionalGeneration.from_pretrained(base, dtype=torch.float32, attn_implementation="eager").eval()
    generator = torch.Generator().manual_seed(seed)
    tensors = {}
    old = about["kind"] == "older"
    for module in about["modules"]:
        weight = module_of(model, module).weight
        rows, columns = weight.shape if "embed" not in module else weight.shape[::-1]
        a = torch.randn(columns, RANK, generator=generator) * (0.3 if "embed" in module else columns**-0.5)
        b = 0.4 * torch.randn(RANK, rows, generator=generator)
        change = SCALE * (a @ b)
        with torch.no_grad():
            weight.add_(change if "embed" in module else change.T)
            tensors |= {f"{module}.{'A' if old else 'lora_a'}": a, f"{module}.{'B' if old else 'lora_b'}": b}
            if about["kind"] == "dora":
                norm = weight.norm(dim=1)
                m = norm * (1 + 0.3 * torch.randn(norm.shape, generator=generator))
                weight.mul_((m / norm)[:, None])
                tensors[f"{module}.m"] = m
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    save_file(tensors, folder / "adapters.safetensors", metadata={"format": "mlx"})
    parameters = {"rank": RANK, "dropout": 0.1, "scale": SCALE, "keys": about["modules"]}
    config = {"fine_tune_type": about["kind"], "num_layers": -1, "lora_parameters": parameters}
    write_json(folder / "adapter_config.json", {"rank": RANK, "alpha": SCALE, "dropout": 0.1} if old else config)
    processor = PaliGemmaProcessor(SiglipImageProcessorPil.from_pretrained(base), AutoTokenizer.from_pretrained(base))
    result = recording.run(model, processor, base, recording.Request("caption en", ["a.png"], 6), {tiny_tokenizer.EOS})
    if min(result.margins) < 0.02 or len(result.token_ids) < 3:
        return False
    print(name, "seed", seed, repr(result.text))
    write_json(
        folder / "golden.json",
        {"case": name, "base": base.name, "reference": {"transformers": transformers.__version__},
         "requests": [result.as_json(tiny_tokenizer.IMAGE)]},
    )
    return True


def write_json(path, document):
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


parser = argparse.ArgumentParser()
parser.add_argument("--out", type=Path, required=True)
parser.add_argument("--bases", type=Path, required=True)
arguments = parser.parse_args()
warnings.filterwarnings("ignore")
transformers.logging.set_verbosity_error()
torch.set_num_threads(1)
for case, description in CASES.items():
    seed = 0
    while not make(case, description, arguments.out / case, arguments.bases / "padded", seed):
        seed += 1
