"""Tiny ColPali checkpoints with random weights, and the rows that transformers and colpali_engine give with them.

    python make_goldens.py --out ../../../paligemma-retrieval/src/test/resources/golden [--seed N]

hf-pg1          ColPaliForRetrieval on a PaliGemma, saved by this release of transformers
hf-pg2          the same on a PaliGemma 2, rows of 32 numbers, in the names inside of transformers since 4.52
engine-pg1      ColPali of colpali_engine on a PaliGemma, in the names of its published files
engine-adapter  a LoRA adapter for engine-pg1 with the published pattern of modules

Each folder has rows.json, which says what rows.f32 (little-endian) holds: pages, queries in both layouts. scores.f32 of
hf-pg1 has the scores of 200 pages for 5 queries. Attention is that of the versions that trained the published models:
over the whole query, which takes token_type_ids here.
"""

import argparse
import json
import math
import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

sys.path.insert(0, str(Path(__file__).parent.parent / "goldens"))
import checkpoints  # noqa: E402
import tiny_models  # noqa: E402
import tiny_tokenizer  # noqa: E402

from colpali_engine.models.paligemma.colpali.modeling_colpali import ColPali  # noqa: E402
from colpali_engine.models.paligemma.colpali.processing_colpali import (  # noqa: E402
    ColPaliProcessor as EngineProcessor,
)
from peft import LoraConfig, get_peft_model  # noqa: E402
from transformers import AutoTokenizer, ColPaliConfig, ColPaliForRetrieval, ColPaliProcessor  # noqa: E402
from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil  # noqa: E402

QUERIES = ["what is this", "the red cat", "Two dogs?", "", "answer  en\nline <loc0007> <pad>"]
PAGES = [(0, 56, 56), (2, 100, 70)]
SCORED = 200
PUBLISHED_TARGETS = (
    r"(.*(language_model).*(down_proj|gate_proj|up_proj|k_proj|q_proj|v_proj|o_proj).*$|.*(custom_text_proj).*$)"
)


def page(number: int, width: int, height: int) -> Image.Image:
    """Rectangles on white; Pages.java of the tests draws the same."""
    pixels = np.full((height, width, 3), 255, dtype=np.uint8)
    state = (number * 7919 + 17) & 0x7FFFFFFF

    def draw(bound):
        nonlocal state
        state = (state * 1103515245 + 12345) & 0x7FFFFFFF
        return (state >> 16) % bound

    for _ in range(6):
        left, top = draw(width), draw(height)
        right, bottom = min(width, left + 4 + draw(width // 2)), min(height, top + 4 + draw(height // 2))
        pixels[top:bottom, left:right] = [draw(256), draw(256), draw(256)]
    return Image.fromarray(pixels)


def projection(width: int, rows: int, seed: int):
    generator = torch.Generator().manual_seed(seed)
    weight = torch.randn((rows, width), generator=generator) / math.sqrt(width)
    return weight, torch.randn(rows, generator=generator) * 0.2


def write_processor(folder: Path, shape):
    tiny_tokenizer.write(folder, False)
    checkpoints.write_preprocessor(folder, shape, "converter")


def forms(folder: Path):
    """The processors of both libraries, with Pillow's resizing."""
    images = SiglipImageProcessorPil.from_pretrained(folder)
    return (
        ColPaliProcessor(images, AutoTokenizer.from_pretrained(folder)),
        EngineProcessor(images, AutoTokenizer.from_pretrained(folder)),
    )


def rows_of(model, inputs):
    inputs = dict(inputs)
    inputs.pop("labels", None)
    inputs["token_type_ids"] = torch.zeros_like(inputs["input_ids"])
    with torch.no_grad():
        out = model(**inputs)
    return (out if torch.is_tensor(out) else out.embeddings)[0].float()


def record(folder: Path, model, base: Path, name: str):
    """Rows of pages and queries, in both layouts."""
    entries, numbers = [], []

    def note(what, layout, text, inputs):
        rows = rows_of(model, inputs)
        again = rows_of(model, inputs)
        assert torch.equal(rows, again)
        entries.append(
            {
                "what": what,
                "layout": layout,
                "of": text,
                "ids": inputs["input_ids"][0].tolist(),
                "rows": rows.shape[0],
                "width": rows.shape[1],
            }
        )
        numbers.append(rows.numpy().astype("<f4").tobytes())

    for layout, processor in zip(("transformers", "colpali-engine"), forms(base)):
        for number, width, height in PAGES:
            note("page", layout, [number, width, height], processor.process_images([page(number, width, height)]))
        for query in QUERIES:
            if layout == "transformers":
                inputs = processor.process_queries([query])
            else:
                inputs = processor.process_queries(queries=[query])
            note("query", layout, query, inputs)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(entries, indent=1) + "\n")
    (folder / f"{name}.f32").write_bytes(b"".join(numbers))
    check_queries_see_all(model, base)


def check_queries_see_all(model, base: Path):
    """The first row must change with the last token."""
    processor = forms(base)[0]
    inputs = dict(processor.process_queries(["what is this"]))
    other = {key: value.clone() for key, value in inputs.items()}
    other["input_ids"][0, -1] = other["input_ids"][0, 3]
    difference = (rows_of(model, inputs)[0] - rows_of(model, other)[0]).abs().max()
    assert difference > 1e-3, difference


def hf(out: Path, name: str, shape, seed: int, rows: int, older: bool):
    folder = out / name
    plain = tiny_models.random_model(shape, tiny_models.Scales(), seed, torch.float32)
    config = ColPaliConfig(vlm_config=plain.config, embedding_dim=rows)
    model = ColPaliForRetrieval._from_config(
        config, attn_implementation="sdpa" if shape.family == "gemma" else "eager"
    )
    model = model.float().eval()
    model.vlm.load_state_dict(plain.model.state_dict())
    weight, bias = projection(shape.width, rows, seed + 1)
    with torch.no_grad():
        model.embedding_proj_layer.weight.copy_(weight)
        model.embedding_proj_layer.bias.copy_(bias)
    model.save_pretrained(folder)
    if older:
        file = folder / "model.safetensors"
        tensors = {}
        for key, tensor in load_file(file).items():
            key = key.replace("vlm.language_model.model.", "vlm.model.language_model.")
            key = key.replace("vlm.vision_tower.", "vlm.model.vision_tower.vision_model.")
            tensors[key.replace("vlm.multi_modal_projector", "vlm.model.multi_modal_projector")] = tensor
        save_file(tensors, file, metadata={"format": "pt"})
    with tempfile.TemporaryDirectory() as temporary:
        base = Path(temporary)
        write_processor(base, shape)
        forms(base)[0].save_pretrained(folder)
        if older:
            for each in ("processor_config.json", "tokenizer_config.json", "tokenizer.json"):
                (folder / each).unlink(missing_ok=True)
            for each in base.iterdir():
                shutil.copy(each, folder / each.name)
        record(folder, model, base, "rows")
        if name == "hf-pg1":
            scores(folder, model, base)
    return plain


def scores(folder: Path, model, base: Path):
    processor = forms(base)[0]
    pages = [rows_of(model, processor.process_images([page(number, 56, 56)])) for number in range(SCORED)]
    queries = [rows_of(model, processor.process_queries([query])) for query in QUERIES]
    table = processor.score_retrieval(queries, pages)
    gaps = table.sort(dim=1).values.diff(dim=1)
    print("smallest difference of two scores", gaps.min().item())
    (folder / "scores.f32").write_bytes(table.numpy().astype("<f4").tobytes())


def engine(out: Path, plain, shape, seed: int):
    folder = out / "engine-pg1"
    config = plain.config
    model = ColPali(config).float().eval()
    model.set_attn_implementation("sdpa")
    model.model.load_state_dict(plain.state_dict())
    weight, bias = projection(shape.width, 128, seed + 1)
    with torch.no_grad():
        model.custom_text_proj.weight.copy_(weight)
        model.custom_text_proj.bias.copy_(bias)
    model.save_pretrained(folder)
    saved = json.loads((folder / "config.json").read_text())
    assert saved["architectures"] == ["ColPali"] and saved["model_type"] == "paligemma", saved
    tensors = {}
    for key, tensor in model.state_dict().items():
        key = key.replace("model.model.language_model.", "model.language_model.model.")
        key = key.replace("model.model.vision_tower.", "model.vision_tower.vision_model.")
        key = key.replace("vision_model.vision_model", "vision_model")
        key = key.replace("model.model.multi_modal_projector", "model.multi_modal_projector")
        if "lm_head" not in key:
            tensors[key] = tensor.clone().contiguous()
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    write_processor(folder, shape)
    record(folder, model, folder, "rows")

    torch.manual_seed(seed)
    adapted = get_peft_model(
        model,
        LoraConfig(r=4, lora_alpha=4, init_lora_weights="gaussian", target_modules=PUBLISHED_TARGETS, bias="none"),
    ).eval()
    generator = torch.Generator().manual_seed(seed + 2)
    with torch.no_grad():
        for name, parameter in adapted.named_parameters():
            if "lora_B" in name:
                parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.3)
    target = out / "engine-adapter"
    adapted.save_pretrained(target)
    (target / "README.md").unlink(missing_ok=True)
    described = json.loads((target / "adapter_config.json").read_text())
    described["base_model_name_or_path"] = "engine-pg1"
    (target / "adapter_config.json").write_text(json.dumps(described, indent=2, sort_keys=True) + "\n")
    file = target / "adapter_model.safetensors"
    renamed = {
        key.replace("model.model.language_model.", "model.language_model.model."): tensor
        for key, tensor in load_file(file).items()
    }
    save_file(renamed, file, metadata={"format": "pt"})
    record(target, adapted, folder, "rows")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    seed = arguments.seed
    first = tiny_models.Shape("gemma", image_size=56, vision_width=24, vision_mlp=32, vision_heads=2, width=24, mlp=40)
    second = tiny_models.Shape(
        "gemma2",
        image_size=28,
        vision_width=24,
        vision_mlp=32,
        vision_heads=2,
        width=24,
        mlp=40,
        kv_heads=2,
        window=6,
        layer_types=["sliding_attention", "full_attention"],
        attention_softcap=4.0,
    )
    for folder in ("hf-pg1", "hf-pg2", "engine-pg1", "engine-adapter"):
        shutil.rmtree(arguments.out / folder, ignore_errors=True)
    plain = hf(arguments.out, "hf-pg1", first, seed, 128, older=False)
    hf(arguments.out, "hf-pg2", second, seed + 10, 32, older=True)
    engine(arguments.out, plain, first, seed)


if __name__ == "__main__":
    main()
