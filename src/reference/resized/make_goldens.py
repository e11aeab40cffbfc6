"""Makes golden adapters with tokens of their own, and with embeddings of another size than the base's.

    python make_goldens.py --out FOLDER      FOLDER is paligemma-core/src/test/resources/resized

What the files contain: README.md beside this script. Pinned versions: ../requirements.txt.
"""

import argparse
import json
import shutil
import sys
import warnings
import zlib
from dataclasses import dataclass, field
from pathlib import Path

import peft
import torch
import transformers
from peft import LoraConfig, PeftModel, get_peft_model
from PIL import Image
from safetensors.torch import load_file, save_file
from transformers import AutoTokenizer, PaliGemmaForConditionalGeneration, PaliGemmaProcessor
from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "goldens"))
import recording  # noqa: E402
import tiny_models  # noqa: E402
import tiny_tokenizer  # noqa: E402

SEEDS = 400
NEW_TOKENS = ["<s_total>", "</s_total>"]
EXACT = tiny_tokenizer.IMAGE + 1  # rows that end with the vocabulary
PROMPTS = ["caption en", "<s_total>answer"]
STOPS = {tiny_tokenizer.EOS}
Q = ["q_proj"]


@dataclass
class Case:
    name: str
    about: str
    base: str
    rows: int  # of the embedding that is trained
    options: dict
    save_embeddings: object = False
    own_tokenizer: bool = True
    dtype: torch.dtype = torch.bfloat16  # of the file of the adapter
    keys: list = field(default_factory=list)


def cases():
    first = EXACT
    return [
        Case("saved-more", "save_embedding_layers after a resize to a multiple of 64", "short", 1664,
             dict(r=2, lora_alpha=4, target_modules=Q), True),
        Case("saved-fewer", "save_embedding_layers after a resize to the tokenizer, which drops unused rows", "padded",
             EXACT + 2, dict(r=2, lora_alpha=4, target_modules=Q), True),
        Case("saved-untied", "the same as saved-more of a base with a head of its own", "untied", 1664,
             dict(r=2, lora_alpha=4, target_modules=Q), True),
        Case("modules", "modules_to_save: embedding and head, with more rows", "short", EXACT + 2,
             dict(r=2, lora_alpha=4, target_modules=Q, modules_to_save=["embed_tokens", "lm_head"])),
        Case("modules-embedding", "modules_to_save: the embedding only, so that the head has rows of transformers", "short",
             EXACT + 2, dict(r=2, lora_alpha=4, target_modules=Q, modules_to_save=["embed_tokens"])),
        Case("modules-fewer", "modules_to_save with fewer rows", "padded", EXACT + 2,
             dict(r=2, lora_alpha=4, target_modules=Q, modules_to_save=["embed_tokens", "lm_head"])),
        Case("tokens", "trainable_token_indices beyond the rows of the base", "short", EXACT + 2,
             dict(r=2, lora_alpha=4, target_modules=Q, trainable_token_indices=[300, first, first + 1]), dtype=torch.float32),
        Case("tokens-untied", "the same with a head of its own, whose rows nobody trained", "untied", EXACT + 2,
             dict(r=2, lora_alpha=4, target_modules=Q, trainable_token_indices=[300, first, first + 1]), dtype=torch.float32),
        Case("tokens-within", "trainable_token_indices for new tokens that have unused rows in the base", "padded", 1664,
             dict(r=2, lora_alpha=4, target_modules=Q, trainable_token_indices=[first, first + 1]), dtype=torch.float32),
        Case("lora-embedding", "LoRA on a resized embedding, with the copy of the table", "short", 1664,
             dict(r=2, lora_alpha=4, target_modules=["embed_tokens", "q_proj"]), "auto", dtype=torch.float32),
        Case("dora-embedding", "DoRA on a resized embedding", "short", 1664,
             dict(r=2, lora_alpha=4, use_dora=True, target_modules=["embed_tokens"]), "auto", dtype=torch.float32),
        Case("lora-head", "LoRA on the head, embeddings saved because of a resize", "short", EXACT + 2,
             dict(r=2, lora_alpha=4, target_modules=["lm_head", "q_proj"]), True, dtype=torch.float32),
        Case("plain", "no change of the embedding, and no tokenizer", "short", EXACT,
             dict(r=2, lora_alpha=4, target_modules=Q), own_tokenizer=False),
    ]


BASES = {
    "short": dict(family="gemma2", rows=EXACT, tied=True),
    "padded": dict(family="gemma", rows=tiny_tokenizer.EMBEDDING_ROWS, tied=True),
    "untied": dict(family="gemma", rows=EXACT, tied=False),
}


def make_base(folder: Path, name: str):
    about = BASES[name]
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    shape = tiny_models.Shape(
        family=about["family"], embedding_rows=about["rows"], width=16, mlp=24, vision_width=16, vision_mlp=24, vision_layers=1,
        head_dim=8, query_scalar=8, vision_heads=2, heads=2,
    )
    model = tiny_models.random_model(shape, tiny_models.Scales(), 7, torch.bfloat16)
    if not about["tied"]:
        model.config.tie_word_embeddings = False
        model.config.text_config.tie_word_embeddings = False
        head = torch.nn.Linear(shape.width, about["rows"], bias=False)
        noise = torch.randn(head.weight.shape, generator=torch.Generator().manual_seed(8))
        embedding = model.get_input_embeddings().weight.detach()
        head.weight.data.copy_((embedding + 0.3 * embedding.std() * noise).to(torch.bfloat16).float())
        model.lm_head = head
    model.save_pretrained(folder)  # in float32, so that merged weights are not rounded
    tiny_tokenizer.write(folder, merges_as_strings=False)
    processor = SiglipImageProcessorPil(size={"height": 28, "width": 28})
    processor.image_seq_length = 4
    processor.save_pretrained(folder)
    generator = torch.Generator().manual_seed(9)
    pixels = (torch.rand(20, 26, 3, generator=generator) * 255).to(torch.uint8).numpy()
    Image.fromarray(pixels).save(folder / "a.png")


def load(base: Path):
    return PaliGemmaForConditionalGeneration.from_pretrained(base, dtype=torch.float32, attn_implementation="eager").eval()


def resized(base: Path, rows: int):
    model = load(base)
    if rows != model.get_input_embeddings().weight.shape[0]:
        torch.manual_seed(1)  # transformers fills in the mean of all rows, but for a little noise
        model.resize_token_embeddings(rows)
    return model


def processor_of(base: Path, tokenizer: Path):
    return PaliGemmaProcessor(SiglipImageProcessorPil.from_pretrained(base), AutoTokenizer.from_pretrained(tokenizer))


def randomise(model, case: Case, seed: int, base_rows: int, favourites):
    generator = torch.Generator().manual_seed(seed)

    def noise(tensor):
        return torch.randn(tensor.shape, generator=generator)

    with torch.no_grad():
        for name, parameter in sorted(model.named_parameters()):
            if not parameter.requires_grad:
                continue
            if "lora_magnitude_vector" in name:
                parameter.mul_(1 + 0.2 * noise(parameter))
            elif "lora_A" in name:
                parameter.copy_(noise(parameter) / parameter.shape[1] ** 0.5)
            elif "lora_" in name:
                parameter.copy_(0.3 * noise(parameter))
            elif "trainable_tokens" in name:
                new_rows(parameter, len(parameter) - 2, favourites, noise)
            else:
                parameter.add_(0.1 * parameter.std() * noise(parameter))
                new_rows(parameter, EXACT, favourites, noise)
        if case.save_embeddings:
            tables = {id(t.weight): t.weight for t in map(inner, (model.get_input_embeddings(), model.get_output_embeddings()))}
            for table in tables.values():
                new_rows(table, EXACT, favourites, noise)


def new_rows(table, first, favourites, noise):
    """Rows of new tokens like those of tokens that the base likes to write, so that they are written instead."""
    more = table[first:]
    more.copy_(0.1 * favourites.std() * noise(more))
    more[:2] += 1.5 * favourites


def inner(layer):
    return getattr(layer, "base_layer", layer)


def make(case: Case, root: Path):
    base, folder = root / "bases" / case.base, root / case.name
    base_rows = BASES[case.base]["rows"]
    liked = json.loads((base / "golden.json").read_text())["requests"][0]["tokenIds"]
    favourites = load(base).get_output_embeddings().weight.detach()[[liked[0], liked[2]]]
    reasons = {}
    first = zlib.crc32(case.name.encode()) % 1000 * 1000
    for seed in range(first, first + SEEDS):
        if folder.exists():
            shutil.rmtree(folder)
        model = get_peft_model(resized(base, case.rows), LoraConfig(**case.options)).eval()
        randomise(model, case, seed, base_rows, favourites)
        model.save_pretrained(folder, save_embedding_layers=case.save_embeddings)
        finish(case, folder)
        if case.own_tokenizer:
            tokenizer = AutoTokenizer.from_pretrained(base)
            tokenizer.add_tokens(NEW_TOKENS)
            tokenizer.save_pretrained(folder)
        answering = PeftModel.from_pretrained(resized(base, case.rows), folder).eval().base_model.model
        processor = processor_of(base, folder if case.own_tokenizer else base)
        requests = [recording.Request(prompt, ["a.png"], 6) for prompt in PROMPTS]
        results = [recording.run(answering, processor, base, request, STOPS) for request in requests]
        problem = why_unusable(case, results)
        if problem is None:
            break
        reasons[problem] = reasons.get(problem, 0) + 1
    else:
        raise AssertionError(f"{case.name}: no usable seed: {reasons}")
    document = {
        "case": case.name,
        "about": case.about,
        "base": case.base,
        "rows": answering.get_input_embeddings().weight.shape[0],
        "reference": {"peft": peft.__version__, "transformers": transformers.__version__},
        "requests": [result.as_json(tiny_tokenizer.IMAGE) for result in results],
    }
    write_json(folder / "golden.json", document)
    keys = sorted(load_file(folder / "adapter_model.safetensors"))
    print(case.name, "seed", seed, [k for k in keys if "q_proj" not in k])
    for result in results:
        print("   ", repr(result.request.prompt), "->", repr(result.text))


def why_unusable(case, results):
    for result in results:
        if min(result.margins) < 0.02:
            return "margin"
        if len(result.token_ids) < 2 or "\ufffd" in result.text or "<unused" in result.text:
            return "text"
    written = {i for result in results for i in result.token_ids}
    if any(i >= EXACT + len(NEW_TOKENS) or i == tiny_tokenizer.IMAGE for i in written):
        return "a row without a token"
    # Whose head has no trained rows for them will not write them.
    untrained = ("plain", "tokens-untied", "modules-embedding")
    if case.name not in untrained and not any(i >= EXACT for i in written):
        return "no new token"
    return None


def finish(case: Case, folder: Path):
    (folder / "README.md").unlink(missing_ok=True)
    file = folder / "adapter_model.safetensors"
    save_file({k: t.to(case.dtype) for k, t in load_file(file).items()}, file, metadata={"format": "pt"})
    path = folder / "adapter_config.json"
    config = json.loads(path.read_text())
    config["base_model_name_or_path"] = case.base
    for name in ("target_modules", "modules_to_save"):
        if isinstance(config.get(name), list):
            config[name] = sorted(config[name])  # peft writes a set, in any order
    write_json(path, config)


def write_json(path: Path, document):
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def make_base_golden(base: Path, name: str):
    """What the base answers without an adapter."""
    processor = processor_of(base, base)
    result = recording.run(load(base), processor, base, recording.Request("caption en", ["a.png"], 6), STOPS)
    write_json(base / "golden.json", {"case": name, "requests": [result.as_json(tiny_tokenizer.IMAGE)]})
    print(name, "->", repr(result.text), min(result.margins))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--case")
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore")
    transformers.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    torch.set_num_threads(1)
    if not arguments.case:
        for name in BASES:
            make_base(arguments.out / "bases" / name, name)
            make_base_golden(arguments.out / "bases" / name, name)
    for case in cases():
        if arguments.case in (None, case.name):
            make(case, arguments.out)


main()
